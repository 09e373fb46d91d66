//! One publish on a connection to a NATS broker, acknowledged by a stream.
//!
//! A connection is the operator's, so it does not pass the rule for addresses that partners enter; it goes
//! to the servers the operator listed and to no other. It is made when it is first needed, serves
//! everybody, and is used until it breaks. Nothing is tried twice, and nothing is kept for later: what
//! was not acknowledged is the caller's to send again. A broker that was asked and then fell silent may
//! still have kept the message, as any receiver may.

mod dial;
mod settings;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::client::{Request, RequestError, RequestErrorKind};
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::response::Response;
use reqwest::header::HeaderMap;
use tokio::sync::Mutex;

use super::cause;
use dial::{Live, dial};
pub use settings::{Login, NotAServer, Server, Settings};

/// What leaves.
pub struct Message {
    /// Where to, without wildcards.
    pub subject: String,
    /// By this a stream knows a repetition, within its window for duplicates.
    pub id: String,
    /// Headers, as they are sent.
    pub headers: HeaderMap,
    /// The payload.
    pub body: Vec<u8>,
    /// The whole exchange (connect, publish, acknowledgement) ends by then.
    pub deadline: Duration,
}

/// Why no acknowledgement came.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not by the deadline.
    #[error("no acknowledgement in time")]
    Timeout,
    /// No connection, or the broker does not want us.
    #[error("no connection: {0}")]
    Connect(String),
    /// The certificate or the handshake was refused.
    #[error("no secure connection: {0}")]
    Tls(String),
    /// The connection ended before the acknowledgement came.
    #[error("the connection broke before the acknowledgement came")]
    Broken,
    /// Nobody would keep it.
    #[error("no stream keeps what is published to this subject")]
    NoStream,
    /// The broker or the stream does not take it.
    #[error("the broker refused it: {0}")]
    Refused(String),
}

/// A connection by its name.
pub struct Connection {
    name: String,
    settings: Settings,
    live: Mutex<Option<Live>>,
    is_down: AtomicBool,
}

impl Connection {
    /// Knows of a connection, and does not make it yet.
    #[must_use]
    pub fn new(name: String, settings: Settings) -> Self {
        Self { name, settings, live: Mutex::default(), is_down: AtomicBool::new(false) }
    }

    /// Publishes a message and waits until a stream has it; returns the acknowledgement as it came.
    ///
    /// # Errors
    /// Everything that keeps an acknowledgement from coming in time; see [`Error`].
    pub async fn publish(&self, message: Message) -> Result<Vec<u8>, Error> {
        let deadline = message.deadline;
        let published = tokio::time::timeout(deadline, self.exchange(message)).await;
        let published = published.unwrap_or(Err(Error::Timeout));
        // A silent connection may be dead without knowing it, and permissions may have changed.
        if matches!(published, Err(Error::Timeout | Error::Refused(_)))
            && let Ok(mut live) = self.live.try_lock()
        {
            *live = None;
        }
        published
    }

    async fn exchange(&self, message: Message) -> Result<Vec<u8>, Error> {
        let mut live = self.live().await?;
        let request = Request::new().headers(headers(&message)?).payload(message.body.into()).timeout(None);
        let client = live.client.clone();
        tokio::select! {
            answer = client.send_request(message.subject.clone(), request) => acknowledgement(answer),
            complaint = live.forbids(&message.subject) => Err(Error::Refused(complaint)),
        }
    }

    /// The connection, made anew if there is none; whoever comes meanwhile waits for it.
    async fn live(&self) -> Result<Live, Error> {
        let mut live = self.live.lock().await;
        if let Some(up) = live.as_ref().filter(|live| live.is_up()) {
            return Ok(up.clone());
        }
        let dialled = dial(&self.settings).await;
        self.log(dialled.as_ref().err());
        *live = dialled.as_ref().ok().cloned();
        dialled.map_err(|error| error.told())
    }

    /// Once when it goes down and once when it is back, however many deliveries there are.
    fn log(&self, error: Option<&dial::DialError>) {
        let was_down = self.is_down.swap(error.is_some(), Ordering::Relaxed);
        match error {
            Some(error) if !was_down => tracing::warn!(
                nats.connection = self.name,
                error = error as &dyn std::error::Error,
                "A broker cannot be reached; what is for it is tried again by its schedule."
            ),
            None if was_down => tracing::info!(nats.connection = self.name, "A broker is reached again."),
            _ => {}
        }
    }
}

fn headers(message: &Message) -> Result<async_nats::HeaderMap, Error> {
    let mut headers = async_nats::HeaderMap::new();
    for (name, value) in &message.headers {
        let value = value.to_str().ok().and_then(|text| text.parse::<async_nats::HeaderValue>().ok());
        let value = value.ok_or_else(|| Error::Refused(format!("the header {name} is not plain text")))?;
        headers.append(name.as_str(), value);
    }
    headers.insert(async_nats::header::NATS_MESSAGE_ID, message.id.as_str());
    Ok(headers)
}

fn acknowledgement(answer: Result<async_nats::Message, RequestError>) -> Result<Vec<u8>, Error> {
    let answer = answer.map_err(|error| match error.kind() {
        RequestErrorKind::NoResponders => Error::NoStream,
        RequestErrorKind::TimedOut => Error::Timeout,
        RequestErrorKind::Other => Error::Broken,
        kind @ (RequestErrorKind::InvalidSubject | RequestErrorKind::MaxPayloadExceeded) => {
            Error::Refused(kind.to_string())
        }
    })?;
    match serde_json::from_slice(&answer.payload) {
        Ok(Response::<PublishAck>::Ok(_)) => Ok(answer.payload.into()),
        Ok(Response::Err { error }) => Err(Error::Refused(error.to_string())),
        Err(_) => Err(Error::Refused("what answered is not a stream".to_owned())),
    }
}
