//! The settings of webhooks.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;

use crate::domain::duration;

/// How long an attempt at a delivery may take unless the operator says otherwise.
const TIMEOUT: Duration = Duration::from_secs(15);
/// What the operator may say: long enough for a far receiver, and short enough for one that hangs not to
/// hold its place for minutes.
const TIMEOUTS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(1);

/// `[webhooks]` as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    timeout: Option<String>,
}

impl Raw {
    /// How long one attempt may take.
    pub(super) fn timeout(&self) -> Result<Duration, &'static str> {
        let given = self.timeout.as_deref().map_or(Ok(TIMEOUT), duration::parse);
        given.ok().filter(|given| TIMEOUTS.contains(given)).ok_or("must be PT1S to PT1M, such as PT15S")
    }
}
