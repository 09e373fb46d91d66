//! What was claimed and must not be sent: its endpoint was paused, disabled or deleted meanwhile, or
//! its event is no longer kept.

use std::collections::HashMap;

use entity::{DeliveryId, EndpointId, delivery};

use crate::domain::delivery::Fate;
use crate::service::{App, Error};
use crate::store;

/// Gives claims back; each comes with whether its event is still there.
pub(super) async fn put(app: &App, claimed: Vec<(delivery::Model, bool)>) -> Result<(), Error> {
    if claimed.is_empty() {
        return Ok(());
    }
    let (node, now) = (app.node, app.clock.now());
    app.bus.desk.let_go(claimed.iter().map(|(delivery, _)| &delivery.id));
    store::transact(&app.db, async move |tx| {
        let mut ids: Vec<EndpointId> = claimed.iter().map(|(delivery, _)| delivery.endpoint_id).collect();
        ids.sort_unstable();
        ids.dedup();
        // Locked, so that whoever enables an endpoint right now finds what is parked here.
        let endpoints = store::endpoint::lock_for_hub(&tx, &ids).await?;
        let fates: HashMap<_, _> = endpoints.iter().map(|row| (row.id, Fate::of(row, now))).collect();
        for fate in [Fate::Due(now), Fate::Parked, Fate::Cancelled] {
            let fate_of = |(delivery, has_event): &(delivery::Model, bool)| {
                let known = fates.get(&delivery.endpoint_id).filter(|_| *has_event);
                known.copied().unwrap_or(Fate::Cancelled)
            };
            let these: Vec<DeliveryId> =
                claimed.iter().filter(|one| fate_of(one) == fate).map(|(delivery, _)| delivery.id).collect();
            store::backlog::give_back(&tx, node, &these, fate).await?;
        }
        Ok(())
    })
    .await
}
