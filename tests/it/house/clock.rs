//! The time in a story: it stands still until somebody lets it pass, or runs where nobody holds it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use entity::Timestamp;
use postern::service::Clock;

/// 2026-11-22T10:00:00Z: every story begins then.
const BEGINNING: Timestamp = Timestamp(1_795_341_600_000);

pub(crate) struct HandClock {
    shown: AtomicI64,
    runs_since: Option<Instant>,
}

impl HandClock {
    pub(crate) fn standing() -> Self {
        Self { shown: AtomicI64::new(BEGINNING.0), runs_since: None }
    }

    pub(crate) fn running() -> Self {
        Self { runs_since: Some(Instant::now()), ..Self::standing() }
    }

    pub(crate) fn pass(&self, by: Duration) {
        self.shown.store(Timestamp(self.shown.load(Ordering::SeqCst)).plus(by).0, Ordering::SeqCst);
    }

    pub(crate) fn turn_back(&self, by: Duration) {
        self.shown.store(Timestamp(self.shown.load(Ordering::SeqCst)).minus(by).0, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        let run = self.runs_since.map_or(Duration::ZERO, |since| since.elapsed());
        Timestamp(self.shown.load(Ordering::SeqCst)).plus(run)
    }

    /// The database's own clock runs; a story's does not.
    fn adjust(&self, _database: Timestamp) {}
}
