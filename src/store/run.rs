//! Runs and their steps.

use entity::{LinkId, NodeId, RunId, RunStatus, SessionId, Timestamp, WorkspaceId, run, run_step};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, LockBehavior, LockType, OnConflict, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::rows::one_of;
use super::{Error, Tx};
use crate::domain::hint::Hint;

/// Adds a run and wakes the workers.
///
/// # Errors
/// If the database refuses.
pub async fn insert(tx: &Tx, row: run::Model) -> Result<(), Error> {
    run::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    tx.hint(Hint::Runs);
    Ok(())
}

/// The run with that id.
///
/// # Errors
/// [`Error::NotFound`] if the workspace has none.
pub async fn get(db: &impl ConnectionTrait, workspace: WorkspaceId, id: RunId) -> Result<run::Model, Error> {
    let query = run::Entity::find_by_id(id).filter(run::Column::WorkspaceId.eq(workspace));
    query.one(db).await?.ok_or(Error::NotFound)
}

/// Those of `ids` that are in the workspace.
///
/// # Errors
/// If the database does not answer.
pub async fn find_many(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: impl IntoIterator<Item = RunId>,
) -> Result<Vec<run::Model>, Error> {
    let query = run::Entity::find().filter(run::Column::WorkspaceId.eq(workspace));
    Ok(query.filter(one_of(run::Column::Id, ids)).all(db).await?)
}

/// The run, locked until the transaction ends.
///
/// # Errors
/// [`Error::NotFound`] if the workspace has none.
pub async fn lock(tx: &Tx, workspace: WorkspaceId, id: RunId) -> Result<run::Model, Error> {
    let query = run::Entity::find_by_id(id).filter(run::Column::WorkspaceId.eq(workspace));
    let query = if tx.is_concurrent() { query.lock_exclusive() } else { query };
    query.one(tx).await?.ok_or(Error::NotFound)
}

/// The newest run of each link.
///
/// # Errors
/// If the database does not answer.
pub async fn latest_of(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    links: impl IntoIterator<Item = LinkId>,
) -> Result<Vec<run::Model>, Error> {
    let later = Alias::new("later");
    let of_later = |column: run::Column| Expr::col((later.clone(), column));
    let newer = Query::select()
        .expr(Expr::val(1))
        .from_as(run::Entity, later.clone())
        .and_where(of_later(run::Column::LinkId).equals((run::Entity, run::Column::LinkId)))
        .and_where(of_later(run::Column::Id).gt(Expr::col((run::Entity, run::Column::Id))))
        .to_owned();
    let query = run::Entity::find()
        .filter(run::Column::WorkspaceId.eq(workspace))
        .filter(one_of(run::Column::LinkId, links))
        .filter(Expr::exists(newer).not());
    Ok(query.all(db).await?)
}

/// The run of a link that is not over, if there is one.
///
/// # Errors
/// If the database does not answer.
pub async fn live_of(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    link: LinkId,
) -> Result<Option<run::Model>, Error> {
    let query = run::Entity::find()
        .filter(run::Column::WorkspaceId.eq(workspace))
        .filter(run::Column::LinkId.eq(link))
        .filter(run::Column::Status.is_in([RunStatus::Queued, RunStatus::Running]));
    Ok(query.one(db).await?)
}

/// Says which session a run uses.
///
/// # Errors
/// If the database refuses.
pub async fn use_session(
    tx: &Tx,
    workspace: WorkspaceId,
    id: RunId,
    session: SessionId,
) -> Result<(), Error> {
    run::Entity::update_many()
        .col_expr(run::Column::SessionId, Expr::value(session))
        .filter(run::Column::WorkspaceId.eq(workspace))
        .filter(run::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Takes up to `limit` waiting runs for `node`, oldest first.
///
/// # Errors
/// If the database refuses.
pub async fn claim(tx: &Tx, node: NodeId, now: Timestamp, limit: u64) -> Result<Vec<run::Model>, Error> {
    let mut waiting = Query::select();
    waiting
        .column(run::Column::Id)
        .from(run::Entity)
        .and_where(run::Column::Status.eq(RunStatus::Queued))
        .order_by(run::Column::Id, sea_orm::Order::Asc)
        .limit(limit);
    if tx.is_concurrent() {
        waiting.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    Ok(run::Entity::update_many()
        .col_expr(run::Column::ClaimedBy, Expr::value(node))
        .col_expr(run::Column::Status, Expr::value(RunStatus::Running))
        .col_expr(run::Column::StartedAt, Expr::value(now))
        .filter(run::Column::Id.in_subquery(waiting))
        .exec_with_returning(tx)
        .await?)
}

/// Whether a run waits for a worker.
///
/// # Errors
/// If the database does not answer.
pub async fn any_queued(db: &impl ConnectionTrait) -> Result<bool, Error> {
    let query = run::Entity::find().filter(run::Column::Status.eq(RunStatus::Queued));
    Ok(query.one(db).await?.is_some())
}

/// Writes what changed on a run; only while `held_by` still holds it. `false` if it does not.
///
/// # Errors
/// If the database refuses.
pub async fn update(tx: &Tx, row: &run::Model, held_by: Option<NodeId>) -> Result<bool, Error> {
    let held = match held_by {
        Some(node) => run::Column::ClaimedBy.eq(node),
        None => run::Column::ClaimedBy.is_null(),
    };
    let changed = run::Entity::update_many()
        .col_expr(run::Column::Status, Expr::value(row.status))
        .col_expr(run::Column::ClaimedBy, Expr::value(row.claimed_by))
        .col_expr(run::Column::SessionId, Expr::value(row.session_id))
        .col_expr(run::Column::Output, Expr::value(row.output.clone()))
        .col_expr(run::Column::FailureCode, Expr::value(row.failure_code))
        .col_expr(run::Column::FailureMessage, Expr::value(row.failure_message.clone()))
        .col_expr(run::Column::FinishedAt, Expr::value(row.finished_at))
        .filter(run::Column::Id.eq(row.id))
        .filter(held)
        .exec(tx)
        .await?;
    if row.status == RunStatus::Queued {
        tx.hint(Hint::Runs);
    }
    Ok(changed.rows_affected > 0)
}

/// Writes one step, whether it is new or has been tried before.
///
/// # Errors
/// If the database refuses.
pub async fn put_step(tx: &Tx, row: run_step::Model) -> Result<(), Error> {
    let changed = [
        run_step::Column::Status,
        run_step::Column::Error,
        run_step::Column::DurationMs,
        run_step::Column::Output,
    ];
    run_step::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(
            OnConflict::columns([run_step::Column::RunId, run_step::Column::Position])
                .update_columns(changed)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The steps of several runs, in order.
///
/// # Errors
/// If the database does not answer.
pub async fn steps_of(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    runs: impl IntoIterator<Item = RunId>,
) -> Result<Vec<run_step::Model>, Error> {
    let query = run_step::Entity::find()
        .filter(run_step::Column::WorkspaceId.eq(workspace))
        .filter(one_of(run_step::Column::RunId, runs));
    Ok(query.order_by_asc(run_step::Column::Position).all(db).await?)
}
