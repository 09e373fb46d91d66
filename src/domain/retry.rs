//! When something is tried again: the schedule of deliveries, what a receiver asks for, and growing
//! pauses for everything that reconnects.
//!
//! The only file that knows `backoff`, and of it only the interval calculator: a multiplier of 1 gives
//! one step of a schedule its jitter. (Its jitter comes after its cap, and its default limit of elapsed
//! time must be lifted.)

use std::time::Duration;

use backoff::ExponentialBackoffBuilder;
use backoff::backoff::Backoff;
use chrono::NaiveDateTime;
use entity::Timestamp;

/// Delays between attempts unless an endpoint has its own: about three days. The first is made at once.
pub const DEFAULT_SCHEDULE: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];

/// The most a receiver can put off the next attempt.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// The most delays a schedule may have.
pub const MAX_DELAYS: usize = 20;
/// The longest delay a schedule may have.
pub const MAX_DELAY: Duration = Duration::from_hours(7 * 24);

/// A part of 1: how far a step may lie from its delay, to either side.
const JITTER: f64 = 0.2;

/// The delays cannot be a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be at most {MAX_DELAYS} delays, each between a millisecond and seven days")]
pub struct NotASchedule;

/// Checks the delays that were given for an endpoint; none at all means a single attempt.
///
/// # Errors
/// [`NotASchedule`] if there are too many or one is out of bounds.
pub fn check(schedule: &[Duration]) -> Result<(), NotASchedule> {
    let fits = |delay: &Duration| (Duration::from_millis(1)..=MAX_DELAY).contains(delay);
    if schedule.len() <= MAX_DELAYS && schedule.iter().all(fits) { Ok(()) } else { Err(NotASchedule) }
}

/// How long to wait for the next attempt, ±20 %, when `attempts_made` have failed; `None` when the
/// schedule is over. The first attempt is made at once.
#[must_use]
pub fn next_delay(schedule: &[Duration], attempts_made: u32) -> Option<Duration> {
    let Some(index) = attempts_made.checked_sub(1) else { return Some(Duration::ZERO) };
    schedule.get(usize::try_from(index).ok()?).copied().map(jittered)
}

/// Like [`next_delay`], but not before the receiver wants it: `Retry-After` can only make it later, and
/// never brings an attempt that the schedule does not have.
#[must_use]
pub fn next_delay_after(
    schedule: &[Duration],
    attempts_made: u32,
    retry_after: Option<Duration>,
) -> Option<Duration> {
    let asked = retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
    next_delay(schedule, attempts_made).map(|delay| delay.max(asked))
}

/// A pause that doubles with every failure from `first` up to `most`, ±20 %; for breakers, reconnects
/// and sites that are down. No failure, no pause.
#[must_use]
pub fn growing(first: Duration, most: Duration, failures: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(1) else { return Duration::ZERO };
    jittered(first.saturating_mul(2_u32.saturating_pow(doublings)).min(most))
}

/// Reads a `Retry-After` header (RFC 9110, section 10.2.3) as a time to wait from `now`, at most
/// [`MAX_RETRY_AFTER`]; `None` if it is neither seconds nor an HTTP date.
#[must_use]
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let wait = if digits {
        // More digits than a number holds is longer than the maximum as well.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        http_date(value)?.since(now)
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// The three forms a recipient must accept (RFC 9110, section 5.6.7).
fn http_date(value: &str) -> Option<Timestamp> {
    const FORMS: [&str; 3] =
        ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let read = FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(value, form).ok())?;
    Some(Timestamp(read.and_utc().timestamp_millis()))
}

fn jittered(step: Duration) -> Duration {
    let mut calculator = ExponentialBackoffBuilder::new()
        .with_initial_interval(step)
        .with_max_interval(step)
        .with_multiplier(1.0)
        .with_randomization_factor(JITTER)
        .with_max_elapsed_time(None)
        .build();
    calculator.next_backoff().unwrap_or(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T10:00:00Z.
    const NOW: Timestamp = Timestamp(1_795_341_600_000);

    fn assert_about(delay: Duration, step: Duration) {
        // The calculator adds up to a nanosecond.
        let slack = Duration::from_micros(1);
        assert!(
            delay + slack >= step.mul_f64(0.8) && delay <= step.mul_f64(1.2) + slack,
            "{delay:?} of {step:?}"
        );
    }

    #[test]
    fn the_first_attempt_is_made_at_once_and_the_others_by_the_schedule() {
        assert_eq!(next_delay(&DEFAULT_SCHEDULE, 0), Some(Duration::ZERO));
        for (made, step) in (1..).zip(DEFAULT_SCHEDULE) {
            for _ in 0..200 {
                assert_about(next_delay(&DEFAULT_SCHEDULE, made).unwrap(), step);
            }
        }
        assert_eq!(next_delay(&DEFAULT_SCHEDULE, 10), None);
        assert_eq!(next_delay(&DEFAULT_SCHEDULE, u32::MAX), None);
        assert_eq!(next_delay(&[], 1), None);
    }

    #[test]
    fn attempts_that_failed_together_do_not_come_back_together() {
        let delays: Vec<Duration> = (0..100).filter_map(|_| next_delay(&DEFAULT_SCHEDULE, 2)).collect();
        let (least, most) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());

        assert!(*most > *least + Duration::from_mins(1), "{least:?} to {most:?}");
    }

    #[test]
    fn a_receiver_can_put_an_attempt_off_but_not_bring_it_forward() {
        let hour = Duration::from_hours(1);

        assert_eq!(next_delay_after(&DEFAULT_SCHEDULE, 1, Some(hour)), Some(hour));
        assert_eq!(next_delay_after(&DEFAULT_SCHEDULE, 1, Some(30 * hour)), Some(24 * hour));
        assert_about(next_delay_after(&DEFAULT_SCHEDULE, 9, Some(hour)).unwrap(), 24 * hour);
        assert_eq!(next_delay_after(&DEFAULT_SCHEDULE, 10, Some(hour)), None);
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_in_each_form_of_date() {
        let cases = [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("86401", Some(86_400)),
            ("99999999999999999999999999", Some(86_400)),
            ("Sun, 22 Nov 2026 10:00:30 GMT", Some(30)),
            ("Sunday, 22-Nov-26 10:00:30 GMT", Some(30)),
            ("Sun Nov 22 10:00:30 2026", Some(30)),
            ("Sun, 22 Nov 2026 09:00:00 GMT", Some(0)),
            ("Wed, 22 Nov 2028 09:00:00 GMT", Some(86_400)),
            ("Mon, 22 Nov 2026 10:00:30 GMT", None),
            ("Sun, 22 Nov 2026 10:00:30 CET", None),
            ("2026-11-22T10:00:30Z", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ];
        for (value, seconds) in cases {
            assert_eq!(retry_after(value, NOW), seconds.map(Duration::from_secs), "{value}");
        }
    }

    #[test]
    fn a_growing_pause_doubles_up_to_its_limit() {
        let (first, most) = (Duration::from_secs(1), Duration::from_mins(1));

        assert_eq!(growing(first, most, 0), Duration::ZERO);
        for (failures, seconds) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (100, 60), (u32::MAX, 60)] {
            assert_about(growing(first, most, failures), Duration::from_secs(seconds));
        }
    }

    #[test]
    fn a_schedule_has_bounds() {
        let day = Duration::from_hours(24);

        assert_eq!(check(&DEFAULT_SCHEDULE), Ok(()));
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&[Duration::from_millis(50); MAX_DELAYS]), Ok(()));
        for bad in [vec![Duration::ZERO], vec![7 * day + day], vec![day; MAX_DELAYS + 1]] {
            assert_eq!(check(&bad), Err(NotASchedule));
        }
    }
}
