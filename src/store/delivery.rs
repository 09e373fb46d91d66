//! Deliveries: the queue of the webhook hub, and the attempts at each.
//!
//! A claim is a node's id on the row. It has no clock of its own: when the node is gone, `node`
//! frees everything it held. A verdict is only written while the claim still stands, so a node that
//! was taken for dead and comes back changes nothing.

pub mod claim;
mod filter;
mod settle;

pub use claim::claim;
pub use filter::{Filter, list};
pub use settle::{Settled, Verdict, settle};

use entity::{DeliveryId, NodeId, Timestamp, WorkspaceId, attempt, delivery};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::page::first_of_each;
use super::rows::{self, one_of};
use super::{Error, Tx};
use crate::domain::delivery::Fresh;
use crate::domain::hint::Hint;

/// Adds deliveries. What is due at once is claimed for this process's sender, if it has room; for the
/// rest it is woken.
///
/// # Errors
/// If the database refuses.
pub async fn insert_many(tx: &Tx, fresh: Vec<Fresh>) -> Result<(), Error> {
    let mut fresh = fresh;
    for Fresh { delivery, .. } in &mut fresh {
        let is_due = delivery.next_attempt_at.is_some_and(|at| at <= delivery.created_at);
        delivery.claimed_by = if is_due { tx.taker(delivery.endpoint_id) } else { None };
    }
    if fresh.iter().any(|fresh| fresh.delivery.claimed_by.is_none()) {
        tx.hint(Hint::Deliveries);
    }
    let rows: Vec<_> = fresh.iter().map(|fresh| fresh.delivery.clone()).collect();
    tx.hand_over(fresh.into_iter().filter(|fresh| fresh.delivery.claimed_by.is_some()));
    rows::insert(tx, rows).await
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

/// When the first of the deliveries that `node` has claimed was due.
///
/// # Errors
/// If the database does not answer.
pub async fn first_due_of(db: &impl ConnectionTrait, node: NodeId) -> Result<Option<Timestamp>, Error> {
    let query = delivery::Entity::find()
        .select_only()
        .column_as(delivery::Column::NextAttemptAt.min(), "due_at")
        .filter(delivery::Column::ClaimedBy.eq(node));
    Ok(query.into_tuple::<Option<Timestamp>>().one(db).await?.flatten())
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

/// The first `limit` attempts after number `after` at each of several deliveries, in order.
///
/// # Errors
/// If the database does not answer.
pub async fn first_attempts(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: impl IntoIterator<Item = DeliveryId>,
    (after, limit): (i32, u64),
) -> Result<Vec<attempt::Model>, Error> {
    let query = attempt::Entity::find()
        .filter(attempt::Column::WorkspaceId.eq(workspace))
        .filter(one_of(attempt::Column::DeliveryId, ids))
        .filter(attempt::Column::Number.gt(after));
    Ok(first_of_each(db, query, (attempt::Column::DeliveryId, attempt::Column::Number), limit).await?)
}
