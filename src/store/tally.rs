//! Counts of what came of deliveries, ten minutes a row: what happened in a day is a few rows to add
//! up, however much it was.

use std::collections::HashMap;
use std::time::Duration;

use entity::{DeliveryStatus, EndpointId, Timestamp, WorkspaceId, delivery, endpoint, tally};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel,
    QueryFilter, QuerySelect,
};

use super::rows::one_of;
use super::{Error, Tx};

/// How long a row counts for.
pub const SLOT: Duration = Duration::from_mins(10);
/// How far back counts go.
pub const KEPT: Duration = Duration::from_hours(24);

/// What came of an endpoint's deliveries within [`KEPT`], and what still waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Deliveries that arrived.
    pub delivered: i64,
    /// Deliveries that were given up.
    pub failed: i64,
    /// Attempts that failed.
    pub failed_attempts: i64,
    /// Deliveries that wait now.
    pub pending: i64,
    /// When the event of the oldest of them happened.
    pub oldest_pending_at: Option<Timestamp>,
}

/// Adds to the counts of endpoints; one row each.
///
/// # Errors
/// If the database refuses.
pub async fn add(tx: &Tx, rows: Vec<tally::Model>) -> Result<(), Error> {
    use tally::Column::{Delivered, EndpointId, Failed, FailedAttempts, SlotAt};
    if rows.is_empty() {
        return Ok(());
    }
    let mut more = OnConflict::columns([EndpointId, SlotAt]);
    for (column, name) in [(Delivered, "delivered"), (Failed, "failed"), (FailedAttempts, "failed_attempts")]
    {
        more.value(column, Expr::cust(format!(r#""tally"."{name}" + "excluded"."{name}""#)));
    }
    let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
    tally::Entity::insert_many(rows).on_conflict(more).exec_without_returning(tx).await?;
    Ok(())
}

/// When the slot of `now` began.
#[must_use]
pub fn slot_of(now: Timestamp) -> Timestamp {
    let length = i64::try_from(SLOT.as_millis()).unwrap_or(i64::MAX);
    Timestamp(now.0 - now.0.rem_euclid(length))
}

/// The totals of those of `endpoints` that have any.
///
/// # Errors
/// If the database does not answer.
pub async fn totals(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    endpoints: &[EndpointId],
    now: Timestamp,
) -> Result<HashMap<EndpointId, Totals>, Error> {
    let mut totals: HashMap<EndpointId, Totals> = HashMap::new();
    for row in counted(db, workspace, endpoints, slot_of(now.minus(KEPT))).await? {
        let total = totals.entry(row.endpoint_id).or_default();
        (total.delivered, total.failed) = (row.delivered, row.failed);
        total.failed_attempts = row.failed_attempts;
    }
    for row in waiting(db, workspace, endpoints).await? {
        let total = totals.entry(row.endpoint_id).or_default();
        (total.pending, total.oldest_pending_at) = (row.pending, row.oldest);
    }
    Ok(totals)
}

#[derive(FromQueryResult)]
struct Counted {
    endpoint_id: EndpointId,
    delivered: i64,
    failed: i64,
    failed_attempts: i64,
}

async fn counted(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    endpoints: &[EndpointId],
    since: Timestamp,
) -> Result<Vec<Counted>, Error> {
    // The sum of big integers is a decimal on PostgreSQL.
    let sum = |column| Expr::col(column).sum().cast_as("bigint");
    let query = tally::Entity::find()
        .select_only()
        .column(tally::Column::EndpointId)
        .column_as(sum(tally::Column::Delivered), "delivered")
        .column_as(sum(tally::Column::Failed), "failed")
        .column_as(sum(tally::Column::FailedAttempts), "failed_attempts")
        .filter(tally::Column::WorkspaceId.eq(workspace))
        .filter(one_of(tally::Column::EndpointId, endpoints.iter().copied()))
        .filter(tally::Column::SlotAt.gte(since))
        .group_by(tally::Column::EndpointId);
    Ok(query.into_model().all(db).await?)
}

#[derive(FromQueryResult)]
struct Waiting {
    endpoint_id: EndpointId,
    pending: i64,
    oldest: Option<Timestamp>,
}

async fn waiting(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    endpoints: &[EndpointId],
) -> Result<Vec<Waiting>, Error> {
    let mut mine = Query::select();
    mine.column(endpoint::Column::Id)
        .from(endpoint::Entity)
        .and_where(endpoint::Column::WorkspaceId.eq(workspace))
        .and_where(one_of(endpoint::Column::Id, endpoints.iter().copied()));
    let query = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::EndpointId)
        .column_as(delivery::Column::Id.count(), "pending")
        .column_as(delivery::Column::CreatedAt.min(), "oldest")
        // Not by the deliveries' own workspace, whose index leads through all that arrived.
        .filter(delivery::Column::EndpointId.in_subquery(mine))
        .filter(delivery::Column::Status.eq(DeliveryStatus::Pending))
        .group_by(delivery::Column::EndpointId);
    Ok(query.into_model().all(db).await?)
}

/// Forgets what is older than [`KEPT`].
///
/// # Errors
/// If the database refuses.
pub async fn forget_old(tx: &Tx, now: Timestamp) -> Result<(), Error> {
    let old = tally::Column::SlotAt.lt(slot_of(now.minus(KEPT)));
    tally::Entity::delete_many().filter(old).exec(tx).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_begins_at_a_whole_ten_minutes() {
        let slot = slot_of(Timestamp(1_795_341_600_000));

        assert_eq!(slot, Timestamp(1_795_341_600_000));
        assert_eq!(slot_of(Timestamp(1_795_341_600_000 + 599_999)), slot);
        assert_eq!(slot_of(Timestamp(1_795_341_600_000 + 600_000)), slot.plus(SLOT));
    }
}
