//! The one who takes away what is too old, a batch at a time.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::AFTER_ERROR;
use crate::meter;
use crate::service::retention::{self, Stage};
use crate::service::{App, Error};

/// How long after the start the first pass begins: what waits for a server comes first.
const LATER: Duration = Duration::from_mins(1);
/// How long after a pass the next one begins.
const REST: Duration = Duration::from_hours(1);
/// The pause after a batch, several times as long as the batch: others write meanwhile.
const PAUSE: Duration = Duration::from_millis(20);

/// Takes one batch away; returns where to go on, `None` at the end of the pass.
///
/// # Errors
/// If the database does not answer.
pub async fn step(app: &App, stage: Stage) -> Result<Option<Stage>, Error> {
    let done = retention::step(app, stage).await?;
    meter::swept(done.stage.name(), done.deleted);
    Ok(done.next)
}

/// Runs until `stop`.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let (mut stage, mut wait) = (Stage::first(&app), LATER);
    while stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_some() {
        wait = match step(&app, stage).await {
            Ok(next) => {
                stage = next.unwrap_or_else(|| Stage::first(&app));
                if next.is_some() { PAUSE } else { REST }
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "Retention has to wait.");
                AFTER_ERROR
            }
        };
    }
}
