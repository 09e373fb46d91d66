//! GraphQL over server-sent events, one operation per connection ("distinct connections mode").
//!
//! Each result is a `next` event, the end a `complete` event. A source that knows positions names
//! them through [`EventIds`]: they become the events' ids, and a client that lost the connection
//! comes back with the last one it saw. When the server stops, the stream ends without `complete`,
//! so that the client comes back.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, BoxStream, StreamExt};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::execute::Outcome;
use super::gate::Stay;
use super::refusal::Refusal;

/// Names the positions of a stream, both ways. A subscription finds it in its request's data when it
/// is followed by server-sent events, and nowhere else.
#[derive(Clone, Default)]
pub struct EventIds {
    last_seen: Option<Arc<str>>,
    next: Arc<Mutex<Option<String>>>,
}

impl EventIds {
    pub(super) fn resuming(headers: &HeaderMap) -> Self {
        let header = headers.get("last-event-id").and_then(|value| value.to_str().ok());
        let last_seen = header.filter(|id| !id.is_empty()).map(Arc::from);
        Self { last_seen, ..Self::default() }
    }

    /// The id of the last event that the client saw before it lost the connection.
    #[must_use]
    pub fn last_seen(&self) -> Option<&str> {
        self.last_seen.as_deref()
    }

    /// Names the event that is about to be sent; to be called right before the source yields it.
    pub fn name_next(&self, id: String) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
    }

    /// The name of the event at hand. Ids with line ends or zeros cannot be sent, and are not.
    fn take(&self) -> Option<String> {
        let id = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        id.filter(|id| !id.contains(['\r', '\n', '\0']))
    }
}

/// What one connection is fed with.
pub(super) struct Feed<C> {
    outcomes: BoxStream<'static, Outcome>,
    ids: EventIds,
    stay: Stay<C>,
    closing: CancellationToken,
    phase: Phase,
}

#[derive(Clone, Copy)]
enum Phase {
    Running,
    Ending,
    Over,
}

impl<C: Clone + Send + Sync + 'static> Feed<C> {
    pub(super) fn new(
        outcomes: BoxStream<'static, Outcome>,
        ids: EventIds,
        stay: Stay<C>,
        closing: CancellationToken,
    ) -> Self {
        Self { outcomes, ids, stay, closing, phase: Phase::Running }
    }

    /// The response; silence is broken by a comment every `keep_alive`.
    pub(super) fn into_response(self, keep_alive: Duration) -> Response {
        let events = stream::unfold(self, Self::step).map(Ok::<_, Infallible>);
        let body = Sse::new(events).keep_alive(KeepAlive::new().interval(keep_alive));
        ([("x-accel-buffering", "no"), ("cache-control", "no-store")], body).into_response()
    }

    async fn step(mut self) -> Option<(Event, Self)> {
        let event = match self.phase {
            Phase::Running => self.next().await?,
            Phase::Ending => self.complete(),
            Phase::Over => return None,
        };
        Some((event, self))
    }

    async fn next(&mut self) -> Option<Event> {
        let outcome = tokio::select! {
            outcome = self.outcomes.next() => outcome,
            () = self.stay.ended() => Some(Outcome::Refused(Refusal::unauthenticated())),
            () = self.closing.cancelled() => return None,
        };
        Some(match outcome {
            Some(Outcome::Executed(response)) => named(self.ids.take(), json(&response)),
            Some(Outcome::Refused(refusal)) => {
                self.phase = Phase::Ending;
                named(None, json(&refusal))
            }
            None => self.complete(),
        })
    }

    /// An event without data would never reach the listeners of a browser's `EventSource`.
    fn complete(&mut self) -> Event {
        self.phase = Phase::Over;
        Event::default().event("complete").data("null")
    }
}

fn json(result: &impl Serialize) -> String {
    serde_json::to_string(result).unwrap_or_else(|_| "{}".to_owned())
}

fn named(id: Option<String>, data: String) -> Event {
    let event = Event::default().event("next").data(data);
    match id {
        Some(id) => event.id(id),
        None => event,
    }
}
