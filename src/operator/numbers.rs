//! `/metrics`, and counting the requests of all doors.

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use super::kept::Kept;
use crate::meter;
use crate::service::{App, gauge};

/// The last text.
pub(super) type Text = Kept<String>;

/// Everything that is counted, with the levels of now.
pub(super) async fn show(State(text): State<Text>) -> Response {
    ([(CONTENT_TYPE, meter::CONTENT_TYPE)], text.get(read).await).into_response()
}

/// While the database does not answer, its levels stay as they were: the rest is still worth reading.
async fn read(app: &App) -> String {
    match gauge::levels(app).await {
        Ok(levels) => meter::levels(shown(&levels)),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "The levels for metrics were not read.");
        }
    }
    meter::render()
}

fn shown(levels: &gauge::Levels) -> meter::Levels {
    let waiting = &levels.waiting;
    let waiting = [
        ("due", waiting.due),
        ("scheduled", waiting.scheduled),
        ("parked", waiting.parked),
        ("claimed", waiting.claimed),
    ];
    meter::Levels {
        oldest_due: levels.oldest_due,
        waiting: waiting.map(|(state, number)| (state, number.unsigned_abs())),
        log_lag: levels.log_lag,
        write_queue: levels.write_queue,
    }
}

/// Counts a request by its route, a pattern such as `/l/{token}`; addresses that lead nowhere are one.
pub async fn count(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let began = Instant::now();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    meter::answered(route, response.status().as_u16(), began.elapsed());
    response
}
