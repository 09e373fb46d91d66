//! Trying an endpoint out.

use entity::{EndpointId, EndpointStatus, delivery};

use crate::domain::event::{Facts, Kind};
use crate::service::event::{self, Record};
use crate::service::{App, Caller, Error, audit};
use crate::store;

/// Sends a `webhook.test` event to one endpoint and no other, whatever it has asked for.
///
/// # Errors
/// [`Error::NotFound`] if the caller's workspace has no such endpoint; [`Error::Conflict`] if it is not
/// sent to now.
pub async fn send_test(app: &App, caller: &Caller, id: EndpointId) -> Result<delivery::Model, Error> {
    let (workspace, now) = (caller.workspace, app.clock.now());
    audit::transact(app, caller, "sendTestEvent", async move |tx| {
        let endpoint = store::endpoint::lock(&tx, workspace, id).await?;
        if endpoint.status != EndpointStatus::Enabled {
            let status = endpoint.status.as_str();
            return Err(Error::Conflict(format!(
                "the endpoint is {status}: enable it before you try it out"
            )));
        }
        let facts = Facts { endpoint_id: Some(id), ..Facts::default() };
        let record = Record { workspace, link: None, kind: Kind::WebhookTest, facts, in_hand: None };
        Ok(audit::changed(id, event::record_for(&tx, now, &record, &endpoint).await?))
    })
    .await
}
