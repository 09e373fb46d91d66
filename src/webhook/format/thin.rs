//! `type`, `timestamp` and `data`, as Standard Webhooks recommend.

use serde::Serialize;
use serde_json::Value;

use super::{EventView, Format};
use crate::domain::instant;

/// The default format.
pub(super) struct Thin;

#[derive(Serialize)]
struct Payload<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: String,
    data: &'a Value,
}

impl Format for Thin {
    fn content_type(&self) -> &'static str {
        "application/json"
    }

    fn render(&self, event: &EventView) -> serde_json::Result<Vec<u8>> {
        let timestamp = instant::format(event.occurred_at);
        serde_json::to_vec(&Payload { kind: &event.kind, timestamp, data: &event.data })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{event, text};
    use super::*;

    #[test]
    fn a_thin_payload_has_exactly_type_timestamp_and_data() {
        insta::assert_snapshot!(text(&Thin, &event()), @r#"{"type":"link.completed","timestamp":"2026-11-22T10:00:00.250Z","data":{"link":{"id":"lnk_00000000000000000000000000000002","sequence":5}}}"#);
    }
}
