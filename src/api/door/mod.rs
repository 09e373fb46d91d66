//! The door itself: how GraphQL is spoken over HTTP, WebSocket and server-sent events.
//!
//! It knows nothing of the schema behind it but what introspection tells. In this order: the form of the
//! answer is agreed (`negotiate`), the key checked (`gate`) and counted (`guests`), the request read (`http`,
//! `ws`), its text and document weighed (`lexical`, `limit`) or found in the operator's list (`documents`),
//! its price told (`cost`), and only then is anything executed (`execute`), within a time, with errors that
//! say nothing internal. What resolvers mean is left to the rest of `api`.

mod arrange;
mod cost;
mod document;
mod documents;
mod execute;
mod gate;
mod graphiql;
mod guests;
mod http;
mod known;
mod lexical;
mod limit;
mod negotiate;
mod nulls;
mod parsed;
mod present;
mod refusal;
mod settings;
mod shape;
mod sse;
#[cfg(test)]
mod tests;
mod ws;

use std::sync::Arc;

use async_graphql::{Executor, Request};
use axum::Router;
use axum::routing::any;
use tokio_util::sync::CancellationToken;

use document::{Operation, Rules};
pub use documents::{BadDocuments, Documents};
pub use gate::{Authenticate, CrowdOf, Refused};
pub use guests::Crowd;
pub use parsed::Validated;
pub use settings::{DocumentLimits, Rate, Settings, SocketSettings};
pub use sse::EventIds;

/// What the door asks of the house behind it.
pub struct Hooks<C> {
    /// Tells whose key it is. It is called for every request, and about once a second for each key
    /// with open sockets or streams, so it should be cheap.
    pub authenticate: Authenticate<C>,
    /// Tells whose keys belong together: they share a number of sockets and event streams.
    pub crowd: CrowdOf<C>,
    /// Puts the caller, and what its request needs besides, into the request's data.
    pub prepare: Arc<dyn Fn(Request, C) -> Request + Send + Sync>,
    /// Ends sockets and event streams when the server stops; clients then connect again.
    pub closing: CancellationToken,
}

/// Serves `executor` at `/graphql`, and GraphiQL beside it if the settings say so.
pub fn router<E, C>(executor: E, hooks: Hooks<C>, settings: Settings) -> Router
where
    E: Executor,
    C: Clone + Send + Sync + 'static,
{
    let door = Arc::new(Door {
        engine: execute::Engine::new(executor, settings.execution),
        gate: gate::Gate::new(hooks.authenticate, hooks.crowd, &settings),
        prepare: hooks.prepare,
        closing: hooks.closing,
        known: known::Known::default(),
        settings,
    });
    let assets = if door.settings.graphiql { graphiql::router() } else { Router::new() };
    Router::new().route("/graphql", any(http::serve::<E, C>)).with_state(door).merge(assets)
}

/// The door, as its handlers share it.
struct Door<E, C> {
    engine: execute::Engine<E>,
    gate: gate::Gate<C>,
    prepare: Arc<dyn Fn(Request, C) -> Request + Send + Sync>,
    closing: CancellationToken,
    known: known::Known,
    settings: Settings,
}

impl<E, C> Door<E, C> {
    /// `operation` with the caller in its data.
    fn prepared(&self, operation: Operation, caller: C) -> Operation {
        Operation { request: (self.prepare)(operation.request, caller), ..operation }
    }
}

impl<E: Executor, C: Send + Sync> Door<E, C> {
    /// What operations are read by.
    async fn rules(&self) -> Rules<'_> {
        Rules {
            limits: &self.settings.document,
            documents: &self.settings.documents,
            known: &self.known,
            shape: self.engine.shape().await,
        }
    }
}
