//! Checks of inputs that several use cases share: what is allowed, said in the error.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::error::{Error, Problem};
use crate::egress;

/// The longest URL that is taken.
pub const URL_LENGTH: usize = 2048;
/// How long names may be, in characters.
pub const NAME: RangeInclusive<usize> = 1..=256;
/// How long an idempotency key may be, in characters.
const IDEMPOTENCY_KEY: RangeInclusive<usize> = 1..=255;
/// How large metadata may be, in bytes of JSON.
pub const METADATA_BYTES: usize = 4096;

/// A text of `length` characters, none of them a control character.
///
/// # Errors
/// [`Error::Invalid`] with the allowed length.
pub fn text(field: &str, value: &str, length: RangeInclusive<usize>) -> Result<(), Error> {
    let (least, most) = (*length.start(), *length.end());
    let count = value.chars().take(most + 1).count();
    if count > most {
        return Err(Error::input(field, Problem::TooLong, format!("must be at most {most} characters long")));
    }
    if count < least && least == 1 {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if count < least {
        return Err(Error::invalid(field, format!("must be at least {least} characters long")));
    }
    if value.chars().any(char::is_control) {
        return Err(Error::invalid(field, "must not contain control characters"));
    }
    Ok(())
}

/// An idempotency key, if there is one.
///
/// # Errors
/// [`Error::Invalid`] with the allowed length.
pub fn idempotency_key(value: Option<&str>) -> Result<(), Error> {
    value.map_or(Ok(()), |key| text("idempotencyKey", key, IDEMPOTENCY_KEY))
}

/// A duration of whole seconds within `range`.
///
/// # Errors
/// [`Error::Invalid`] with the allowed range.
pub fn whole_seconds(
    field: &str,
    value: Duration,
    range: RangeInclusive<Duration>,
) -> Result<Duration, Error> {
    use crate::domain::duration::format;
    if value.subsec_nanos() != 0 || !range.contains(&value) {
        let (least, most) = (format(*range.start()), format(*range.end()));
        return Err(Error::invalid(field, format!("must be whole seconds from {least} to {most}")));
    }
    Ok(value)
}

/// Metadata: an object of limited size that both databases can hold.
///
/// # Errors
/// [`Error::Invalid`] with the limit.
pub fn metadata(field: &str, value: &Value) -> Result<(), Error> {
    if !value.is_object() {
        return Err(Error::invalid(field, "must be a JSON object"));
    }
    let text = value.to_string();
    if text.len() > METADATA_BYTES {
        return Err(Error::input(
            field,
            Problem::TooLong,
            format!("must be at most {METADATA_BYTES} bytes of JSON"),
        ));
    }
    if text.contains("\\u0000") {
        return Err(Error::invalid(field, "must not contain the character U+0000"));
    }
    Ok(())
}

/// A language tag such as `de` or `pt-BR` (BCP 47: letters, digits and hyphens, at most 35).
///
/// # Errors
/// [`Error::Invalid`] if it has another form.
pub fn locale(field: &str, value: &str) -> Result<(), Error> {
    let parts: Vec<_> = value.split('-').collect();
    let fits = value.len() <= 35
        && parts
            .iter()
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
        && (2..=8).contains(&parts[0].len())
        && parts[0].bytes().all(|b| b.is_ascii_alphabetic());
    if fits {
        Ok(())
    } else {
        Err(Error::invalid(field, "must be a BCP 47 language tag such as en or pt-BR"))
    }
}

/// An absolute http or https URL without user information.
///
/// # Errors
/// [`Error::Invalid`] that says what is wrong with it.
pub fn url(field: &str, value: &str) -> Result<Url, Error> {
    if value.len() > URL_LENGTH {
        return Err(Error::input(
            field,
            Problem::TooLong,
            format!("must be at most {URL_LENGTH} bytes long"),
        ));
    }
    if value.chars().any(char::is_control) {
        return Err(Error::invalid(field, "must not contain control characters"));
    }
    let url = Url::parse(value)
        .map_err(|error| Error::invalid(field, format!("must be an absolute URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::input(
            field,
            Problem::ForbiddenUrl,
            "must start with https:// (or http:// where allowed)",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::input(field, Problem::ForbiddenUrl, "must not contain a user name or password"));
    }
    Ok(url)
}

/// The rule of the way out, asked before anything is stored. A name that does not resolve now is
/// no reason to refuse: the rule is asked again before each request.
///
/// # Errors
/// [`Error::Invalid`] with the reason of the refusal.
pub async fn reachable(field: &str, way: &egress::Client, url: &Url) -> Result<(), Error> {
    match way.vet(url).await {
        Err(egress::Error::Refused(why)) => Err(Error::input(field, Problem::ForbiddenUrl, why)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_characters_and_controls_are_refused() {
        assert!(text("name", &"é".repeat(256), NAME).is_ok());
        assert!(text("name", &"é".repeat(257), NAME).is_err());
        assert!(text("name", "", NAME).is_err());
        assert!(text("name", "a\0b", NAME).is_err());
    }

    #[test]
    fn metadata_is_an_object_that_both_databases_can_hold() {
        assert!(metadata("metadata", &serde_json::json!({"a": 1})).is_ok());
        assert!(metadata("metadata", &serde_json::json!([1])).is_err());
        assert!(metadata("metadata", &serde_json::json!({"a": "\0"})).is_err());
        assert!(metadata("metadata", &serde_json::json!({"a": "x".repeat(4096)})).is_err());
    }

    #[test]
    fn urls_and_locales_of_other_forms_are_refused() {
        for bad in
            ["", "x", "ftp://a.example", "file:///etc/passwd", "https://u:p@a.example", "https://u@a.example"]
        {
            assert!(url("url", bad).is_err(), "{bad}");
        }
        for (good, fits) in
            [("de", true), ("pt-BR", true), ("x", false), ("de_DE", false), ("", false), ("de-", false)]
        {
            assert_eq!(locale("locale", good).is_ok(), fits, "{good}");
        }
    }
}
