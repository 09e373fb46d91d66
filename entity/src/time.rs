//! One instant, as every table and every rule counts it.

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The instant `by` later; the last representable one if there is none.
    #[must_use]
    pub fn plus(self, by: std::time::Duration) -> Self {
        Self(self.0.saturating_add(millis(by)))
    }

    /// The instant `by` earlier.
    #[must_use]
    pub fn minus(self, by: std::time::Duration) -> Self {
        Self(self.0.saturating_sub(millis(by)))
    }

    /// How long from `earlier` to this instant; zero if it lies after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0.saturating_sub(earlier.0).max(0).unsigned_abs())
    }

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// As the 48 bits that an id has for its time.
    pub(crate) fn millis_of_id(self) -> u64 {
        self.0.max(0).unsigned_abs().min((1 << 48) - 1)
    }

    pub(crate) fn seconds_and_nanos(self) -> (u64, u32) {
        let millis = self.0.max(0).unsigned_abs();
        (millis / 1000, u32::try_from(millis % 1000).unwrap_or(0) * 1_000_000)
    }
}

fn millis(of: std::time::Duration) -> i64 {
    i64::try_from(of.as_millis()).unwrap_or(i64::MAX)
}
