//! The partner's door: GraphQL.
//!
//! `door` speaks the protocols and knows nothing of the schema; the other files are the schema, one
//! a noun. A resolver is thin: check the scope, call one use case, translate the outcome.

mod audit;
mod context;
mod customer;
mod delivery;
pub mod door;
mod endpoint;
mod error;
mod event;
mod failure;
mod file;
mod given;
mod job;
mod kept;
mod key;
mod link;
mod load;
mod login;
mod node;
mod paging;
mod qr;
mod recovery;
mod run;
mod scalar;
mod schema;
mod source_system;
mod step;
mod subscription;
mod together;
mod words;
mod workspace;

use std::sync::Arc;

use axum::Router;
use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;

pub use door::Settings;
pub use schema::sdl;

use crate::domain::Secret;
use crate::service::{App, Caller, Error, key as keys};
use door::{Authenticate, Hooks, Refused};

/// Serves the API at `/graphql`, and files of runs at the addresses it gives; `closing` ends its sockets and streams.
pub fn router(app: App, settings: Settings, closing: CancellationToken) -> Router {
    let hooks = Hooks {
        authenticate: authenticate(app.clone()),
        crowd: Arc::new(|caller: &Caller| caller.workspace.0.as_u128()),
        prepare: Arc::new(|request, caller: Caller| request.data(caller)),
        closing,
    };
    door::router(schema::over(app.clone()), hooks, settings).merge(file::router(app))
}

fn authenticate(app: App) -> Authenticate<Caller> {
    Arc::new(move |presented: Secret| {
        let app = app.clone();
        async move {
            match keys::authenticate(&app, &presented).await {
                Ok(Some(caller)) => Ok(caller),
                Ok(None) => Err(Refused::Unauthenticated),
                Err(Error::Limited { retry_after }) => Err(Refused::RateLimited(retry_after)),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "A key could not be checked.");
                    Err(Refused::Unavailable)
                }
            }
        }
        .boxed()
    })
}
