//! What an endpoint's fields may be, when it is made and when it is changed.

use std::ops::RangeInclusive;
use std::time::Duration;

use entity::Strings;

use crate::domain::{Secret, retry};
use crate::service::{App, Error, Problem, check, event};
use crate::webhook::{self, Unfit};

/// How many event types or families an endpoint may list.
const MOST_TYPES: usize = 50;
/// How long a description may be, in characters.
const LONGEST_DESCRIPTION: usize = 1_000;
/// What a rate limit may be, in deliveries a second.
const RATES: RangeInclusive<i32> = 1..=10_000;

pub(super) async fn url(app: &App, url: &str) -> Result<(), Error> {
    check::text("url", url, 1..=check::URL_LENGTH)?;
    // A name that does not resolve now is no reason to refuse: each attempt asks the rule again.
    match app.destinations.vet(url).await {
        Err(Unfit::Refused(why)) => Err(Error::input("url", Problem::ForbiddenUrl, why)),
        Ok(()) | Err(Unfit::Unresolved(_)) => Ok(()),
    }
}

pub(super) fn description(text: Option<&str>) -> Result<(), Error> {
    text.map_or(Ok(()), |text| check::text("description", text, 0..=LONGEST_DESCRIPTION))
}

pub(super) fn event_types(types: &[String]) -> Result<(), Error> {
    if types.len() > MOST_TYPES {
        let message = format!("must list at most {MOST_TYPES} types");
        return Err(Error::input("eventTypes", Problem::LimitExceeded, message));
    }
    event::known_types("eventTypes", types)
}

pub(super) fn headers(headers: &[(String, Secret)]) -> Result<(), Error> {
    webhook::check_headers(headers).map_err(|error| Error::invalid("headers", error.to_string()))
}

/// The part of the headers that everybody may see.
pub(super) fn names(headers: &[(String, Secret)]) -> Strings {
    Strings(headers.iter().map(|(name, _)| name.clone()).collect())
}

pub(super) fn rate_limit(limit: Option<i32>) -> Result<(), Error> {
    if limit.is_none_or(|limit| RATES.contains(&limit)) {
        return Ok(());
    }
    let message = format!("must be from {} to {} deliveries a second, or null", RATES.start(), RATES.end());
    Err(Error::invalid("rateLimit", message))
}

pub(super) fn retry_schedule(pauses: Option<&[Duration]>) -> Result<(), Error> {
    retry::check(pauses.unwrap_or_default())
        .map_err(|error| Error::invalid("retrySchedule", error.to_string()))
}

/// A schedule as the row holds it: milliseconds.
pub(super) fn stored_schedule(pauses: &[Duration]) -> serde_json::Value {
    let millis = |pause: &Duration| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    pauses.iter().map(millis).collect()
}
