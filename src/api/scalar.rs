//! The API's own scalars.
//!
//! A value that is none is refused before anything is executed (`is_valid`): only there is it known
//! which field it was given for.

use std::time::Duration as Span;

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime as Instant;
use entity::Timestamp;

use crate::domain::{duration, instant};

/// An instant as RFC 3339 in UTC, such as `2026-11-22T12:00:00.000Z`.
pub(super) struct DateTime(pub Timestamp);

#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/date-time")]
/// An instant as RFC 3339, such as `2026-11-22T12:00:00.000Z`.
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let parsed = Instant::parse_from_rfc3339(text);
        parsed.map(|at| Self(Timestamp(at.timestamp_millis()))).map_err(|_| {
            InputValueError::custom("must be an instant as RFC 3339, such as 2026-11-22T12:00:00Z")
        })
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(instant::format(self.0))
    }
}

/// An ISO 8601 duration without years and months, such as `PT15M` or `P7D`.
#[derive(Clone, Copy)]
pub(super) struct Duration(pub Span);

#[Scalar]
/// An ISO 8601 duration without years and months, such as `PT15M` or `P7D`.
impl ScalarType for Duration {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        // Every field has a longest duration: a negative one is refused with the range its field has.
        let (text, is_negative) = text.strip_prefix('-').map_or((text.as_str(), false), |rest| (rest, true));
        let parsed = duration::parse(text).map_err(InputValueError::custom)?;
        Ok(Self(if is_negative { Span::MAX } else { parsed }))
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(duration::format(self.0))
    }
}

/// An absolute URL.
pub(super) struct Url(pub String);

#[Scalar(name = "URL", specified_by_url = "https://url.spec.whatwg.org/")]
/// An absolute URL.
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A JSON object.
pub(super) struct JsonObject(pub serde_json::Value);

#[Scalar(name = "JSONObject")]
/// A JSON object.
impl ScalarType for JsonObject {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::Object(_) => Ok(Self(value.into_json()?)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

/// An opaque place in the workspace's event log; pass it as `after` to continue without a gap.
#[derive(Clone, Copy)]
pub(super) struct EventCursor(pub i64);

/// The form of the bytes behind a cursor.
const CURSOR_FORM: u8 = 1;

impl EventCursor {
    /// The text of the cursor.
    pub(super) fn encode(self) -> String {
        let mut bytes = vec![CURSOR_FORM];
        bytes.extend(self.0.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor's text.
    pub(super) fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (form, position) = bytes.split_first()?;
        let position = i64::from_be_bytes(position.try_into().ok()?);
        (*form == CURSOR_FORM && position >= 0).then_some(Self(position))
    }
}

#[Scalar]
/// An opaque place in the event log.
impl ScalarType for EventCursor {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        Self::decode(text).ok_or_else(|| InputValueError::custom("must be a cursor this API has given"))
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.encode())
    }
}
