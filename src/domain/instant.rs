//! Instants as the API and webhooks write them: RFC 3339 in UTC with milliseconds, `2026-11-22T12:00:00.000Z`.

use chrono::{DateTime, SecondsFormat, Utc};
use entity::Timestamp;

/// Writes an instant; one that no calendar has is written as the beginning of 1970.
#[must_use]
pub fn format(at: Timestamp) -> String {
    let at: DateTime<Utc> = DateTime::from_timestamp_millis(at.0).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
