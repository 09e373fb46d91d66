//! `postern serve`.

use std::net::TcpListener;
use std::sync::Arc;

use anyhow::Context as _;

use crate::config::Settings;
use crate::service::clock::SystemClock;
use crate::wire::{Pace, Server};

pub(super) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let listener =
        TcpListener::bind(settings.listen).with_context(|| format!("listening on {}", settings.listen))?;
    let server =
        Server::start(settings, listener, Arc::new(SystemClock::start()), Pace::ByThemselves).await?;
    announce(&server, settings);
    told_to_stop().await;
    tracing::info!("Postern stops.");
    server.stop().await;
    Ok(())
}

fn announce(server: &Server, settings: &Settings) {
    if let Some(metrics) = server.metrics {
        tracing::info!(metrics_url = %format!("http://{metrics}/metrics"), "Metrics are told to operators.");
    }
    tracing::info!(
        address = %server.address,
        public_url = %settings.public_url,
        "Postern listens; the API is at /graphql."
    );
}

/// Returns on Ctrl-C and SIGTERM.
pub(super) async fn told_to_stop() {
    let ctrl_c = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    #[cfg(unix)]
    let term = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut term) => drop(term.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let term = std::future::pending::<()>();
    tokio::select! {
        () = ctrl_c => {}
        () = term => {}
    }
}
