//! What waits for an endpoint: parked while it must not be sent to, due again afterwards.
//!
//! A backlog may be a million rows, so it is moved in batches. Nothing is lost in between: a parked
//! row that should be due is found by the next `service::backlog::straighten`, a due row that should
//! be parked is given back when it is claimed. What a node holds right now is left alone.

use entity::{DeliveryId, DeliveryStatus, EndpointId, NodeId, WorkspaceId, delivery};
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, UpdateMany};

use super::rows::one_of;
use super::{Error, Tx};
use crate::domain::delivery::Fate;
use crate::domain::hint::Hint;

/// How many deliveries are moved in one statement: a few milliseconds of work.
pub const BATCH: u64 = 1_000;

/// Moves what waits for `endpoints`, the oldest first, at most [`BATCH`]; returns how many it were. If
/// there may be more, the backlog's worker is told.
///
/// # Errors
/// If the database refuses.
pub async fn move_to(tx: &Tx, endpoints: &[EndpointId], fate: Fate) -> Result<u64, Error> {
    if endpoints.is_empty() {
        return Ok(0);
    }
    let moved = set(fate)
        .filter(delivery::Column::Id.in_subquery(others(endpoints, fate)))
        // Once more for what another transaction has changed since the rows were found.
        .filter(delivery::Column::Status.eq(DeliveryStatus::Pending))
        .filter(delivery::Column::ClaimedBy.is_null())
        .exec(tx)
        .await?
        .rows_affected;
    if moved >= BATCH {
        tx.hint(Hint::Backlog);
    }
    Ok(told(tx, fate, moved))
}

/// Gives back what `node` has claimed and must not send.
///
/// # Errors
/// If the database refuses.
pub async fn give_back(tx: &Tx, node: NodeId, ids: &[DeliveryId], fate: Fate) -> Result<u64, Error> {
    let given = set(fate)
        .col_expr(delivery::Column::ClaimedBy, Expr::value(Option::<NodeId>::None))
        .filter(one_of(delivery::Column::Id, ids.iter().copied()))
        .filter(delivery::Column::ClaimedBy.eq(node))
        .exec(tx)
        .await?;
    Ok(told(tx, fate, given.rows_affected))
}

/// Makes deliveries that have not arrived wait again, their schedule from its beginning; what is being
/// sent is left alone.
///
/// # Errors
/// If the database refuses.
pub async fn revive(tx: &Tx, ids: &[DeliveryId], fate: Fate) -> Result<u64, Error> {
    if ids.is_empty() {
        return Ok(0);
    }
    let revived = renew(fate)
        .filter(one_of(delivery::Column::Id, ids.iter().copied()))
        .filter(delivery::Column::Status.ne(DeliveryStatus::Delivered))
        .exec(tx)
        .await?;
    Ok(told(tx, fate, revived.rows_affected))
}

/// Makes one delivery wait again whatever became of it; what is being sent is left alone.
///
/// # Errors
/// If the database refuses.
pub async fn resend(tx: &Tx, workspace: WorkspaceId, id: DeliveryId, fate: Fate) -> Result<u64, Error> {
    let resent = renew(fate)
        .filter(delivery::Column::WorkspaceId.eq(workspace))
        .filter(delivery::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(told(tx, fate, resent.rows_affected))
}

fn renew(fate: Fate) -> UpdateMany<delivery::Entity> {
    set(fate)
        .col_expr(delivery::Column::AttemptsBefore, Expr::col(delivery::Column::AttemptCount))
        .filter(delivery::Column::ClaimedBy.is_null())
}

fn set(fate: Fate) -> UpdateMany<delivery::Entity> {
    delivery::Entity::update_many()
        .col_expr(delivery::Column::Status, Expr::value(fate.status()))
        .col_expr(delivery::Column::NextAttemptAt, Expr::value(fate.next_attempt_at()))
}

/// What waits for `endpoints` and has another fate.
fn others(endpoints: &[EndpointId], fate: Fate) -> SelectStatement {
    let mut waiting = Query::select();
    waiting
        .column(delivery::Column::Id)
        .from(delivery::Entity)
        .and_where(one_of(delivery::Column::EndpointId, endpoints.iter().copied()))
        .and_where(delivery::Column::Status.eq(DeliveryStatus::Pending))
        .and_where(delivery::Column::ClaimedBy.is_null())
        .order_by(delivery::Column::Id, Order::Asc)
        .limit(BATCH);
    match fate {
        Fate::Due(_) => waiting.and_where(delivery::Column::NextAttemptAt.is_null()),
        Fate::Parked => waiting.and_where(delivery::Column::NextAttemptAt.is_not_null()),
        Fate::Cancelled => &mut waiting,
    };
    waiting
}

/// Wakes the hub if there is something to send; returns how much was moved.
fn told(tx: &Tx, fate: Fate, moved: u64) -> u64 {
    if moved > 0 && matches!(fate, Fate::Due(_)) {
        tx.hint(Hint::Deliveries);
    }
    moved
}
