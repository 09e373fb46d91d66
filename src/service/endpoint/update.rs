//! Changing an endpoint; pausing and enabling it.

use std::time::Duration;

use entity::{DeliveryOrdering, EndpointId, EndpointStatus, PayloadFormat, Strings, Timestamp, endpoint};

use super::{fields, seal};
use crate::domain::Secret;
use crate::domain::delivery::Fate;
use crate::domain::hint::Hint;
use crate::service::{App, Caller, Error, audit};
use crate::store;

/// What becomes of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays as it is.
    Keep,
    /// It becomes this.
    To(T),
}

impl<T> Change<T> {
    fn given(&self) -> Option<&T> {
        match self {
            Self::Keep => None,
            Self::To(value) => Some(value),
        }
    }
}

/// What to change of an endpoint.
pub struct Changes {
    /// Which endpoint.
    pub id: EndpointId,
    /// Where to send from now on, also what already waits.
    pub url: Change<String>,
    /// For people.
    pub description: Change<Option<String>>,
    /// What to send of what happens from now on.
    pub event_types: Change<Vec<String>>,
    /// Enabled or paused.
    pub status: Change<EndpointStatus>,
    /// What the body looks like.
    pub format: Change<PayloadFormat>,
    /// Whether deliveries of one link wait for each other.
    pub ordering: Change<DeliveryOrdering>,
    /// All static headers, in place of those before.
    pub headers: Change<Vec<(String, Secret)>>,
    /// Pauses between attempts; `None` = the default schedule.
    pub retry_schedule: Change<Option<Vec<Duration>>>,
    /// The most deliveries a node sends in a second; `None` = as many as it takes.
    pub rate_limit: Change<Option<i32>>,
}

/// Changes an endpoint. Pausing parks what waits for it; enabling sends it, the oldest first.
///
/// # Errors
/// [`Error::Invalid`] with the field; [`Error::NotFound`] if the caller's workspace has no such endpoint.
pub async fn update(app: &App, caller: &Caller, changes: Changes) -> Result<endpoint::Model, Error> {
    fits(app, &changes).await?;
    let (workspace, now) = (caller.workspace, app.clock.now());
    let headers = changes.headers.given();
    let headers = headers.map(|pairs| seal::headers(app, workspace, changes.id, pairs)).transpose()?;
    audit::transact(app, caller, "updateWebhookEndpoint", async move |tx| {
        let mut row = store::endpoint::lock(&tx, workspace, changes.id).await?;
        let fate = Fate::of(&row, now);
        if let Some(sealed) = headers {
            row.headers = sealed;
        }
        let row = changed(row, changes);
        store::endpoint::update(&tx, row.clone()).await?;
        let new_fate = Fate::of(&row, now);
        if new_fate != fate {
            store::backlog::move_to(&tx, &[row.id], new_fate).await?;
        }
        if row.is_rearranged {
            tx.hint(Hint::Backlog);
        }
        Ok(audit::changed(row.id, row))
    })
    .await
}

async fn fits(app: &App, changes: &Changes) -> Result<(), Error> {
    if let Change::To(url) = &changes.url {
        fields::url(app, url).await?;
    }
    if let Change::To(description) = &changes.description {
        fields::description(description.as_deref())?;
    }
    if let Change::To(types) = &changes.event_types {
        fields::event_types(types)?;
    }
    if changes.status == Change::To(EndpointStatus::Disabled) {
        return Err(Error::invalid("status", "must be ENABLED or PAUSED"));
    }
    if let Change::To(limit) = &changes.rate_limit {
        fields::rate_limit(*limit)?;
    }
    if let Change::To(headers) = &changes.headers {
        fields::headers(headers)?;
    }
    if let Change::To(schedule) = &changes.retry_schedule {
        fields::retry_schedule(schedule.as_deref())?;
    }
    Ok(())
}

fn changed(mut row: endpoint::Model, changes: Changes) -> endpoint::Model {
    if let Change::To(url) = changes.url
        && url != row.url
    {
        row.url = url;
        forget_failures(&mut row);
    }
    if let Change::To(description) = changes.description {
        row.description = description;
    }
    if let Change::To(types) = changes.event_types {
        row.event_types = Strings(types);
    }
    if let Change::To(status) = changes.status
        && status != row.status
    {
        (row.status, row.disabled_reason) = (status, None);
        forget_failures(&mut row);
    }
    if let Change::To(format) = changes.format {
        row.format = format;
    }
    if let Change::To(ordering) = changes.ordering
        && ordering != row.ordering
    {
        (row.ordering, row.is_rearranged) = (ordering, true);
    }
    if let Change::To(limit) = changes.rate_limit {
        row.rate_limit = limit;
    }
    if let Change::To(headers) = changes.headers {
        row.header_names = fields::names(&headers);
    }
    if let Change::To(schedule) = changes.retry_schedule {
        row.retry_schedule = schedule.as_deref().map(fields::stored_schedule);
    }
    row
}

/// Another receiver, or one that the partner has looked after, starts with a clean sheet.
fn forget_failures(row: &mut endpoint::Model) {
    (row.failing_since, row.warned_at) = (None::<Timestamp>, None);
}

#[cfg(test)]
mod tests {
    use entity::{SignatureScheme, WorkspaceId};

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_341_600_000);

    fn disabled() -> endpoint::Model {
        endpoint::Model {
            id: EndpointId::new(NOW),
            workspace_id: WorkspaceId::new(NOW),
            url: "https://a.example/hook".to_owned(),
            description: Some("orders".to_owned()),
            event_types: Strings(vec!["link.*".to_owned()]),
            status: EndpointStatus::Disabled,
            disabled_reason: Some("gone".to_owned()),
            signature: SignatureScheme::StandardV1,
            format: PayloadFormat::Thin,
            ordering: DeliveryOrdering::None,
            is_rearranged: false,
            rate_limit: Some(10),
            header_names: Strings::default(),
            headers: None,
            retry_schedule: Some(serde_json::json!([50])),
            failing_since: Some(NOW),
            warned_at: Some(NOW),
            created_at: NOW,
            deleted_at: None,
        }
    }

    fn nothing(id: EndpointId) -> Changes {
        Changes {
            id,
            url: Change::Keep,
            description: Change::Keep,
            event_types: Change::Keep,
            status: Change::Keep,
            format: Change::Keep,
            ordering: Change::Keep,
            headers: Change::Keep,
            retry_schedule: Change::Keep,
            rate_limit: Change::Keep,
        }
    }

    #[test]
    fn what_is_not_named_stays_as_it_is() {
        let row = disabled();

        assert_eq!(changed(row.clone(), nothing(row.id)), row);
    }

    #[test]
    fn what_is_cleared_differs_from_what_is_kept() {
        let row = disabled();
        let cleared =
            Changes { description: Change::To(None), retry_schedule: Change::To(None), ..nothing(row.id) };

        let row = changed(row, cleared);

        assert_eq!((row.description, row.retry_schedule), (None, None));
    }

    #[test]
    fn a_new_status_and_a_new_address_forget_the_failures_and_the_same_ones_do_not() {
        let row = disabled();
        let same = Changes {
            url: Change::To(row.url.clone()),
            status: Change::To(EndpointStatus::Disabled),
            ..nothing(row.id)
        };
        assert_eq!(changed(row.clone(), same), row);

        let enabled =
            changed(row.clone(), Changes { status: Change::To(EndpointStatus::Enabled), ..nothing(row.id) });
        assert_eq!((enabled.disabled_reason, enabled.failing_since, enabled.warned_at), (None, None, None));

        let moved = Changes { url: Change::To("https://b.example/hook".to_owned()), ..nothing(row.id) };
        assert_eq!(changed(row, moved).failing_since, None);
    }
}
