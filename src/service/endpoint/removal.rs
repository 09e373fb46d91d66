//! Deleting an endpoint.

use entity::{EndpointId, Strings, endpoint};

use crate::domain::delivery::Fate;
use crate::service::{App, Caller, Error, audit};
use crate::store;

/// Deletes an endpoint with its secrets; what waits for it is cancelled, and its deliveries stay listed.
/// Returns it as it was last.
///
/// # Errors
/// [`Error::NotFound`] if the caller's workspace has no such endpoint.
pub async fn delete(app: &App, caller: &Caller, id: EndpointId) -> Result<endpoint::Model, Error> {
    let (workspace, now) = (caller.workspace, app.clock.now());
    audit::transact(app, caller, "deleteWebhookEndpoint", async move |tx| {
        let row = store::endpoint::lock(&tx, workspace, id).await?;
        let mut deleted = row.clone();
        (deleted.deleted_at, deleted.headers, deleted.header_names) = (Some(now), None, Strings::default());
        store::endpoint::update(&tx, deleted).await?;
        store::endpoint_secret::delete_of(&tx, workspace, id).await?;
        store::recovery::delete_of(&tx, workspace, id).await?;
        store::backlog::move_to(&tx, &[id], Fate::Cancelled).await?;
        Ok(audit::changed(id, row))
    })
    .await
}
