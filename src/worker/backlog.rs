//! The one who keeps deliveries in line with endpoints that were paused, enabled or deleted.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{AFTER_ERROR, next};
use crate::service::backlog::{self, Place};
use crate::service::{App, Error};

/// How often it is looked for what another node has left, or what was written at an unlucky moment.
const LOOK_ANYWAY: Duration = Duration::from_mins(1);

/// Moves everything that is out of line, and lets everybody go who was left behind; returns how many
/// deliveries were moved.
///
/// # Errors
/// If the database does not answer; what was moved until then stays moved.
pub async fn step(app: &App) -> Result<u64, Error> {
    let all = straighten(app).await?;
    let mut place = backlog::look_for_strays(app, None).await?;
    while place.is_some() {
        place = backlog::look_for_strays(app, place).await?;
    }
    Ok(all)
}

async fn straighten(app: &App) -> Result<u64, Error> {
    let mut all = 0;
    loop {
        match backlog::straighten(app).await? + backlog::rearrange(app).await? {
            0 => return Ok(all),
            moved => all += moved,
        }
    }
}

/// Everything that is out of line, and a window of those that stand behind something.
async fn look(app: &App, place: &mut Option<Place>) -> Result<(), Error> {
    straighten(app).await?;
    *place = backlog::look_for_strays(app, *place).await?;
    Ok(())
}

/// Runs until `stop`.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let mut place = None;
    loop {
        let wait = match look(&app, &mut place).await {
            Ok(()) => LOOK_ANYWAY,
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
