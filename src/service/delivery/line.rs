//! Lines of ordered endpoints, as attempts see them.

use std::collections::{BTreeSet, HashSet};

use entity::{DeliveryId, DeliveryOrdering, DeliveryStatus, LinkId, Timestamp, delivery, endpoint};

use super::Report;
use crate::service::Error;
use crate::store::{self, Tx};

/// Whether a delivery should stand in a line and does not yet: it waited already when the endpoint became
/// ordered.
pub(super) fn is_outside(delivery: &delivery::Model, endpoint: &endpoint::Model) -> bool {
    let is_ordered = endpoint.ordering == DeliveryOrdering::PerLink;
    is_ordered && delivery.link_id.is_some() && delivery.sequence.is_none()
}

/// Lets those go that stood behind what has come to its end. Nothing is asked where nothing stands in line.
pub(super) async fn go_on(
    tx: &Tx,
    ended: &[(&Report, DeliveryStatus)],
    in_line: &HashSet<DeliveryId>,
    now: Timestamp,
) -> Result<(), Error> {
    let over = ended.iter().filter(|(report, status)| {
        *status != DeliveryStatus::Pending && in_line.contains(&report.taken.delivery.id)
    });
    let (mut ids, mut links) = (Vec::new(), BTreeSet::<LinkId>::new());
    for (report, _) in over {
        ids.push(report.taken.delivery.id);
        links.extend(report.taken.delivery.link_id);
    }
    if !ids.is_empty() {
        store::line::release(tx, &ids, links, now).await?;
    }
    Ok(())
}

/// Puts deliveries that were claimed outside of their lines into them.
pub(super) async fn adopt(
    tx: &Tx,
    endpoints: &[endpoint::Model],
    claimed: &[delivery::Model],
) -> Result<(), Error> {
    for endpoint in endpoints {
        let outside =
            claimed.iter().filter(|one| one.endpoint_id == endpoint.id && is_outside(one, endpoint));
        let outside: Vec<DeliveryId> = outside.map(|one| one.id).collect();
        if !outside.is_empty() {
            store::line::rearrange::adopt(tx, endpoint.id, &outside).await?;
        }
    }
    Ok(())
}
