//! Attempts as they are made: a live view for people, not part of the log.
//!
//! Only attempts of this process are seen, none from before, and a watcher who is too slow misses some.

use entity::{EndpointId, attempt};

use crate::bus::Watching;
use crate::service::{App, Caller, Error};
use crate::store;

/// Somebody who watches the attempts of a workspace.
pub struct Watcher {
    app: App,
    caller: Caller,
    endpoint: Option<EndpointId>,
    attempts: Watching,
}

impl Watcher {
    /// Watches from now on, all attempts or those to one endpoint.
    #[must_use]
    pub fn start(app: &App, caller: &Caller, endpoint: Option<EndpointId>) -> Self {
        let attempts = app.bus.watch_attempts();
        Self { app: app.clone(), caller: caller.clone(), endpoint, attempts }
    }

    /// The next attempt; `None` at the end of the process.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn next(&mut self) -> Result<Option<attempt::Model>, Error> {
        let workspace = self.caller.workspace;
        while let Some(made) = self.attempts.next().await {
            let is_wanted =
                made.workspace == workspace && self.endpoint.is_none_or(|endpoint| made.endpoint == endpoint);
            if !is_wanted {
                continue;
            }
            let just_it = (made.number.saturating_sub(1), 1);
            let rows =
                store::delivery::first_attempts(&self.app.db, workspace, [made.delivery], just_it).await?;
            if let Some(row) = rows.into_iter().find(|row| row.number == made.number) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}
