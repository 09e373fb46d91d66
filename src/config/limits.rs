//! What the operator limits.

use std::num::NonZeroU64;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;

use crate::domain::duration;

/// How long an attempt at a delivery may take unless the operator says otherwise.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(15);
/// What the operator may say: long enough for a far receiver, and short
/// enough for one that hangs not to hold its place for minutes.
const WEBHOOK_TIMEOUTS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(1);

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    /// Refused passwords for one account of a site in an hour, over all workspaces.
    pub(super) passwords_per_account: Option<NonZeroU64>,
}

/// Reads how long an attempt at a delivery may take.
pub(super) fn timeout(text: Option<&str>) -> Result<Duration, &'static str> {
    let given = text.map_or(Ok(WEBHOOK_TIMEOUT), duration::parse);
    given.ok().filter(|given| WEBHOOK_TIMEOUTS.contains(given)).ok_or("must be PT1S to PT1M, such as PT15S")
}
