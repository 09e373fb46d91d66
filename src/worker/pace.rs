//! A pace: at most so many a second, spread out, with a small burst.

use std::time::Duration;

use entity::Timestamp;

/// How much may go at a time: what the pace allows within this, and one at least. Timers are no finer than
/// a millisecond, so a pace of thousands a second cannot do without.
const BURST: Duration = Duration::from_millis(20);

/// Lets things go at a rate (the "generic cell rate algorithm": only the time is kept at which all that
/// went would have gone evenly).
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    per_second: u32,
    /// When the next one would go if they went evenly, in microseconds since 1970.
    even: i64,
}

impl Pace {
    /// A pace that nothing has used yet.
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second: per_second.max(1), even: 0 }
    }

    /// The same pace, or another rate from here on.
    pub(super) fn at_rate(self, per_second: u32) -> Self {
        Self { per_second: per_second.max(1), ..self }
    }

    /// How many go in a second.
    pub(super) fn per_second(self) -> u32 {
        self.per_second
    }

    /// When the next one may go.
    pub(super) fn free_at(self) -> Timestamp {
        let earliest = self.even.saturating_sub(micros(BURST) - self.step());
        // Rounded up: never too early.
        Timestamp(earliest.saturating_add(999) / 1_000)
    }

    /// One goes now.
    pub(super) fn take(&mut self, now: Timestamp) {
        self.even = self.even.max(now.0.saturating_mul(1_000)).saturating_add(self.step());
    }

    /// Between two, in microseconds.
    fn step(self) -> i64 {
        1_000_000 / i64::from(self.per_second)
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_341_600_000);

    /// How many go within some milliseconds.
    fn sent_within(millis: i64, per_second: u32) -> u32 {
        let (mut pace, mut sent) = (Pace::new(per_second), 0);
        for at in (0..millis).map(|millis| Timestamp(NOW.0 + millis)) {
            while pace.free_at() <= at {
                pace.take(at);
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

            assert!((10 * rate..=10 * rate + burst).contains(&sent), "{sent} at {rate} a second");
        }
    }

    #[test]
    fn a_rest_is_not_made_up_for() {
        let mut pace = Pace::new(10);
        pace.take(NOW);
        let later = NOW.plus(Duration::from_mins(1));

        pace.take(later);

        assert!(pace.free_at() > later.plus(Duration::from_millis(75)), "{:?}", pace.free_at());
    }
}
