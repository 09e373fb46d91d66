//! Deliveries: the queue of the webhook hub, and the attempts at each.
//!
//! A claim is a node's id on the row. It has no clock of its own: when the node is gone, `node`
//! frees everything it held. A verdict is only written while the claim still stands, so a node that
//! was taken for dead and comes back changes nothing.

mod filter;
mod settle;

pub use filter::{Filter, list};
pub use settle::{Verdict, settle};

use entity::{DeliveryId, DeliveryStatus, EndpointId, NodeId, Timestamp, WorkspaceId, attempt, delivery};
use sea_orm::sea_query::{Expr, LockBehavior, LockType, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::rows::{self, one_of};
use super::{Error, Tx};
use crate::domain::hint::Hint;

/// Adds deliveries. What is due at once is claimed for this process's sender, if it has room; for the
/// rest it is woken.
///
/// # Errors
/// If the database refuses.
pub async fn insert_many(tx: &Tx, rows: Vec<delivery::Model>) -> Result<(), Error> {
    let mut rows = rows;
    for row in &mut rows {
        let is_due = row.next_attempt_at.is_some_and(|at| at <= row.created_at);
        row.claimed_by = if is_due { tx.taker(row.endpoint_id) } else { None };
    }
    if rows.iter().any(|row| row.claimed_by.is_none()) {
        tx.hint(Hint::Deliveries);
    }
    tx.hand_over(rows.iter().filter(|row| row.claimed_by.is_some()).cloned());
    rows::insert(tx, rows).await
}

/// Takes up to `limit` due deliveries for `node`, the longest due first, leaving out some endpoints.
///
/// # Errors
/// If the database refuses.
pub async fn claim(
    tx: &Tx,
    node: NodeId,
    now: Timestamp,
    limit: u64,
    except: &[EndpointId],
) -> Result<Vec<delivery::Model>, Error> {
    let mut due = Query::select();
    due.column(delivery::Column::Id)
        .from(delivery::Entity)
        .and_where(delivery::Column::Status.eq(DeliveryStatus::Pending))
        .and_where(delivery::Column::ClaimedBy.is_null())
        .and_where(delivery::Column::NextAttemptAt.lte(now))
        .order_by(delivery::Column::NextAttemptAt, sea_orm::Order::Asc)
        .order_by(delivery::Column::Id, sea_orm::Order::Asc)
        .limit(limit);
    if !except.is_empty() {
        due.and_where(delivery::Column::EndpointId.is_not_in(except.iter().copied()));
    }
    if tx.is_concurrent() {
        due.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    let mut rows = delivery::Entity::update_many()
        .col_expr(delivery::Column::ClaimedBy, Expr::value(node))
        .filter(delivery::Column::Id.in_subquery(due))
        .exec_with_returning(tx)
        .await?;
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}

/// What `node` has claimed.
///
/// # Errors
/// If the database does not answer.
pub async fn claimed_by(db: &impl ConnectionTrait, node: NodeId) -> Result<Vec<DeliveryId>, Error> {
    let query = delivery::Entity::find().select_only().column(delivery::Column::Id);
    Ok(query.filter(delivery::Column::ClaimedBy.eq(node)).into_tuple().all(db).await?)
}

/// Gives claimed deliveries back, and wakes the hub.
///
/// # Errors
/// If the database refuses.
pub async fn release(tx: &Tx, node: NodeId, ids: &[DeliveryId]) -> Result<(), Error> {
    delivery::Entity::update_many()
        .col_expr(delivery::Column::ClaimedBy, Expr::value(Option::<NodeId>::None))
        .filter(delivery::Column::ClaimedBy.eq(node))
        .filter(one_of(delivery::Column::Id, ids.iter().copied()))
        .exec(tx)
        .await?;
    tx.hint(Hint::Deliveries);
    Ok(())
}

/// When the next unclaimed delivery is due.
///
/// # Errors
/// If the database does not answer.
pub async fn next_due(db: &impl ConnectionTrait) -> Result<Option<Timestamp>, Error> {
    let row = delivery::Entity::find()
        .filter(delivery::Column::Status.eq(DeliveryStatus::Pending))
        .filter(delivery::Column::ClaimedBy.is_null())
        .filter(delivery::Column::NextAttemptAt.is_not_null())
        .order_by_asc(delivery::Column::NextAttemptAt)
        .one(db)
        .await?;
    Ok(row.and_then(|row| row.next_attempt_at))
}

/// The delivery with that id.
///
/// # Errors
/// [`Error::NotFound`] if the workspace has none.
pub async fn get(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: DeliveryId,
) -> Result<delivery::Model, Error> {
    let query = delivery::Entity::find_by_id(id).filter(delivery::Column::WorkspaceId.eq(workspace));
    query.one(db).await?.ok_or(Error::NotFound)
}

/// Those of `ids` that are in the workspace.
///
/// # Errors
/// If the database does not answer.
pub async fn find_many(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: impl IntoIterator<Item = DeliveryId>,
) -> Result<Vec<delivery::Model>, Error> {
    let query = delivery::Entity::find().filter(delivery::Column::WorkspaceId.eq(workspace));
    Ok(query.filter(one_of(delivery::Column::Id, ids)).all(db).await?)
}

/// The attempts at a delivery after number `after`, in order.
///
/// # Errors
/// If the database does not answer.
pub async fn attempts(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: DeliveryId,
    after: i32,
    limit: u64,
) -> Result<Vec<attempt::Model>, Error> {
    let query = attempt::Entity::find()
        .filter(attempt::Column::WorkspaceId.eq(workspace))
        .filter(attempt::Column::DeliveryId.eq(id))
        .filter(attempt::Column::Number.gt(after));
    Ok(query.order_by_asc(attempt::Column::Number).limit(limit).all(db).await?)
}
