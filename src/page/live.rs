//! Tells an open page that there is something new to load, as server-sent events.
//!
//! One event, `moved`, without content: the page then loads `/s/{login}` like anybody else, so there
//! is only one place that says where a login stands. Without scripts nothing is lost but comfort.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Deserialize;

use super::Door;
use super::error::translate;
use super::scene::Visit;
use super::trouble::Trouble;
use crate::service::visit;

/// One wait of the service; in between, a page that was closed is noticed.
const WAIT: Duration = Duration::from_secs(15);

/// Waits until the browser is sent away to connect again, so that no stream outlives its server's
/// patience at shutdown by much.
const ROUNDS: u32 = 8;

/// Proxies pass events on at once and keep none.
const UNBUFFERED: [(HeaderName, HeaderValue); 2] = [
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// When the browser connects again.
const RECONNECT: Duration = Duration::from_secs(1);

/// What the open page already shows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    /// The number of the last prompt it has seen; 0 before the first.
    seen: i32,
    /// The place in the line, if it tells of one.
    place: Option<u64>,
}

/// Streams one `moved` event as soon as the login has left what the page shows.
pub(super) async fn events(
    State(door): State<Door>,
    visit: Visit,
    shown: Result<Query<Shown>, QueryRejection>,
) -> Result<Response, Trouble> {
    let shown = shown.map(|Query(shown)| shown);
    let Shown { seen, place } =
        shown.map_err(|_| Trouble::Form { field: "seen".into(), why: "not a prompt's number" })?;
    // A wrong cookie is told as a status, which makes the browser stop asking.
    visit::scene(&door.app, visit.login, &visit.cookie)
        .await
        .map_err(|error| translate(&error, Trouble::Login))?;
    let stream = Sse::new(moves(door, visit, visit::Shown { prompt: seen, place }))
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(10)));
    Ok((UNBUFFERED, stream).into_response())
}

fn moves(door: Door, visit: Visit, shown: visit::Shown) -> impl Stream<Item = Result<Event, Infallible>> {
    unfold(Some((door, visit)), move |watch| async move {
        let (door, visit) = watch?;
        for _ in 0..ROUNDS {
            // An error ends the stream: the browser comes back and is told what it is.
            let scene = visit::next_scene(&door.app, visit.login, &visit.cookie, shown, WAIT).await.ok()?;
            if scene.is_news(shown) {
                return Some((Ok(Event::default().event("moved").data("1")), None));
            }
        }
        Some((Ok(Event::default().retry(RECONNECT)), None))
    })
}
