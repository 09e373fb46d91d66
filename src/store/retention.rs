//! Taking away what is too old to be kept, a small batch in each transaction.
//!
//! Ids sort by time, so what is old is the beginning of a table's own key: no batch reads more than it
//! deletes, but for rows that must stay. Those are left behind: a pass goes on after the last row it saw.

use std::collections::HashSet;
use std::time::Duration;

use entity::{
    DeliveryId, DeliveryStatus, EventId, LoginStatus, NodeId, PromptId, Timestamp, WorkspaceId, attempt,
    delivery, event, login, prompt,
};
use sea_orm::sea_query::{Expr, LockBehavior, LockType, Query};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};

use super::{Error, Tx, horizon, log};

/// How many rows a batch looks at: a few milliseconds of work, for which other writes may wait.
pub const BATCH: u64 = 100;

/// What a batch came to.
#[derive(Clone, Copy, Debug)]
pub struct Batch<K> {
    /// The last row it looked at; `None` if there was none.
    pub last: Option<K>,
    /// How many rows it deleted, those that hang on them not counted.
    pub deleted: u64,
    /// How many deliveries it cancelled, as nobody has let them be sent for so long.
    pub cancelled: u64,
}

#[derive(FromQueryResult)]
struct OldDelivery {
    id: DeliveryId,
    status: DeliveryStatus,
    next_attempt_at: Option<Timestamp>,
    claimed_by: Option<NodeId>,
}

impl OldDelivery {
    fn is_over(&self) -> bool {
        self.status != DeliveryStatus::Pending
    }

    fn is_parked(&self) -> bool {
        !self.is_over() && self.next_attempt_at.is_none() && self.claimed_by.is_none()
    }
}

/// Deletes deliveries of events from before `before` with their attempts, after the one at `after`. What
/// is still to be sent stays; what is parked is cancelled now and goes with the next pass.
///
/// # Errors
/// If the database refuses.
pub async fn deliveries(tx: &Tx, after: DeliveryId, before: Timestamp) -> Result<Batch<DeliveryId>, Error> {
    let old = old_deliveries(tx, after, before).await?;
    let ids = |which: fn(&OldDelivery) -> bool| -> Vec<DeliveryId> {
        old.iter().filter(|row| which(row)).map(|row| row.id).collect()
    };
    let (over, parked) = (ids(OldDelivery::is_over), ids(OldDelivery::is_parked));
    if !over.is_empty() {
        let theirs = attempt::Column::DeliveryId.is_in(over.iter().copied());
        attempt::Entity::delete_many().filter(theirs).exec(tx).await?;
        let these = delivery::Column::Id.is_in(over.iter().copied());
        delivery::Entity::delete_many().filter(these).exec(tx).await?;
    }
    if !parked.is_empty() {
        delivery::Entity::update_many()
            .col_expr(delivery::Column::Status, Expr::value(DeliveryStatus::Cancelled))
            .filter(delivery::Column::Id.is_in(parked.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(Batch {
        last: old.last().map(|row| row.id),
        deleted: over.len() as u64,
        cancelled: parked.len() as u64,
    })
}

/// Locked; those that somebody else has locked are being worked on, and left to the next pass.
async fn old_deliveries(tx: &Tx, after: DeliveryId, before: Timestamp) -> Result<Vec<OldDelivery>, Error> {
    let mut query = delivery::Entity::find()
        .select_only()
        .columns([
            delivery::Column::Id,
            delivery::Column::Status,
            delivery::Column::NextAttemptAt,
            delivery::Column::ClaimedBy,
        ])
        .filter(delivery::Column::Id.gt(after))
        .filter(delivery::Column::Id.lt(DeliveryId::first_at(before)))
        .order_by_asc(delivery::Column::Id)
        .limit(BATCH);
    if tx.is_concurrent() {
        query = query.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    Ok(query.into_model().all(tx).await?)
}

#[derive(FromQueryResult)]
struct OldEvent {
    position: i64,
    id: EventId,
    workspace_id: WorkspaceId,
    occurred_at: Timestamp,
}

/// Deletes the events from the beginning of the log up to the first one that did not happen before
/// `before`, after the one at `after`, and remembers how far their workspaces' logs are gone. Events that
/// are still to be sent stay, and so does the last event of all: the log's end must be known.
///
/// # Errors
/// If the database refuses.
pub async fn events(tx: &Tx, after: i64, before: Timestamp) -> Result<Batch<i64>, Error> {
    let old = old_events(tx, after, before).await?;
    let last = old.last().map(|row| row.position);
    let owed = owed(tx, &old).await?;
    let gone: Vec<OldEvent> = old.into_iter().filter(|row| !owed.contains(&row.id)).collect();
    if !gone.is_empty() {
        let these = event::Column::Position.is_in(gone.iter().map(|row| row.position));
        event::Entity::delete_many().filter(these).exec(tx).await?;
    }
    // In the order of the log: the last one of a workspace is the one that stays.
    horizon::raise(tx, gone.iter().map(|row| (row.workspace_id, row.position)).collect()).await?;
    Ok(Batch { last, deleted: gone.len() as u64, cancelled: 0 })
}

/// Locked, and waited for: of two nodes that delete at once the second finds nothing, so that what is
/// left never has a hole.
async fn old_events(tx: &Tx, after: i64, before: Timestamp) -> Result<Vec<OldEvent>, Error> {
    let mut query = event::Entity::find()
        .select_only()
        .columns([
            event::Column::Position,
            event::Column::Id,
            event::Column::WorkspaceId,
            event::Column::OccurredAt,
        ])
        .filter(event::Column::Position.gt(after))
        .filter(event::Column::Position.lt(log::highest(tx).await?))
        .order_by_asc(event::Column::Position)
        .limit(BATCH);
    if tx.is_concurrent() {
        query = query.lock_exclusive();
    }
    let mut first: Vec<OldEvent> = query.into_model().all(tx).await?;
    let young = first.iter().position(|row| row.occurred_at >= before);
    first.truncate(young.unwrap_or(first.len()));
    Ok(first)
}

/// Those of `events` that some delivery still needs. A delivery is as old as its event.
async fn owed(tx: &Tx, events: &[OldEvent]) -> Result<HashSet<EventId>, Error> {
    let times = || events.iter().map(|row| row.occurred_at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(HashSet::new()) };
    let owed = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::EventId)
        .filter(delivery::Column::Id.gte(DeliveryId::first_at(first)))
        .filter(delivery::Column::Id.lt(DeliveryId::first_at(last.plus(Duration::from_millis(1)))))
        .filter(delivery::Column::EventId.is_in(events.iter().map(|row| row.id)));
    Ok(owed.into_tuple::<EventId>().all(tx).await?.into_iter().collect())
}

/// Deletes prompts from before `before` of logins that have ended, after the one at `after`.
///
/// # Errors
/// If the database refuses.
pub async fn prompts(tx: &Tx, after: PromptId, before: Timestamp) -> Result<Batch<PromptId>, Error> {
    let old = prompt::Entity::find()
        .select_only()
        .column(prompt::Column::Id)
        .filter(prompt::Column::Id.gt(after))
        .filter(prompt::Column::Id.lt(PromptId::first_at(before)))
        .order_by_asc(prompt::Column::Id)
        .limit(BATCH);
    let old: Vec<PromptId> = old.into_tuple().all(tx).await?;
    let Some(last) = old.last().copied() else { return Ok(Batch { last: None, deleted: 0, cancelled: 0 }) };
    let mut live = Query::select();
    live.column(login::Column::Id)
        .from(login::Entity)
        .and_where(login::Column::Status.ne(LoginStatus::Ended));
    let gone = prompt::Entity::delete_many()
        .filter(prompt::Column::Id.is_in(old))
        .filter(prompt::Column::LoginId.not_in_subquery(live))
        .exec(tx)
        .await?;
    Ok(Batch { last: Some(last), deleted: gone.rows_affected, cancelled: 0 })
}
