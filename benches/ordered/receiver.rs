//! A receiver that refuses every fifth attempt at random and remembers in which order things came.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use rand::RngExt as _;
use tokio::net::TcpListener;

/// What part of the attempts is refused.
const REFUSED: f64 = 0.2;

/// What has come so far.
#[derive(Clone, Default)]
pub(crate) struct Receiver(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// The highest number of each link that came, whatever was answered.
    highest: HashMap<String, i64>,
    inversions: usize,
}

impl Receiver {
    /// Begins to listen; returns where.
    pub(crate) async fn listen(&self) -> std::io::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let router = Router::new().route("/hook", post(take)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(url)
    }

    /// How often an earlier event of a link came after a later one.
    pub(crate) fn inversions(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).inversions
    }

    fn note(&self, link: &str, number: i64) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let highest = seen.highest.entry(link.to_owned()).or_default();
        let is_late = number < *highest;
        *highest = number.max(*highest);
        seen.inversions += usize::from(is_late);
    }
}

async fn take(State(receiver): State<Receiver>, body: Bytes) -> StatusCode {
    let payload: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let link = &payload["data"]["link"];
    let (Some(id), Some(number)) = (link["id"].as_str(), link["sequence"].as_i64()) else {
        return StatusCode::BAD_REQUEST;
    };
    receiver.note(id, number);
    if rand::rng().random_bool(REFUSED) { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NO_CONTENT }
}
