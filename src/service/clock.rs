//! The time, as everything above the database sees it.

use std::sync::atomic::{AtomicI64, Ordering};

use entity::Timestamp;
use tokio::time::Instant;

use super::{App, Error};
use crate::store;

/// Tells the time; tests replace it.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Learns that the database's clock showed `database` just now.
    fn adjust(&self, database: Timestamp);
}

/// Sets the clock to the database's time, so that all nodes agree and a machine that slept catches up.
///
/// # Errors
/// If the database does not answer.
pub async fn set(app: &App) -> Result<(), Error> {
    app.clock.adjust(store::node::database_time(&app.db).await?);
    Ok(())
}

/// A monotonic clock plus an offset to the database's time, so that a step of the machine's clock
/// moves nothing and all nodes agree.
pub struct SystemClock {
    started: Instant,
    offset: AtomicI64,
}

impl SystemClock {
    /// Starts with this machine's idea of the time.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place the wall clock is read")]
    pub fn start() -> Self {
        let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(wall.as_millis()).unwrap_or(i64::MAX);
        Self { started: Instant::now(), offset: AtomicI64::new(millis) }
    }

    fn elapsed(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.offset.load(Ordering::Relaxed) + self.elapsed())
    }

    fn adjust(&self, database: Timestamp) {
        self.offset.store(database.0 - self.elapsed(), Ordering::Relaxed);
    }
}
