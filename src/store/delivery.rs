//! Deliveries: the queue of the webhook hub, and the attempts at each.
//!
//! A claim is a node's id on the row. It has no clock of its own: when the node is gone, `node`
//! frees everything it held. A verdict is only written while the claim still stands, so a node that
//! was taken for dead and comes back changes nothing.

pub mod claim;
mod filter;

pub use claim::claim;
pub use filter::{Filter, list};

use std::collections::{HashMap, HashSet};

use entity::{DeliveryId, DeliveryStatus, DeliveryTurn, NodeId, Timestamp, WorkspaceId, attempt, delivery};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::{Error, Tx};
use crate::domain::hint::Hint;

/// How many rows one statement inserts: with thirteen columns each, far below SQLite's 32,766 parameters.
const INSERT: usize = 1_000;

/// What one attempt changes on its delivery.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// What it is now.
    pub status: DeliveryStatus,
    /// How many attempts were made.
    pub attempt_count: i32,
    /// When the next one is due; `None` if it is over or parked.
    pub next_attempt_at: Option<Timestamp>,
    /// The attempt it follows from, if one was made.
    pub attempt: Option<attempt::Model>,
}

/// What was settled.
pub struct Settled {
    /// All that was.
    pub deliveries: HashSet<DeliveryId>,
    /// What of it stands in a line.
    pub in_line: HashSet<DeliveryId>,
}

/// Adds many deliveries, a thousand in a statement, and wakes the hub.
///
/// # Errors
/// If the database refuses.
pub async fn insert_many(tx: &Tx, rows: Vec<delivery::Model>) -> Result<(), Error> {
    for chunk in rows.chunks(INSERT) {
        let rows = chunk.iter().map(|row| row.clone().into_active_model().reset_all());
        delivery::Entity::insert_many(rows).exec_without_returning(tx).await?;
        tx.hint(Hint::Deliveries);
    }
    Ok(())
}

/// Gives claimed deliveries back.
///
/// # Errors
/// If the database refuses.
pub async fn release(tx: &Tx, node: NodeId, ids: &[DeliveryId]) -> Result<(), Error> {
    delivery::Entity::update_many()
        .col_expr(delivery::Column::ClaimedBy, Expr::value(Option::<NodeId>::None))
        .filter(delivery::Column::ClaimedBy.eq(node))
        .filter(delivery::Column::Id.is_in(ids.iter().copied()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Writes attempts and what follows from each, and returns which deliveries that were: only those that
/// `node` still holds and that have not been attempted since, so that a claim that was lost and taken
/// again settles nothing twice.
///
/// # Errors
/// If the database refuses.
pub async fn settle(tx: &Tx, node: NodeId, verdicts: Vec<Verdict>) -> Result<Settled, Error> {
    let held: Vec<(DeliveryId, i32, Option<i64>)> = delivery::Entity::find()
        .select_only()
        .columns([delivery::Column::Id, delivery::Column::AttemptCount, delivery::Column::Sequence])
        .filter(delivery::Column::ClaimedBy.eq(node))
        .filter(delivery::Column::Id.is_in(verdicts.iter().map(|verdict| verdict.delivery)))
        .into_tuple()
        .all(tx)
        .await?;
    let in_line = held.iter().filter(|(.., sequence)| sequence.is_some()).map(|(id, ..)| *id).collect();
    let mut held: HashMap<DeliveryId, i32> = held.into_iter().map(|(id, made, _)| (id, made)).collect();
    let mut verdicts = verdicts;
    verdicts.retain(|verdict| {
        let made = i32::from(verdict.attempt.is_some());
        held.remove(&verdict.delivery).is_some_and(|before| before + made == verdict.attempt_count)
    });
    let settled = verdicts.iter().map(|verdict| verdict.delivery).collect();
    let attempts: Vec<_> = verdicts.iter_mut().filter_map(|verdict| verdict.attempt.take()).collect();
    if !attempts.is_empty() {
        let rows = attempts.into_iter().map(|row| row.into_active_model().reset_all());
        attempt::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    if verdicts.iter().any(|verdict| verdict.next_attempt_at.is_some()) {
        // The hub sleeps until the next one is due, and that may be earlier now.
        tx.hint(Hint::Deliveries);
    }
    let (first_try, others): (Vec<_>, Vec<_>) = verdicts
        .into_iter()
        .partition(|verdict| verdict.status == DeliveryStatus::Delivered && verdict.attempt_count == 1);
    if let Some(one) = first_try.first() {
        // By far the most frequent verdict: one statement for all of them.
        write(tx, one, first_try.iter().map(|verdict| verdict.delivery)).await?;
    }
    for verdict in others {
        write(tx, &verdict, [verdict.delivery]).await?;
    }
    Ok(Settled { deliveries: settled, in_line })
}

async fn write(tx: &Tx, verdict: &Verdict, ids: impl IntoIterator<Item = DeliveryId>) -> Result<(), Error> {
    // What is parked is no late retry once it may be sent again.
    let turn = verdict.next_attempt_at.map_or(DeliveryTurn::Next, |_| DeliveryTurn::Retry);
    delivery::Entity::update_many()
        .col_expr(delivery::Column::Status, Expr::value(verdict.status))
        .col_expr(delivery::Column::AttemptCount, Expr::value(verdict.attempt_count))
        .col_expr(delivery::Column::NextAttemptAt, Expr::value(verdict.next_attempt_at))
        .col_expr(delivery::Column::Turn, Expr::value(turn))
        .col_expr(delivery::Column::ClaimedBy, Expr::value(Option::<NodeId>::None))
        .filter(delivery::Column::Id.is_in(ids))
        .exec(tx)
        .await?;
    Ok(())
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
    Ok(query.filter(delivery::Column::Id.is_in(ids)).all(db).await?)
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
