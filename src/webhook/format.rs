//! What the body of a delivery looks like. A new format is one file beside this one and one line in [`of`].

mod cloud_events;
mod thin;

use entity::PayloadFormat;

use super::EventView;

/// A way to write an event.
pub trait Format: Send + Sync {
    /// The media type of what [`Format::render`] writes.
    fn content_type(&self) -> &'static str;

    /// Writes the event as the bytes of a body.
    ///
    /// # Errors
    /// Only a damaged event cannot be written.
    fn render(&self, event: &EventView) -> serde_json::Result<Vec<u8>>;
}

/// The format that an endpoint's row names.
#[must_use]
pub fn of(name: PayloadFormat) -> &'static dyn Format {
    match name {
        PayloadFormat::Thin => &thin::Thin,
        PayloadFormat::CloudEvents => &cloud_events::CloudEvents,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use entity::{EventId, Timestamp, WorkspaceId};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    pub(crate) fn text(format: &dyn Format, event: &EventView) -> String {
        String::from_utf8(format.render(event).unwrap()).unwrap()
    }

    pub(crate) fn event() -> EventView {
        EventView {
            id: EventId(Uuid::from_u128(0x0192_f3a1_b2c3_7d4e_8f50_6172_8394_a5b6)),
            kind: "link.completed".to_owned(),
            occurred_at: Timestamp(1_795_341_600_250),
            workspace: WorkspaceId(Uuid::from_u128(1)),
            subject: Some("lnk_00000000000000000000000000000002".to_owned()),
            data: json!({"link": {"id": "lnk_00000000000000000000000000000002", "sequence": 5}}),
        }
    }
}
