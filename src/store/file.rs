//! Files of runs, and their sealed pieces.

use entity::{FileId, LinkId, RunId, Timestamp, WorkspaceId, link, run, run_file, run_file_part};
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};

use super::rows::one_of;
use super::{Error, Tx};

/// Adds a file that is not whole yet.
///
/// # Errors
/// If the database refuses.
pub async fn insert(tx: &Tx, row: run_file::Model) -> Result<(), Error> {
    run_file::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// Adds a piece.
///
/// # Errors
/// If the database refuses.
pub async fn insert_part(tx: &Tx, row: run_file_part::Model) -> Result<(), Error> {
    run_file_part::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// The file is whole: it is shown from now on.
///
/// # Errors
/// If the database refuses.
pub async fn store(tx: &Tx, workspace: WorkspaceId, id: FileId, now: Timestamp) -> Result<(), Error> {
    run_file::Entity::update_many()
        .col_expr(run_file::Column::StoredAt, Expr::value(now))
        .filter(run_file::Column::WorkspaceId.eq(workspace))
        .filter(run_file::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// The whole files of several runs, in the order of their steps.
///
/// # Errors
/// If the database does not answer.
pub async fn of_runs(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    runs: impl IntoIterator<Item = RunId>,
    now: Timestamp,
) -> Result<Vec<run_file::Model>, Error> {
    let query = run_file::Entity::find()
        .filter(run_file::Column::WorkspaceId.eq(workspace))
        .filter(one_of(run_file::Column::RunId, runs))
        .filter(run_file::Column::StoredAt.is_not_null())
        .filter(run_file::Column::ExpiresAt.gt(now));
    Ok(query.order_by_asc(run_file::Column::Position).all(db).await?)
}

/// The whole file that an authentic token names; the token is the proof, so no workspace is needed.
///
/// # Errors
/// [`Error::NotFound`] if it is no longer there.
pub async fn get_by_token(
    db: &impl ConnectionTrait,
    id: FileId,
    now: Timestamp,
) -> Result<run_file::Model, Error> {
    let query = run_file::Entity::find_by_id(id)
        .filter(run_file::Column::StoredAt.is_not_null())
        .filter(run_file::Column::ExpiresAt.gt(now));
    query.one(db).await?.ok_or(Error::NotFound)
}

/// One piece of a file.
///
/// # Errors
/// [`Error::NotFound`] if it is no longer there.
pub async fn part(
    db: &impl ConnectionTrait,
    file: FileId,
    number: i32,
) -> Result<run_file_part::Model, Error> {
    run_file_part::Entity::find_by_id((file, number)).one(db).await?.ok_or(Error::NotFound)
}

/// Deletes the files of a run; their data keys go with them.
///
/// # Errors
/// If the database refuses.
pub async fn delete_of_run(tx: &Tx, workspace: WorkspaceId, run: RunId) -> Result<(), Error> {
    run_file::Entity::delete_many()
        .filter(run_file::Column::WorkspaceId.eq(workspace))
        .filter(run_file::Column::RunId.eq(run))
        .exec(tx)
        .await?;
    Ok(())
}

/// Deletes those files of a run whose step has not ended well.
///
/// # Errors
/// If the database refuses.
pub async fn delete_unfinished(tx: &Tx, workspace: WorkspaceId, run: RunId) -> Result<(), Error> {
    run_file::Entity::delete_many()
        .filter(run_file::Column::WorkspaceId.eq(workspace))
        .filter(run_file::Column::RunId.eq(run))
        .filter(run_file::Column::StoredAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Deletes the files of all runs of a link.
///
/// # Errors
/// If the database refuses.
pub async fn delete_of_link(tx: &Tx, workspace: WorkspaceId, link: LinkId) -> Result<(), Error> {
    run_file::Entity::delete_many()
        .filter(run_file::Column::WorkspaceId.eq(workspace))
        .filter(run_file::Column::RunId.in_subquery(runs_of(workspace, link)))
        .exec(tx)
        .await?;
    Ok(())
}

/// Deletes files of runs of these links, at most `limit` of them; returns how many.
///
/// # Errors
/// If the database refuses.
pub async fn delete_some(
    tx: &Tx,
    workspace: WorkspaceId,
    links: &[link::Model],
    limit: u64,
) -> Result<u64, Error> {
    let mut runs = Query::select();
    runs.column(run::Column::Id)
        .from(run::Entity)
        .and_where(run::Column::WorkspaceId.eq(workspace))
        .and_where(one_of(run::Column::LinkId, links.iter().map(|link| link.id)));
    let mut some = Query::select();
    some.column(run_file::Column::Id)
        .from(run_file::Entity)
        .and_where(run_file::Column::RunId.in_subquery(runs))
        .limit(limit);
    let these = run_file::Column::Id.in_subquery(some);
    Ok(run_file::Entity::delete_many().filter(these).exec(tx).await?.rows_affected)
}

fn runs_of(workspace: WorkspaceId, link: LinkId) -> SelectStatement {
    Query::select()
        .column(run::Column::Id)
        .from(run::Entity)
        .and_where(run::Column::WorkspaceId.eq(workspace))
        .and_where(run::Column::LinkId.eq(link))
        .to_owned()
}

/// Deletes files whose time is over, at most `limit` of them; returns how many.
///
/// # Errors
/// If the database refuses.
pub async fn delete_expired(tx: &Tx, now: Timestamp, limit: u64) -> Result<u64, Error> {
    let mut over = Query::select();
    over.column(run_file::Column::Id)
        .from(run_file::Entity)
        .and_where(run_file::Column::ExpiresAt.lte(now))
        .limit(limit);
    let these = run_file::Column::Id.in_subquery(over);
    Ok(run_file::Entity::delete_many().filter(these).exec(tx).await?.rows_affected)
}
