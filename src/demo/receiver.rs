//! A receiver of webhooks that verifies what it gets, as a partner's would.

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::SetOnce;
use tokio::task::JoinHandle;

use super::{Notes, Voice};

/// The running receiver.
pub struct Receiver {
    desk: Arc<Desk>,
    task: JoinHandle<std::io::Result<()>>,
}

struct Desk {
    voice: Voice,
    key: SetOnce<Vec<u8>>,
}

impl Receiver {
    /// Serves on `listener`; what comes before it knows what to trust waits for that.
    #[must_use]
    pub fn serve(listener: TcpListener, voice: Voice) -> Self {
        let desk = Arc::new(Desk { voice, key: SetOnce::new() });
        let router = Router::new().route("/", post(take)).with_state(Arc::clone(&desk));
        let task = tokio::spawn(async move { axum::serve(listener, router).await });
        Self { desk, task }
    }

    /// Learns the secret of its endpoint.
    ///
    /// # Errors
    /// If the notes hold none.
    pub fn trust(&self, notes: &Notes) -> anyhow::Result<()> {
        let secret = notes.webhook_secret.as_deref().unwrap_or_default();
        let key = secret.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok());
        let _ = self.desk.key.set(key.context("the demo's notes hold no webhook secret")?);
        Ok(())
    }

    /// Returns when the receiver can no longer receive.
    ///
    /// # Errors
    /// What the socket reports.
    pub async fn ended(self) -> anyhow::Result<()> {
        self.task.await?.context("the receiver")
    }
}

async fn take(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some(id) = verified(desk.key.wait().await, &headers, &body) else { return StatusCode::UNAUTHORIZED };
    let Ok(mut webhook) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST };
    match desk.voice {
        Voice::Json => {
            webhook["id"] = json!(id);
            println!("{}", json!({ "webhook": webhook }));
        }
        Voice::Text => {
            let status = webhook["data"]["link"]["status"].as_str().unwrap_or_default();
            println!(
                "  webhook  {:<22} {status:<16} signature verified",
                webhook["type"].as_str().unwrap_or_default()
            );
        }
    }
    StatusCode::NO_CONTENT
}

/// The webhook's id, if one of its signatures is right (Standard Webhooks, v1).
fn verified(key: &[u8], headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (id, timestamp) = (text("webhook-id")?, text("webhook-timestamp")?);
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    let is_right = |one: &str| {
        let claimed = one.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
        claimed.is_some_and(|claimed| mac.clone().verify_slice(&claimed).is_ok())
    };
    text("webhook-signature")?.split(' ').any(is_right).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[tokio::test]
    async fn what_comes_before_the_secret_is_known_waits_for_it() {
        let body = json!({ "type": "link.created", "data": {} }).to_string();
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let seconds = i64::try_from(now).unwrap();
        let signer = standardwebhooks::Webhook::new(SECRET).unwrap();
        let signature = signer.sign("evt_1", seconds, body.as_bytes()).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", "evt_1".parse().unwrap());
        headers.insert("webhook-timestamp", seconds.into());
        headers.insert("webhook-signature", signature.parse().unwrap());
        let desk = Arc::new(Desk { voice: Voice::Json, key: SetOnce::new() });

        let taking = tokio::spawn(take(State(Arc::clone(&desk)), headers, body.into()));
        tokio::task::yield_now().await;
        assert!(!taking.is_finished(), "nothing is refused for lack of a secret");
        desk.key.set(STANDARD.decode(SECRET).unwrap()).unwrap();

        assert_eq!(taking.await.unwrap(), StatusCode::NO_CONTENT);
    }
}
