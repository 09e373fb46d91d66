//! `/health/live` and `/health/ready`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::kept::Kept;
use crate::service::readiness::{self, Trouble};

/// The last look at whether the server is ready.
pub(super) type Readiness = Kept<Vec<Trouble>>;

/// 200 while the process answers at all: whoever gets none should start it again.
pub(super) async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// 200 while the server does its work, else 503 with the reasons in words: send it no requests, look at
/// it, but do not start it again for that alone.
pub(super) async fn ready(State(readiness): State<Readiness>) -> (StatusCode, Json<Value>) {
    let troubles = readiness.get(readiness::troubles).await;
    if troubles.is_empty() {
        return (StatusCode::OK, Json(json!({ "status": "ready" })));
    }
    let reasons: Vec<_> = troubles.iter().map(ToString::to_string).collect();
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "not ready", "reasons": reasons })))
}
