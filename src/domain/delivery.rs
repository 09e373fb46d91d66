//! A delivery: what it is when it is fresh, and what follows from an attempt at it and from an endpoint
//! that only fails.

use std::sync::Arc;
use std::time::Duration;

use entity::{DeliveryStatus, EndpointStatus, Timestamp, delivery, endpoint};

use super::event::EventView;
use super::retry;

/// An endpoint that has only failed for this long is disabled.
pub const DISABLED_AFTER: Duration = Duration::from_hours(5 * 24);

/// An endpoint that has only failed for this long is told about. Shorter troubles are not: the log
/// would be full of receivers that were deployed.
pub const WARNED_AFTER: Duration = Duration::from_mins(15);

/// A delivery that has just been made or let go, and what its payload says if whoever did it had that in hand:
/// then nobody has to read it again.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// The row.
    pub delivery: delivery::Model,
    /// The event.
    pub event: Option<Arc<EventView>>,
}

impl From<delivery::Model> for Fresh {
    fn from(delivery: delivery::Model) -> Self {
        Self { delivery, event: None }
    }
}

/// How an attempt ended, as far as the schedule cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The receiver has the event.
    Delivered,
    /// It does not; it may have asked to wait.
    Failed {
        /// How long it asked to wait.
        retry_after: Option<Duration>,
    },
    /// It said that it will never take a delivery again.
    Gone,
}

/// What a delivery is after an attempt, and when the next one is due (`None`: over, or parked).
#[must_use]
pub fn after(
    ended: Ended,
    schedule: &[Duration],
    attempts_made: u32,
    now: Timestamp,
) -> (DeliveryStatus, Option<Timestamp>) {
    match ended {
        Ended::Delivered => (DeliveryStatus::Delivered, None),
        // Parked with everything else that waits for the endpoint.
        Ended::Gone => (DeliveryStatus::Pending, None),
        Ended::Failed { retry_after } => {
            match retry::next_delay_after(schedule, attempts_made, retry_after) {
                Some(delay) => (DeliveryStatus::Pending, Some(now.plus(delay))),
                None => (DeliveryStatus::Exhausted, None),
            }
        }
    }
}

/// What becomes of deliveries that wait for an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// They are sent from this time on.
    Due(Timestamp),
    /// They wait until the endpoint is enabled.
    Parked,
    /// They are never sent.
    Cancelled,
}

impl Fate {
    /// What becomes of what waits for `endpoint` at `now`.
    #[must_use]
    pub fn of(endpoint: &endpoint::Model, now: Timestamp) -> Self {
        match endpoint.status {
            _ if endpoint.deleted_at.is_some() => Self::Cancelled,
            EndpointStatus::Enabled => Self::Due(now),
            EndpointStatus::Paused | EndpointStatus::Disabled => Self::Parked,
        }
    }

    /// The status of such a delivery.
    #[must_use]
    pub const fn status(self) -> DeliveryStatus {
        match self {
            Self::Due(_) | Self::Parked => DeliveryStatus::Pending,
            Self::Cancelled => DeliveryStatus::Cancelled,
        }
    }

    /// When such a delivery is due.
    #[must_use]
    pub const fn next_attempt_at(self) -> Option<Timestamp> {
        match self {
            Self::Due(at) => Some(at),
            Self::Parked | Self::Cancelled => None,
        }
    }
}

/// Whether it is time to tell that an endpoint has failed since then.
#[must_use]
pub fn is_worth_a_warning(since: Option<Timestamp>, now: Timestamp) -> bool {
    since.is_some_and(|since| now.since(since) >= WARNED_AFTER)
}

/// Whether an endpoint that has failed since then has failed for too long.
#[must_use]
pub fn failed_too_long(since: Option<Timestamp>, now: Timestamp) -> bool {
    since.is_some_and(|since| now.since(since) >= DISABLED_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    #[test]
    fn failures_follow_the_schedule_until_it_is_over() {
        let schedule = [Duration::from_secs(10)];
        let failed = Ended::Failed { retry_after: None };
        let (status, due) = after(failed, &schedule, 1, NOW);
        assert_eq!(status, DeliveryStatus::Pending);
        assert!((8_000..=12_000).contains(&(due.expect("one more").0 - NOW.0)));
        assert_eq!(after(failed, &schedule, 2, NOW), (DeliveryStatus::Exhausted, None));
    }

    #[test]
    fn a_receiver_that_is_gone_parks_and_a_success_ends() {
        assert_eq!(after(Ended::Gone, &[], 1, NOW), (DeliveryStatus::Pending, None));
        assert_eq!(after(Ended::Delivered, &[], 1, NOW), (DeliveryStatus::Delivered, None));
    }

    #[test]
    fn a_warning_is_worth_it_after_a_quarter_of_an_hour() {
        assert!(!is_worth_a_warning(None, NOW));
        assert!(!is_worth_a_warning(Some(NOW), NOW.plus(WARNED_AFTER).minus(Duration::from_millis(1))));
        assert!(is_worth_a_warning(Some(NOW), NOW.plus(WARNED_AFTER)));
    }

    #[test]
    fn only_five_days_of_nothing_but_failures_disable() {
        assert!(!failed_too_long(None, NOW));
        assert!(!failed_too_long(Some(NOW), NOW.plus(DISABLED_AFTER).minus(Duration::from_millis(1))));
        assert!(failed_too_long(Some(NOW), NOW.plus(DISABLED_AFTER)));
    }
}
