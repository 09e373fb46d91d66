//! The operator's door: does the server live, is it ready, what does it do.
//!
//! `/health/live` and `/health/ready` are for everyone who may reach the server, as load balancers are;
//! they tell nothing that a partner must not know. `/metrics` is for operators: it has an address of its
//! own (`metrics_listen`). What is counted is `meter`'s, what makes ready is `service::readiness`'s.

mod health;
mod kept;
mod numbers;

use axum::Router;
use axum::routing::get;

pub use numbers::count;

use crate::service::App;

/// Whether the server lives and is ready.
pub fn health(app: App) -> Router {
    let ready = health::Readiness::new(app);
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .with_state(ready)
}

/// The same, and what it does.
pub fn metrics(app: App) -> Router {
    let text = numbers::Text::new(app.clone());
    Router::new().route("/metrics", get(numbers::show)).with_state(text).merge(health(app))
}
