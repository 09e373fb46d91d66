//! `CloudEvents` 1.0 in structured mode (section 3.1 of its HTTP binding): context and data in one JSON object.

use entity::EventId;
use serde::Serialize;
use serde_json::Value;

use super::{EventView, Format};
use crate::domain::instant;

/// For receivers behind an event mesh.
pub(super) struct CloudEvents;

#[derive(Serialize)]
struct Payload<'a> {
    specversion: &'static str,
    id: EventId,
    source: String,
    #[serde(rename = "type")]
    kind: &'a str,
    /// An attribute without a value must be absent, not null.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    time: String,
    datacontenttype: &'static str,
    data: &'a Value,
}

impl Format for CloudEvents {
    fn content_type(&self) -> &'static str {
        "application/cloudevents+json"
    }

    fn render(&self, event: &EventView) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Payload {
            specversion: "1.0",
            id: event.id,
            source: format!("/workspaces/{}", event.workspace),
            kind: &event.kind,
            subject: event.subject.as_deref(),
            time: instant::format(event.occurred_at),
            datacontenttype: "application/json",
            data: &event.data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{event, text};
    use super::*;

    #[test]
    fn a_cloud_event_has_the_required_context_around_the_data() {
        insta::assert_snapshot!(text(&CloudEvents, &event()), @r#"{"specversion":"1.0","id":"evt_0192f3a1b2c37d4e8f5061728394a5b6","source":"/workspaces/wsp_00000000000000000000000000000001","type":"link.completed","subject":"lnk_00000000000000000000000000000002","time":"2026-11-22T10:00:00.250Z","datacontenttype":"application/json","data":{"link":{"id":"lnk_00000000000000000000000000000002","sequence":5}}}"#);
    }

    #[test]
    fn an_event_about_nothing_in_particular_has_no_subject() {
        let rendered = text(&CloudEvents, &EventView { subject: None, ..event() });

        assert!(!rendered.contains("subject"));
    }
}
