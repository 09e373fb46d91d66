//! What operators watch that is not an event but a level: how much waits, and for how long.

use std::time::Duration;

use super::{App, Error, log};
use crate::store;
pub use crate::store::gauge::Waiting;

/// The levels at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Levels {
    /// Deliveries, of all workspaces.
    pub waiting: Waiting,
    /// How long the delivery that has waited longest has been due.
    pub oldest_due: Duration,
    /// How long the oldest event has waited that those who follow the log have not been told of.
    pub log_lag: Duration,
    /// How many transactions wait for SQLite's one writer.
    pub write_queue: usize,
}

/// Reads the levels: two statements on indexes.
///
/// # Errors
/// If the database does not answer.
pub async fn levels(app: &App) -> Result<Levels, Error> {
    let now = app.clock.now();
    let waiting = store::gauge::waiting(&app.db, now).await?;
    let first = waiting.next_due.into_iter().chain(waiting.claimed_due).min();
    let oldest_due = first.map_or(Duration::ZERO, |due| now.since(due));
    Ok(Levels { waiting, oldest_due, log_lag: log::lag(app).await?, write_queue: app.db.write_queue() })
}
