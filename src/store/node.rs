//! Nodes: who is alive, and freeing what the dead held.

use std::time::Duration;

use entity::{LoginStatus, NodeId, RunStatus, Timestamp, delivery, login, node, run};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryFilter,
    Statement,
};

use super::{Error, Tx};
use crate::domain::hint::Hint;

/// How often a node says that it lives.
pub const BEAT: Duration = Duration::from_secs(1);
/// A node that has been silent for this long is dead.
pub const DEAD_AFTER: Duration = Duration::from_secs(5);

/// What dead nodes left in the middle.
#[derive(Debug, Default)]
pub struct Orphans {
    /// Logins without an engine.
    pub logins: Vec<login::Model>,
    /// Runs without a worker.
    pub runs: Vec<run::Model>,
}

/// Says that `node` lives.
///
/// # Errors
/// If the database refuses.
pub async fn beat(tx: &Tx, node: NodeId, now: Timestamp) -> Result<(), Error> {
    let row = node::Model { id: node, beat_at: now };
    node::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(OnConflict::column(node::Column::Id).update_column(node::Column::BeatAt).to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Forgets nodes that are dead at `now` (all others than `me`, if `me` is the only server there can
/// be) and says whether there were any.
///
/// # Errors
/// If the database refuses.
pub async fn bury(tx: &Tx, me: NodeId, dead_since: Option<Timestamp>) -> Result<bool, Error> {
    let mut query = node::Entity::delete_many().filter(node::Column::Id.ne(me));
    if let Some(dead_since) = dead_since {
        query = query.filter(node::Column::BeatAt.lt(dead_since));
    }
    Ok(query.exec(tx).await?.rows_affected > 0)
}

/// The database's own time; an embedded one has this machine's.
///
/// # Errors
/// If the database does not answer.
pub async fn database_time(db: &impl ConnectionTrait) -> Result<Timestamp, Error> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint AS now",
        _ => "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now",
    };
    let row = db.query_one_raw(Statement::from_string(backend, sql)).await?;
    Ok(Timestamp(row.ok_or(Error::NotFound)?.try_get("", "now")?))
}

/// Frees the deliveries of nodes that are no more, and lists what they left half done.
///
/// # Errors
/// If the database refuses.
pub async fn free(tx: &Tx) -> Result<Orphans, Error> {
    let living =
        || sea_orm::sea_query::Query::select().column(node::Column::Id).from(node::Entity).to_owned();
    let freed = delivery::Entity::update_many()
        .col_expr(delivery::Column::ClaimedBy, Expr::value(Option::<NodeId>::None))
        .filter(delivery::Column::ClaimedBy.is_not_null())
        .filter(delivery::Column::ClaimedBy.not_in_subquery(living()))
        .exec(tx)
        .await?;
    if freed.rows_affected > 0 {
        tx.hint(Hint::Deliveries);
    }
    let logins = login::Entity::find()
        .filter(login::Column::Status.eq(LoginStatus::Active))
        .filter(login::Column::ClaimedBy.not_in_subquery(living()))
        .all(tx)
        .await?;
    let runs = run::Entity::find()
        .filter(run::Column::Status.eq(RunStatus::Running))
        .filter(run::Column::ClaimedBy.not_in_subquery(living()))
        .all(tx)
        .await?;
    Ok(Orphans { logins, runs })
}
