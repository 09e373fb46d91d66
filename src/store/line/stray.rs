//! Strays: deliveries that stand behind nothing.
//!
//! There should be none. But what is ahead may go away in ways that nobody thought of, and a delivery
//! that is never sent is worse than a query now and then. A look takes a window of all that stand behind
//! something, so it costs the same however many they are.

use std::collections::BTreeSet;

use entity::{DeliveryId, DeliveryStatus, DeliveryTurn, EndpointId, LinkId, Timestamp, delivery};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::{ahead, let_go};
use crate::store::{Error, Tx};

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
    /// Those that have nothing ahead, with their links.
    pub strays: Vec<(DeliveryId, LinkId)>,
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
    let Some(place) = place else { return Ok(Found { strays: Vec::new(), next: None }) };
    let rows: Vec<(DeliveryId, Option<LinkId>, bool)> = behind()
        .select_only()
        .columns([delivery::Column::Id, delivery::Column::LinkId])
        .column_as(Expr::exists(ahead()), "is_led")
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
    let stray =
        |(id, link, is_led): (DeliveryId, Option<LinkId>, bool)| Some((id, link?)).filter(|_| !is_led);
    Ok(Found { strays: rows.into_iter().filter_map(stray).collect(), next })
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

/// Lets strays go, if they still are; returns how many they were.
///
/// # Errors
/// If the database refuses.
pub async fn release(tx: &Tx, strays: &[(DeliveryId, LinkId)], now: Timestamp) -> Result<u64, Error> {
    let ids = delivery::Column::Id.is_in(strays.iter().map(|(id, _)| *id));
    let links: BTreeSet<LinkId> = strays.iter().map(|(_, link)| *link).collect();
    let_go(tx, ids, links, now).await
}
