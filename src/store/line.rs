//! Lines: what goes to an ordered endpoint about one link goes one after another.
//!
//! A delivery that stands in a line has its event's number among the link's (`sequence`). All but the
//! foremost are `BEHIND`: they have no due time, so no claim and no wait of the hub ever meets them,
//! however many they are. Whatever ends the foremost lets the next one go, in the same transaction.
//!
//! Nobody is left behind. Whoever joins a line holds the lock of its link (events of a link are
//! recorded under it), and whoever has ended a delivery takes that lock before it looks for the next
//! one: either the one who joins sees that nothing is ahead, or the one who looks sees it waiting.
//! Locks are taken in the order deliveries that a node holds, endpoints, links (by their ids).
//!
//! `rearrange` makes lines where there were none, and none where there were some; `stray` looks for those
//! who were left behind all the same.

pub mod rearrange;
pub mod stray;

use std::collections::{BTreeSet, HashSet};

use entity::{DeliveryId, DeliveryStatus, DeliveryTurn, EndpointId, LinkId, Timestamp, delivery, link};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, LockType, Query, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Error, Tx};
use crate::domain::hint::Hint;

/// Puts new deliveries behind what their links still wait for. Their events were recorded by this
/// transaction, so it holds the locks of their links.
///
/// # Errors
/// If the database does not answer.
pub async fn join(tx: &Tx, rows: &mut [delivery::Model]) -> Result<(), Error> {
    // The first event of a link finds nothing ahead: createLink asks nothing.
    let later = rows.iter().filter(|row| row.sequence.is_some_and(|number| number > 1));
    let mut ahead = HashSet::new();
    let (links, endpoints): (HashSet<_>, HashSet<_>) =
        later.map(|row| (row.link_id, row.endpoint_id)).unzip();
    if !links.is_empty() {
        ahead = waiting(tx, links.into_iter().flatten(), endpoints).await?;
    }
    for row in rows.iter_mut().filter(|row| row.sequence.is_some()) {
        if row.link_id.is_some_and(|link| !ahead.insert((row.endpoint_id, link))) {
            (row.turn, row.next_attempt_at) = (DeliveryTurn::Behind, None);
        }
    }
    Ok(())
}

async fn waiting(
    tx: &Tx,
    links: impl Iterator<Item = LinkId>,
    endpoints: HashSet<EndpointId>,
) -> Result<HashSet<(EndpointId, LinkId)>, Error> {
    let query = delivery::Entity::find()
        .select_only()
        .distinct()
        .columns([delivery::Column::EndpointId, delivery::Column::LinkId])
        .filter(delivery::Column::EndpointId.is_in(endpoints))
        .filter(delivery::Column::LinkId.is_in(links))
        .filter(delivery::Column::Sequence.is_not_null())
        .filter(delivery::Column::Status.eq(DeliveryStatus::Pending));
    Ok(query.into_tuple().all(tx).await?.into_iter().collect())
}

/// Lets those go that stood behind these deliveries of these links and have nothing ahead any more.
///
/// # Errors
/// If the database refuses.
pub async fn release(
    tx: &Tx,
    ended: &[DeliveryId],
    links: BTreeSet<LinkId>,
    now: Timestamp,
) -> Result<(), Error> {
    let mut of_these = Query::select();
    of_these
        .columns([delivery::Column::EndpointId, delivery::Column::LinkId])
        .from(delivery::Entity)
        .and_where(delivery::Column::Id.is_in(ended.iter().copied()))
        .and_where(delivery::Column::Sequence.is_not_null());
    let columns = [delivery::Column::EndpointId, delivery::Column::LinkId].map(Expr::col);
    let_go(tx, Expr::tuple(columns).in_subquery(of_these), links, now).await?;
    Ok(())
}

/// Makes those of `which` due that have nothing ahead; returns how many they were.
pub(super) async fn let_go(
    tx: &Tx,
    which: Expr,
    links: BTreeSet<LinkId>,
    now: Timestamp,
) -> Result<u64, Error> {
    lock(tx, links).await?;
    let gone = delivery::Entity::update_many()
        .col_expr(delivery::Column::Turn, Expr::value(DeliveryTurn::Next))
        .col_expr(delivery::Column::NextAttemptAt, Expr::value(now))
        .filter(which)
        .filter(delivery::Column::Sequence.is_not_null())
        .filter(delivery::Column::Status.eq(DeliveryStatus::Pending))
        .filter(delivery::Column::Turn.eq(DeliveryTurn::Behind))
        .filter(Expr::exists(ahead()).not())
        .exec(tx)
        .await?;
    if gone.rows_affected > 0 {
        tx.hint(Hint::Deliveries);
    }
    Ok(gone.rows_affected)
}

/// What waits ahead of the delivery that a statement looks at.
pub(super) fn ahead() -> SelectStatement {
    let (ahead, this) = (Alias::new("ahead"), delivery::Entity);
    let of = |column| Expr::col((ahead.clone(), column));
    let same = |column| of(column).eq(Expr::col((this, column)));
    let mut query = Query::select();
    query
        .expr(Expr::value(1))
        .from_as(delivery::Entity, ahead.clone())
        .and_where(same(delivery::Column::EndpointId))
        .and_where(same(delivery::Column::LinkId))
        .and_where(of(delivery::Column::Sequence).lt(Expr::col((this, delivery::Column::Sequence))))
        .and_where(of(delivery::Column::Status).eq(DeliveryStatus::Pending));
    query
}

/// Locks links until the transaction ends, always in the same order.
async fn lock(tx: &Tx, links: BTreeSet<LinkId>) -> Result<(), Error> {
    if tx.is_concurrent() && !links.is_empty() {
        let query = link::Entity::find().select_only().column(link::Column::Id);
        let query = query.filter(link::Column::Id.is_in(links)).order_by_asc(link::Column::Id);
        // Rows that only refer to a link need not wait.
        query.lock(LockType::NoKeyUpdate).into_tuple::<LinkId>().all(tx).await?;
    }
    Ok(())
}

/// Makes what waits for an endpoint about these links stand in line, also what is due already: the
/// foremost stays as it is. What a node holds right now is left alone, and stands ahead.
///
/// # Errors
/// If the database refuses.
pub async fn line_up(tx: &Tx, endpoint: EndpointId, links: BTreeSet<LinkId>) -> Result<(), Error> {
    if links.is_empty() {
        return Ok(());
    }
    lock(tx, links.clone()).await?;
    delivery::Entity::update_many()
        .col_expr(delivery::Column::Turn, Expr::value(DeliveryTurn::Behind))
        .col_expr(delivery::Column::NextAttemptAt, Expr::value(Option::<Timestamp>::None))
        .filter(delivery::Column::EndpointId.eq(endpoint))
        .filter(delivery::Column::LinkId.is_in(links))
        .filter(delivery::Column::Sequence.is_not_null())
        .filter(delivery::Column::Status.eq(DeliveryStatus::Pending))
        .filter(delivery::Column::ClaimedBy.is_null())
        .filter(delivery::Column::Turn.ne(DeliveryTurn::Behind))
        .filter(Expr::exists(ahead()))
        .exec(tx)
        .await?;
    Ok(())
}
