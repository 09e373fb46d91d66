//! The one who watches the log's end, and wakes those who wait.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{AFTER_ERROR, LOOK_ANYWAY, next};
use crate::domain::hint::Hint;
use crate::service::{App, log};

/// How often the log is looked at when other nodes may have written to it.
const LOOK_AT_OTHERS: Duration = Duration::from_secs(1);

/// Runs until `stop`.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let every = if app.db.is_embedded() { LOOK_ANYWAY } else { LOOK_AT_OTHERS };
    loop {
        let Some(looked) = stop.run_until_cancelled(log::look(&app)).await else { return };
        let wait = match looked {
            Ok(moved) => {
                if moved && !app.db.is_embedded() {
                    // Another node's events may come with work for this one.
                    app.bus.tell(&[Hint::Deliveries, Hint::Logins, Hint::Runs]);
                }
                every
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "The log could not be read.");
                AFTER_ERROR
            }
        };
        if !next(&app.bus.log, wait, &stop).await {
            return;
        }
    }
}
