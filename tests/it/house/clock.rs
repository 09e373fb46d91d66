//! The time in a story: it stands still until somebody lets it pass.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use entity::Timestamp;
use postern::service::Clock;

/// 2026-11-22T10:00:00Z: every story begins then.
const BEGINNING: Timestamp = Timestamp(1_795_341_600_000);

pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(BEGINNING.0))
    }

    pub(crate) fn pass(&self, by: Duration) {
        self.0.store(self.now().plus(by).0, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    /// The database's own clock runs; a story's does not.
    fn adjust(&self, _database: Timestamp) {}
}
