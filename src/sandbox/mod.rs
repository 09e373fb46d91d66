//! The sandbox: a small bank that Postern ships, so that everyone has a source system to sign in to.
//!
//! A guest, not a part of the house: it knows nothing of links, jobs or logins and shares no code with
//! the rooms that sign in to it, which treat it as they treat any stranger's site. What happens to a
//! visitor is picked by the user name; [`scenarios`] is the table of those stories, and a new story is
//! a new row there. The site needs no scripts, keeps everything in memory within fixed bounds, and counts
//! each form it receives, so that a test can say that the site saw exactly what the customer sent.
//!
//! `scenario` is the table, `desk` what the site remembers, `page` what it looks like, and `site` the
//! requests it answers.

mod desk;
mod download;
mod page;
mod scenario;
mod site;

use std::future::Future;
use std::io;

use tokio::net::TcpListener;

pub use scenario::{Expected, Scenario, scenarios};
pub use site::router;

/// Serves the site on `listener` until `stop` is ready and the requests under way are answered.
///
/// # Errors
/// Whatever the listener reports when it cannot go on.
pub async fn serve(listener: TcpListener, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    axum::serve(listener, router()).with_graceful_shutdown(stop).await
}
