//! A receiver of Postern's webhooks in Rust:
//! `cargo add axum anyhow serde_json standardwebhooks && cargo add tokio --features full`
//!
//! Run: `WEBHOOK_SECRET=whsec_… PORT=8000 cargo run`

#![expect(clippy::disallowed_methods, reason = "a program of its own, with settings of its own")]

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::sync::mpsc;

const LARGEST_BODY: usize = 1 << 20;

/// What has come in. In production: two tables, written in one transaction with the event itself.
#[derive(Default)]
struct Inbox {
    /// Every webhook-id.
    seen: HashSet<String>,
    /// The highest sequence by link id.
    latest: HashMap<String, i64>,
}

impl Inbox {
    /// Tells a new event from one that was here before ("again") and one that is overtaken ("late").
    fn take(&mut self, webhook_id: &str, event: &Value) -> &'static str {
        if !self.seen.insert(webhook_id.to_owned()) {
            return "again";
        }
        let link = &event["data"]["link"];
        let (Some(id), Some(sequence)) = (link["id"].as_str(), link["sequence"].as_i64()) else {
            return "new";
        };
        let latest = self.latest.entry(id.to_owned()).or_default();
        if sequence < *latest {
            return "late";
        }
        *latest = sequence;
        "new"
    }
}

struct Receiver {
    webhook: Webhook,
    inbox: Mutex<Inbox>,
    work: mpsc::Sender<Value>,
}

async fn receive(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    // The signature is over the bytes as they came: verify first, parse after.
    if let Err(error) = receiver.webhook.verify(&body, &headers) {
        println!("refused: {error}");
        return StatusCode::BAD_REQUEST;
    }
    let Ok(event) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST };
    let webhook_id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    let Ok(place) = receiver.work.reserve().await else { return StatusCode::SERVICE_UNAVAILABLE };
    let verdict = receiver.inbox.lock().unwrap_or_else(PoisonError::into_inner).take(webhook_id, &event);
    println!("{verdict}: {webhook_id} {}", kind(&event));
    if verdict == "new" {
        place.send(event);
    }
    // What is safe in the queue is answered at once; the work itself comes after.
    StatusCode::NO_CONTENT
}

/// Does what the events ask for, one after another.
async fn work_off(mut events: mpsc::Receiver<Value>) {
    while let Some(event) = events.recv().await {
        println!("handled: {}", kind(&event));
    }
}

fn kind(event: &Value) -> &str {
    event["type"].as_str().unwrap_or_default()
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let webhook = Webhook::new(&std::env::var("WEBHOOK_SECRET")?)?;
    let (work, events) = mpsc::channel(1024);
    tokio::spawn(work_off(events));
    let receiver = Arc::new(Receiver { webhook, inbox: Mutex::default(), work });
    let app = Router::new()
        .route("/webhooks", post(receive))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(receiver);
    let port = std::env::var("PORT").unwrap_or_else(|_| "8000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    Ok(axum::serve(listener, app).await?)
}
