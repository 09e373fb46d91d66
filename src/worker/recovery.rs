//! The one who carries out recoveries, a batch at a time.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{AFTER_ERROR, next};
use crate::service::{App, Error, recovery};

/// How often it is looked for what another node has left; what begins here is told by a hint.
const LOOK_ANYWAY: Duration = Duration::from_mins(1);

/// Makes the next batch of every recovery that may go on now; returns how long to wait for the next,
/// `None` if there is none.
///
/// # Errors
/// If the database does not answer.
pub async fn step(app: &App) -> Result<Option<Duration>, Error> {
    let due_at = recovery::step(app).await?;
    Ok(due_at.map(|due_at| due_at.since(app.clock.now())))
}

/// Runs until `stop`.
pub(super) async fn run(app: App, stop: CancellationToken) {
    loop {
        let wait = match step(&app).await {
            Ok(wait) => wait.unwrap_or(LOOK_ANYWAY),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "Recoveries have to wait.");
                AFTER_ERROR
            }
        };
        if !next(&app.bus.recoveries, wait, &stop).await {
            return;
        }
    }
}
