//! What was claimed and must not be sent: its endpoint was paused, disabled or deleted meanwhile, or
//! its event is no longer kept; or it must not be sent yet, as it should stand in a line and does not.

use std::collections::{HashMap, HashSet};

use entity::{DeliveryId, EndpointId, delivery, endpoint};

use super::{Sending, line};
use crate::domain::delivery::Fate;
use crate::service::{App, Error};
use crate::store;

/// Gives back what waits to be sent, so that it is looked at anew.
///
/// # Errors
/// If the database does not answer; it is still claimed then.
pub async fn give_back(app: &App, sendings: &[Sending]) -> Result<(), Error> {
    put(app, sendings.iter().map(|sending| (sending.taken.delivery.clone(), true)).collect()).await
}

/// Those of `endpoints` that are not sent to now.
///
/// # Errors
/// If the database does not answer.
pub async fn shut(app: &App, endpoints: Vec<EndpointId>) -> Result<HashSet<EndpointId>, Error> {
    let now = app.clock.now();
    let rows = store::endpoint::for_hub(&app.db, endpoints).await?;
    let is_shut = |row: &&endpoint::Model| !matches!(Fate::of(row, now), Fate::Due(_));
    Ok(rows.iter().filter(is_shut).map(|row| row.id).collect())
}

/// Gives claims back; each comes with whether its event is still there.
pub(super) async fn put(app: &App, claimed: Vec<(delivery::Model, bool)>) -> Result<(), Error> {
    if claimed.is_empty() {
        return Ok(());
    }
    let (node, now) = (app.node, app.clock.now());
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
        let claimed: Vec<_> = claimed.into_iter().map(|(delivery, _)| delivery).collect();
        line::adopt(&tx, &endpoints, &claimed).await
    })
    .await
}
