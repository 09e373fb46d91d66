//! The one who keeps deliveries in line with endpoints that were paused, enabled or deleted.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{AFTER_ERROR, next};
use crate::service::{App, Error, backlog};

/// How often it is looked for what another node has left, or what was written at an unlucky moment.
const LOOK_ANYWAY: Duration = Duration::from_mins(1);

/// Moves everything that is out of line; returns how many deliveries that were.
///
/// # Errors
/// If the database does not answer; what was moved until then stays moved.
pub async fn step(app: &App) -> Result<u64, Error> {
    let mut all = 0;
    loop {
        match backlog::straighten(app).await? {
            0 => return Ok(all),
            moved => all += moved,
        }
    }
}

/// Runs until `stop`.
pub(super) async fn run(app: App, stop: CancellationToken) {
    loop {
        let wait = match step(&app).await {
            Ok(_) => LOOK_ANYWAY,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "A backlog has to wait.");
                AFTER_ERROR
            }
        };
        if !next(&app.bus.backlog, wait, &stop).await {
            return;
        }
    }
}
