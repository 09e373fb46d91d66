//! Signs of life: when the parts of this process that must keep moving last did.

use std::sync::atomic::{AtomicI64, Ordering};

use entity::Timestamp;

/// When each of them last moved; all of them have just begun at the start.
pub(super) struct Pulse {
    hub: AtomicI64,
    beat: AtomicI64,
    log: AtomicI64,
}

impl Pulse {
    /// Begins at `now`.
    pub(super) fn begin(now: Timestamp) -> Self {
        let begun = || AtomicI64::new(now.0);
        Self { hub: begun(), beat: begun(), log: begun() }
    }

    /// The hub has written what attempts came to, or has looked and found nothing that may be sent.
    pub(super) fn hub_moves(&self, now: Timestamp) {
        self.hub.fetch_max(now.0, Ordering::Relaxed);
    }

    /// This node has said that it lives.
    pub(super) fn beats(&self, now: Timestamp) {
        self.beat.fetch_max(now.0, Ordering::Relaxed);
    }

    /// The reader of the log has gone on, or has looked and nobody followed.
    pub(super) fn log_moves(&self, now: Timestamp) {
        self.log.fetch_max(now.0, Ordering::Relaxed);
    }

    /// When the reader of the log last moved.
    pub(super) fn log(&self) -> Timestamp {
        Timestamp(self.log.load(Ordering::Relaxed))
    }

    /// When the hub last moved.
    pub(super) fn hub(&self) -> Timestamp {
        Timestamp(self.hub.load(Ordering::Relaxed))
    }

    /// When this node last said that it lives.
    pub(super) fn beat(&self) -> Timestamp {
        Timestamp(self.beat.load(Ordering::Relaxed))
    }
}
