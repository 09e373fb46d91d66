//! Strays: deliveries that stand behind nothing.
//!
//! There should be none. But what is ahead may go away in ways that nobody thought of, and a delivery
//! that is never sent is worse than a query now and then. A look takes a window of all that stand behind
//! something, so it costs the same however many they are.

use std::collections::BTreeSet;

use entity::{DeliveryId, DeliveryStatus, DeliveryTurn, EndpointId, LinkId, Timestamp, delivery};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::{Line, is_led};
use crate::store::Error;

/// How many deliveries one look takes.
const WINDOW: u64 = 5_000;

/// Where a look has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    endpoint: EndpointId,
    after: DeliveryId,
}

/// What a look has found.
pub struct Found {
    /// The lines whose foremost stands behind nothing.
    pub strays: BTreeSet<Line>,
    /// Where the next look goes on; `None` at the end.
    pub next: Option<Place>,
}

/// Looks at a window of all that stand behind something, from a place or from the beginning.
///
/// # Errors
/// If the database does not answer.
pub async fn look(db: &impl ConnectionTrait, from: Option<Place>) -> Result<Found, Error> {
    let place = match from {
        Some(place) => Some(place),
        None => first_after(db, None).await?,
    };
    let Some(place) = place else { return Ok(Found { strays: BTreeSet::new(), next: None }) };
    let rows: Vec<(DeliveryId, Option<LinkId>, bool)> = behind()
        .select_only()
        .columns([delivery::Column::Id, delivery::Column::LinkId])
        .column_as(is_led(), "is_led")
        .filter(delivery::Column::EndpointId.eq(place.endpoint))
        .filter(delivery::Column::NextAttemptAt.is_null())
        .filter(delivery::Column::Id.gt(place.after))
        .order_by_asc(delivery::Column::Id)
        .limit(WINDOW)
        .into_tuple()
        .all(db)
        .await?;
    let next = match rows.last() {
        Some((last, ..)) if u64::try_from(rows.len()).is_ok_and(|seen| seen >= WINDOW) => {
            Some(Place { after: *last, ..place })
        }
        _ => first_after(db, Some(place.endpoint)).await?,
    };
    let line = |link_id| Line { endpoint_id: place.endpoint, link_id };
    let strays = rows.into_iter().filter(|(_, _, is_led)| !is_led);
    Ok(Found { strays: strays.filter_map(|(_, link, _)| link.map(line)).collect(), next })
}

async fn first_after(
    db: &impl ConnectionTrait,
    endpoint: Option<EndpointId>,
) -> Result<Option<Place>, Error> {
    let mut query = behind().select_only().column(delivery::Column::EndpointId);
    if let Some(endpoint) = endpoint {
        query = query.filter(delivery::Column::EndpointId.gt(endpoint));
    }
    let first: Option<EndpointId> =
        query.order_by_asc(delivery::Column::EndpointId).limit(1).into_tuple().one(db).await?;
    Ok(first.map(|endpoint| Place { endpoint, after: DeliveryId::first_at(Timestamp(0)) }))
}

fn behind() -> Select<delivery::Entity> {
    delivery::Entity::find()
        .filter(delivery::Column::Status.eq(DeliveryStatus::Pending))
        .filter(delivery::Column::Turn.eq(DeliveryTurn::Behind))
}
