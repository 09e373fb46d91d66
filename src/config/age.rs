//! How long something is kept, as operators write it.

use std::time::Duration;

use serde::Deserialize;

use crate::domain::duration;

/// Also the shortest age: no retry, no budget and no idempotency key looks back further without holding
/// what it needs by itself.
const DAY: Duration = Duration::from_hours(24);
/// A hundred years are as good as for ever.
const LONGEST: Duration = Duration::from_hours(36_525 * 24);

/// A number of days, an ISO 8601 duration, or `off`.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Age {
    /// 0 means for ever.
    Days(i64),
    Text(String),
}

impl Default for Age {
    fn default() -> Self {
        Self::Days(90)
    }
}

impl Age {
    /// How long that is; `None` = for ever. The error says what is allowed.
    pub(super) fn read(&self) -> Result<Option<Duration>, String> {
        let age = match self {
            Self::Days(days) => u32::try_from(*days).ok().and_then(|days| DAY.checked_mul(days)),
            Self::Text(text) if text == "off" => Some(Duration::ZERO),
            Self::Text(text) => duration::parse(text).ok(),
        };
        match age {
            Some(age) if age.is_zero() => Ok(None),
            Some(age) if (DAY..=LONGEST).contains(&age) => Ok(Some(age)),
            _ => Err("must be a number of days, an ISO 8601 duration of at least P1D, or off".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_durations_and_off_are_understood() {
        let read = |text: &str| Age::Text(text.to_owned()).read();

        assert_eq!(Age::default().read(), Ok(Some(DAY * 90)));
        assert_eq!([Age::Days(30).read(), read("P30D")], [Ok(Some(DAY * 30)), Ok(Some(DAY * 30))]);
        assert_eq!([Age::Days(0).read(), read("off")], [Ok(None), Ok(None)]);
    }

    #[test]
    fn what_is_shorter_than_a_day_or_no_age_at_all_is_refused() {
        for text in ["PT23H59M", "P23", "-P3D", "never", "P9999999D"] {
            assert!(Age::Text(text.to_owned()).read().is_err(), "{text}");
        }
        assert!(Age::Days(-1).read().is_err() && Age::Days(i64::MAX).read().is_err());
    }
}
