//! One delivery once more, by the partner's wish.

use entity::{DeliveryId, delivery};

use crate::domain::delivery::Fate;
use crate::service::{App, Caller, Error, audit};
use crate::store;

/// Makes a delivery due now, whatever became of it, or parks it with the others if its endpoint is not
/// sent to. Its attempts go on counting, its schedule begins anew. One that is being sent right now is
/// left as it is.
///
/// # Errors
/// [`Error::NotFound`] if the caller's workspace has none; [`Error::Conflict`] if its endpoint or its
/// event is no longer there.
pub async fn resend(app: &App, caller: &Caller, id: DeliveryId) -> Result<delivery::Model, Error> {
    let (workspace, now) = (caller.workspace, app.clock.now());
    audit::transact(app, caller, "resendDelivery", async move |tx| {
        let found = store::delivery::get(&tx, workspace, id).await?;
        let endpoint = match store::endpoint::lock(&tx, workspace, found.endpoint_id).await {
            Err(store::Error::NotFound) => {
                return Err(Error::Conflict("the endpoint of this delivery was deleted".to_owned()));
            }
            locked => locked?,
        };
        if store::event::find_many(&tx, workspace, [found.event_id]).await?.is_empty() {
            return Err(Error::Conflict("the event of this delivery is no longer kept".to_owned()));
        }
        store::backlog::resend(&tx, workspace, id, Fate::of(&endpoint, now)).await?;
        Ok(audit::changed(id, store::delivery::get(&tx, workspace, id).await?))
    })
    .await
}
