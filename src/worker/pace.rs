//! A pace: at most so many a second, spread out, with a small burst.

use std::time::Duration;

use tokio::time::Instant;

/// How far ahead of an even spread things may go. Timers are no finer than a millisecond, so a pace of
/// thousands a second cannot do without.
const BURST: Duration = Duration::from_millis(20);

/// Lets things go at a rate (the "generic cell rate algorithm": only the time is kept at which the next one
/// would go if they went evenly).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    per_second: u32,
    even: Option<Instant>,
}

impl Pace {
    /// The same pace, or a new one, at this rate from here on.
    pub(super) fn at_rate(self, per_second: u32) -> Self {
        Self { per_second: per_second.max(1), ..self }
    }

    /// How many go in a second.
    pub(super) fn per_second(self) -> u32 {
        self.per_second
    }

    /// When the next one may go; `None` = at once.
    pub(super) fn free_at(self) -> Option<Instant> {
        self.even?.checked_sub(BURST.saturating_sub(self.step()))
    }

    /// Whether the next one may go now.
    pub(super) fn is_free(self, now: Instant) -> bool {
        self.free_at().is_none_or(|at| at <= now)
    }

    /// One goes now.
    pub(super) fn take(&mut self, now: Instant) {
        self.even = Some(self.even.map_or(now, |even| even.max(now)) + self.step());
    }

    /// Between two.
    fn step(self) -> Duration {
        Duration::from_secs(1) / self.per_second.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many go within some milliseconds.
    fn sent_within(millis: u64, per_second: u32) -> u32 {
        let (begun, mut pace, mut sent) = (Instant::now(), Pace::default().at_rate(per_second), 0);
        for now in (0..millis).map(|millis| begun + Duration::from_millis(millis)) {
            while pace.is_free(now) {
                pace.take(now);
                sent += 1;
            }
        }
        sent
    }

    #[test]
    fn as_many_go_in_ten_seconds_as_the_rate_says_and_a_small_burst() {
        for rate in [1, 3, 10, 333, 1_000, 10_000] {
            let burst = rate / 50 + 1;

            let sent = sent_within(10_000, rate);

            // One or the other falls between two milliseconds.
            assert!((10 * rate * 99 / 100..=10 * rate + burst).contains(&sent), "{sent} at {rate} a second");
        }
    }

    #[test]
    fn a_rest_is_not_made_up_for() {
        let (begun, mut pace) = (Instant::now(), Pace::default().at_rate(10));
        pace.take(begun);
        let later = begun + Duration::from_mins(1);

        pace.take(later);

        assert_eq!(pace.free_at(), Some(later + Duration::from_millis(100)));
    }
}
