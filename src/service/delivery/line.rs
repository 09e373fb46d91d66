//! Lines of ordered endpoints, as attempts see them.

use std::collections::HashSet;

use entity::{DeliveryId, DeliveryOrdering, DeliveryStatus, Timestamp, delivery, endpoint};

use super::Report;
use crate::service::Error;
use crate::store::line::Line;
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
    let over = ended
        .iter()
        .map(|(report, status)| (&report.taken.delivery, status))
        .filter(|(delivery, status)| **status != DeliveryStatus::Pending && in_line.contains(&delivery.id));
    // Whether it stands in a line is what the row says now: it may have got its number while it was out.
    let lines = over.filter_map(|(delivery, _)| {
        Some(Line { endpoint_id: delivery.endpoint_id, link_id: delivery.link_id? })
    });
    let lines = lines.collect();
    store::line::release(tx, lines, now).await?;
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
