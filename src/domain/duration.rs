//! ISO 8601 durations without years and months, as the API writes them: `PT15M`, `P7D`.

use std::time::Duration;

/// The text is not a duration of this form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an ISO 8601 duration without years and months, such as PT15M or P7D")]
pub struct NotADuration;

const UNITS: [(bool, char, u64); 5] =
    [(false, 'W', 7 * 86_400), (false, 'D', 86_400), (true, 'H', 3_600), (true, 'M', 60), (true, 'S', 1)];

/// Reads a duration of whole or fractional seconds (milliseconds at the finest).
///
/// # Errors
/// [`NotADuration`] for anything else, also for a negative one.
pub fn parse(text: &str) -> Result<Duration, NotADuration> {
    let body = text.strip_prefix('P').ok_or(NotADuration)?;
    let (days, time) = body.split_once('T').map_or((body, None), |(d, t)| (d, Some(t)));
    if time.is_some_and(str::is_empty) || body.is_empty() {
        return Err(NotADuration);
    }
    let mut millis = section(days, false)?;
    if let Some(time) = time {
        millis = millis.checked_add(section(time, true)?).ok_or(NotADuration)?;
    }
    Ok(Duration::from_millis(millis))
}

/// Writes a duration in its shortest canonical form: days, hours, minutes, seconds.
#[must_use]
pub fn format(duration: Duration) -> String {
    let (mut seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    let mut text = String::from("P");
    for (in_time, unit, size) in UNITS.into_iter().skip(1) {
        if in_time && !text.contains('T') && (seconds > 0 || millis > 0) {
            text.push('T');
        }
        let count = seconds / size;
        seconds %= size;
        if unit == 'S' && millis > 0 {
            let seconds = format!("{count}.{millis:03}");
            text += seconds.trim_end_matches('0');
            text.push(unit);
        } else if count > 0 {
            text += &count.to_string();
            text.push(unit);
        }
    }
    if text == "P" { "PT0S".into() } else { text }
}

/// Milliseconds of one half; units must come in falling order, each once.
fn section(mut text: &str, in_time: bool) -> Result<u64, NotADuration> {
    let mut total = 0_u64;
    let mut units = UNITS.into_iter().filter(|(time, _, _)| *time == in_time);
    while !text.is_empty() {
        let end = text.find(|c: char| c.is_ascii_alphabetic()).ok_or(NotADuration)?;
        let (number, rest) = text.split_at(end);
        let unit = rest.chars().next().ok_or(NotADuration)?;
        let (_, _, size) = units.find(|(_, name, _)| *name == unit).ok_or(NotADuration)?;
        let part = amount(number, unit == 'S')?.checked_mul(size).ok_or(NotADuration)?;
        total = total.checked_add(part).ok_or(NotADuration)?;
        text = &rest[1..];
    }
    Ok(total)
}

/// A number in thousandths; only seconds may have a fraction.
fn amount(number: &str, may_have_fraction: bool) -> Result<u64, NotADuration> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (number.contains('.') && !may_have_fraction) {
        return Err(NotADuration);
    }
    let thousandths: u64 = format!("{fraction:0<3}")[..3].parse().map_err(|_| NotADuration)?;
    let whole: u64 = whole.parse().map_err(|_| NotADuration)?;
    whole.checked_mul(1000).and_then(|w| w.checked_add(thousandths)).ok_or(NotADuration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written_in_their_canonical_form() {
        for (text, seconds) in [("PT15M", 900), ("P7D", 604_800), ("P1DT2H3M4S", 93_784), ("PT0S", 0)] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
            assert_eq!(format(Duration::from_secs(seconds)), text);
        }
        assert_eq!(parse("P1W"), Ok(Duration::from_hours(7 * 24)));
        assert_eq!(parse("PT0.25S"), Ok(Duration::from_millis(250)));
        assert_eq!(format(Duration::from_millis(1_250)), "PT1.25S");
    }

    #[test]
    fn anything_else_is_refused() {
        let bad = [
            "",
            "P",
            "PT",
            "P1DT",
            "7D",
            "P-1D",
            "-P1D",
            "P1Y",
            "P1M",
            "PT1M1H",
            "PT1D",
            "P1H",
            "PT1.5M",
            "PT1",
            "PT1.S",
            "PT.5S",
            "P1é",
            "PT99999999999999999999S",
            "P99999999999999999D",
        ];
        for text in bad {
            assert_eq!(parse(text), Err(NotADuration), "{text}");
        }
    }
}
