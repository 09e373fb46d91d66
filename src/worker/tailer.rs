//! The one who watches the log's end, and wakes those who wait.
//!
//! Hints tell of what this process writes. They matter only to those who follow the log here; what
//! other nodes write is looked for once a second.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{AFTER_ERROR, LOOK_ANYWAY, next};
use crate::domain::hint::Hint;
use crate::service::{App, log};

/// How often the log is looked at when other nodes may have written to it.
const LOOK_AT_OTHERS: Duration = Duration::from_secs(1);

/// Runs until `stop`.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let every = if app.db.is_embedded() { LOOK_ANYWAY } else { LOOK_AT_OTHERS };
    let (mut others_due, mut moved) = (Instant::now(), false);
    loop {
        let at_others = !app.db.is_embedded() && others_due <= Instant::now();
        let mut wait = every;
        if at_others || app.bus.is_watched() {
            let Some(looked) = stop.run_until_cancelled(log::advance(&app)).await else { return };
            match looked {
                Ok(further) => moved |= further,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "The log could not be read.");
                    wait = AFTER_ERROR;
                }
            }
        }
        if at_others {
            others_due = Instant::now() + LOOK_AT_OTHERS;
            if std::mem::take(&mut moved) {
                // Another node's events may come with work for this one.
                app.bus.tell(&[Hint::Deliveries, Hint::Logins, Hint::Runs]);
            }
        }
        if !next(&app.bus.log, wait, &stop).await {
            return;
        }
    }
}
