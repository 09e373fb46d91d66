//! How far the log may be read: the watermark.
//!
//! On SQLite there is one writer, so whatever is visible is complete. On PostgreSQL positions can
//! become visible out of order: a transaction that drew position 7 may commit after the one that
//! drew 8. A reader that went to 8 would never see 7. So: read H, the highest visible position,
//! *then* take a transaction id X; once no transaction older than X is running any more
//! (`xmin >= X`), everything up to H that will ever exist is visible. Writers take their
//! transaction id before their position (see `event::insert_many`), which makes the rule true.

use std::time::Duration;

use entity::{LinkId, Timestamp, WorkspaceId, event};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Statement,
};

use tokio::time::Instant;

use super::Error;

/// How soon the tailer first looks again whether older writers have finished; then twice as late.
const STEP: Duration = Duration::from_millis(2);
/// How late it looks again at most.
const LONGEST_STEP: Duration = Duration::from_millis(50);
/// How long it waits for them in one go: no write of ours takes longer (see `transact`).
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Who might be waiting for an event, without the event.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct Mark {
    /// Its place.
    pub position: i64,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// The link it is about.
    pub link_id: Option<LinkId>,
}

/// The position up to which everything is visible now, given that it was `known` before.
///
/// # Errors
/// If the database does not answer.
pub async fn watermark(db: &impl ConnectionTrait, known: i64) -> Result<i64, Error> {
    let highest = highest(db).await?;
    if db.get_database_backend() == DbBackend::Postgres && highest > known {
        let ticket = ticket(db).await?;
        let (until, mut step) = (Instant::now() + LONGEST_WAIT, STEP);
        while oldest_running(db).await? < ticket {
            if Instant::now() >= until {
                // Somebody holds a transaction open, perhaps in another database: look again later.
                return Ok(known);
            }
            tokio::time::sleep(step).await;
            step = (step * 2).min(LONGEST_STEP);
        }
    }
    Ok(highest)
}

/// The highest position that is visible, which on PostgreSQL may have gaps before it.
///
/// # Errors
/// If the database does not answer.
pub async fn highest(db: &impl ConnectionTrait) -> Result<i64, Error> {
    number(db, r#"SELECT COALESCE(MAX("position"), 0) AS n FROM "event""#).await
}

/// Marks of the events in (`after`, `up_to`], in order.
///
/// # Errors
/// If the database does not answer.
pub async fn marks(
    db: &impl ConnectionTrait,
    after: i64,
    up_to: i64,
    limit: u64,
) -> Result<Vec<Mark>, Error> {
    let query = event::Entity::find()
        .select_only()
        .columns([event::Column::Position, event::Column::WorkspaceId, event::Column::LinkId])
        .filter(event::Column::Position.gt(after))
        .filter(event::Column::Position.lte(up_to))
        .order_by_asc(event::Column::Position)
        .limit(limit);
    Ok(query.into_model::<Mark>().all(db).await?)
}

/// When the first event after `position` happened that is visible.
///
/// # Errors
/// If the database does not answer.
pub async fn first_after(db: &impl ConnectionTrait, position: i64) -> Result<Option<Timestamp>, Error> {
    let first = event::Entity::find()
        .select_only()
        .column(event::Column::OccurredAt)
        .filter(event::Column::Position.gt(position))
        .order_by_asc(event::Column::Position)
        .limit(1);
    Ok(first.into_tuple().one(db).await?)
}

/// A transaction id that is younger than every writer that could still change what was visible.
async fn ticket(db: &impl ConnectionTrait) -> Result<i64, Error> {
    number(db, "SELECT pg_current_xact_id()::text::bigint AS n").await
}

async fn oldest_running(db: &impl ConnectionTrait) -> Result<i64, Error> {
    number(db, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS n").await
}

async fn number(db: &impl ConnectionTrait, sql: &str) -> Result<i64, Error> {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    Ok(row.ok_or(Error::NotFound)?.try_get("", "n")?)
}
