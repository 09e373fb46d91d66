//! `graphql-transport-ws`: many operations over one WebSocket, one task for each connection.
//!
//! The task does one thing at a time. While it waits for a slow client to read, it polls no source,
//! so nothing piles up; a client that does not read for too long is given up. Buffers are small,
//! because most connections wait: they hold a few kilobytes, not the library's hundreds.

mod message;
mod operations;

use std::net::IpAddr;
use std::sync::Arc;

use async_graphql::Executor;
use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, StreamExt};
use tokio::time::{Duration, Instant, MissedTickBehavior, interval_at, timeout};

use self::message::{Incoming, Outgoing};
use self::operations::{Happened, Operations};
use super::document::{self, Params};
use super::execute::Outcome;
use super::gate::{self, Refused, Stay};
use super::guests::Pace;
use super::negotiate::Json;
use super::refusal::Refusal;
use super::{Door, http};
use crate::domain::Secret;

const PROTOCOL: &str = "graphql-transport-ws";

/// The library's default is 128 KiB for every socket, allocated at once.
const READ_BUFFER_BYTES: usize = 2048;

/// How long a client may take to answer our close frame.
const FAREWELL: Duration = Duration::from_secs(2);

/// Answers a request to change to WebSocket.
pub(super) async fn upgrade<E, C>(door: Arc<Door<E, C>>, mut parts: Parts) -> Response
where
    E: Executor,
    C: Clone + Send + Sync + 'static,
{
    let from = http::client(&door, &parts);
    let key = gate::presented(&parts.headers);
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.protocols([PROTOCOL]),
        Err(rejection) => return http::refuse(&Refusal::malformed(rejection.body_text()), Json::Plain),
    };
    let speaks = upgrade.selected_protocol().is_some();
    let bytes = door.settings.socket.message_bytes;
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(bytes)
        .max_frame_size(bytes)
        .on_upgrade(async move |socket| {
            let mut connection = Connection { socket, door, from, operations: Operations::default() };
            let end = if speaks { connection.serve(key).await } else { End::subprotocol() };
            connection.close(end).await;
        })
        .into_response()
}

/// How a connection ends.
enum End {
    /// The client closed it, or does not read any more.
    Gone,
    /// We close it, with a code and its reason.
    Close(u16, String),
}

impl End {
    fn close(code: u16, reason: &str) -> Self {
        Self::Close(code, reason.to_owned())
    }

    fn subprotocol() -> Self {
        Self::close(4406, "Subprotocol not acceptable: graphql-transport-ws is spoken here")
    }

    fn forbidden() -> Self {
        Self::close(4403, "Forbidden: the API key is not valid")
    }

    fn refused(refused: Refused) -> Self {
        match refused {
            Refused::Unauthenticated => Self::forbidden(),
            Refused::Crowded => {
                Self::close(1013, "Try again later: the key, or its workspace, has too many connections open")
            }
            Refused::RateLimited(_) | Refused::Unavailable => Self::close(1013, "Try again later"),
        }
    }
}

struct Connection<E, C> {
    socket: WebSocket,
    door: Arc<Door<E, C>>,
    from: Option<IpAddr>,
    operations: Operations,
}

impl<E, C> Connection<E, C>
where
    E: Executor,
    C: Clone + Send + Sync + 'static,
{
    async fn serve(&mut self, key: Option<Secret>) -> End {
        let closing = self.door.closing.clone();
        tokio::select! {
            end = self.converse(key) => end,
            () = closing.cancelled() => End::close(1012, "The server restarts"),
        }
    }

    async fn converse(&mut self, key: Option<Secret>) -> End {
        let greeted = timeout(self.door.settings.socket.init_wait, Box::pin(self.greet(key))).await;
        match greeted {
            Err(_) => End::close(4408, "Connection initialisation timeout"),
            Ok(Err(end)) => end,
            Ok(Ok(stay)) => match self.work(stay).await {
                Ok(never) => match never {},
                Err(end) => end,
            },
        }
    }

    /// Waits for `connection_init`, and lets the client in if its key is valid.
    async fn greet(&mut self, mut key: Option<Secret>) -> Result<Stay<C>, End> {
        loop {
            match self.hear().await? {
                Some(Incoming::Init { authorization }) => {
                    key = authorization.and_then(|credentials| gate::bearer(&credentials)).or(key);
                    break;
                }
                Some(Incoming::Subscribe { .. }) => return Err(End::close(4401, "Unauthorized")),
                Some(Incoming::Ping { payload }) => self.say(&Outgoing::Pong { payload }).await?,
                Some(Incoming::Pong | Incoming::Complete { .. }) | None => {}
            }
        }
        let key = key.ok_or_else(|| End::close(4401, "Unauthorized: an API key is needed"))?;
        let visit = self.door.gate.admit(&key, self.from).await.map_err(End::refused)?;
        let stay = self.door.gate.keep(key, visit).map_err(End::refused)?;
        self.say(&Outgoing::ConnectionAck).await?;
        Ok(stay)
    }

    /// Serves a client that was let in, until one of the two ends it.
    async fn work(&mut self, mut stay: Stay<C>) -> Result<std::convert::Infallible, End> {
        let every = self.door.settings.socket.ping_every;
        let mut ping = interval_at(Instant::now() + every, every);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_alive = true;
        loop {
            tokio::select! {
                () = stay.ended() => return Err(End::forbidden()),
                message = self.socket.next() => {
                    is_alive = true;
                    if let Some(message) = self.read(message)? {
                        // Boxed: whoever waits does not hold what the next message will need.
                        Box::pin(self.obey(message, &stay)).await?;
                    }
                }
                Some(happened) = self.operations.next() => self.tell(happened).await?,
                _ = ping.tick() => {
                    if !std::mem::take(&mut is_alive) {
                        return Err(End::close(1001, "No sign of life from the client"));
                    }
                    self.send(Message::Ping(axum::body::Bytes::new())).await?;
                }
            }
        }
    }

    async fn obey(&mut self, message: Incoming, stay: &Stay<C>) -> Result<(), End> {
        match message {
            Incoming::Init { .. } => Err(End::close(4429, "Too many initialisation requests")),
            Incoming::Ping { payload } => self.say(&Outgoing::Pong { payload }).await,
            Incoming::Pong => Ok(()),
            Incoming::Complete { id } => {
                self.operations.stop(&id);
                Ok(())
            }
            Incoming::Subscribe { id, params } => {
                let caller = stay.caller().ok_or_else(End::forbidden)?;
                let pace = self.door.gate.pace(stay.name());
                self.subscribe(id, (params, pace), caller).await
            }
        }
    }

    async fn subscribe(&mut self, id: String, asked: (Params, Pace), caller: C) -> Result<(), End> {
        if self.operations.is_running(&id) {
            return Err(End::Close(4409, format!("Subscriber for {id} already exists")));
        }
        let limit = self.door.settings.socket.operations;
        let read = match asked {
            _ if self.operations.count() >= limit => Err(Refusal::too_many_operations(limit)),
            (_, Pace::Wait(wait)) => Err(Refusal::rate_limited(wait)),
            (params, Pace::Free | Pace::Left(_)) => document::read(params, self.door.rules().await),
        };
        let operation = match read {
            Ok(operation) => operation,
            Err(refusal) => return self.say(&Outgoing::Error { id, payload: refusal.errors }).await,
        };
        let operation = self.door.prepared(operation, caller);
        self.operations.start(id, self.door.engine.clone().stream(operation));
        Ok(())
    }

    async fn tell(&mut self, happened: Happened) -> Result<(), End> {
        let Happened { id, what } = happened;
        match what {
            Some(Outcome::Executed(response)) => {
                self.say(&Outgoing::Next { id: &id, payload: &response }).await
            }
            Some(Outcome::Refused(refusal)) => {
                self.operations.stop(&id);
                self.say(&Outgoing::Error { id: id.to_string(), payload: refusal.errors }).await
            }
            None => {
                self.operations.stop(&id);
                self.say(&Outgoing::Complete { id: &id }).await
            }
        }
    }

    async fn hear(&mut self) -> Result<Option<Incoming>, End> {
        let message = self.socket.next().await;
        self.read(message)
    }

    /// What a frame says; `None` for the frames that only show life.
    fn read(&self, message: Option<Result<Message, axum::Error>>) -> Result<Option<Incoming>, End> {
        match message {
            Some(Ok(Message::Text(text))) => match Incoming::read(&text, &self.door.settings.document) {
                Ok(message) => Ok(Some(message)),
                Err(reason) => Err(End::Close(4400, reason)),
            },
            Some(Ok(Message::Binary(_))) => Err(End::close(4400, "Messages are text")),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
            Some(Err(error)) if is_too_long(&error) => Err(End::close(1009, "The message is too long")),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Gone),
        }
    }

    async fn say(&mut self, message: &Outgoing<'_>) -> Result<(), End> {
        let text =
            serde_json::to_string(message).map_err(|_| End::close(1011, "A message could not be written"))?;
        self.send(Message::text(text)).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.door.settings.socket.write_wait, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    /// Ends what runs, says good-bye and waits a moment for the answer: a connection that is torn
    /// down before would lose the close frame on its way.
    async fn close(mut self, end: End) {
        drop(std::mem::take(&mut self.operations));
        let socket = &mut self.socket;
        let farewell = async {
            if let End::Close(code, reason) = end {
                let frame = CloseFrame { code, reason: message::reason(&reason).into() };
                if socket.send(Message::Close(Some(frame))).await.is_err() {
                    return;
                }
                while let Some(Ok(_)) = socket.next().await {}
            }
            // Writes the answer to the client's close frame, if that came first.
            let _ = socket.close().await;
        };
        let _ = timeout(FAREWELL, farewell).await;
    }
}

/// The library tells it by words only.
fn is_too_long(error: &axum::Error) -> bool {
    error.to_string().contains("too long")
}
