//! Jobs.

use entity::{JobId, WorkspaceId, job};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};

use super::page::{Rows, newest_first};
use super::rows::one_of;
use super::{Error, Page, Tx};

/// Adds a row.
///
/// # Errors
/// If the database refuses.
pub async fn insert(tx: &Tx, row: job::Model) -> Result<(), Error> {
    job::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// Those of `ids` that are in the workspace.
///
/// # Errors
/// If the database does not answer.
pub async fn find_many(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: impl IntoIterator<Item = JobId>,
) -> Result<Vec<job::Model>, Error> {
    let query = job::Entity::find().filter(job::Column::WorkspaceId.eq(workspace));
    Ok(query.filter(one_of(job::Column::Id, ids)).all(db).await?)
}

/// The one with that id.
///
/// # Errors
/// [`Error::NotFound`] if the workspace has none.
pub async fn get(db: &impl ConnectionTrait, workspace: WorkspaceId, id: JobId) -> Result<job::Model, Error> {
    let query = job::Entity::find_by_id(id).filter(job::Column::WorkspaceId.eq(workspace));
    query.one(db).await?.ok_or(Error::NotFound)
}

/// Like [`get`], locked until the transaction ends.
///
/// # Errors
/// [`Error::NotFound`] if the workspace has none.
pub async fn lock(tx: &Tx, workspace: WorkspaceId, id: JobId) -> Result<job::Model, Error> {
    let query = job::Entity::find_by_id(id).filter(job::Column::WorkspaceId.eq(workspace));
    let query = if tx.is_concurrent() { query.lock_exclusive() } else { query };
    query.one(tx).await?.ok_or(Error::NotFound)
}

/// Writes a locked row as it is now.
///
/// # Errors
/// If the database refuses.
pub async fn update(tx: &Tx, row: job::Model) -> Result<(), Error> {
    job::Entity::update(row.into_active_model().reset_all()).exec(tx).await?;
    Ok(())
}

/// A page of the workspace's rows, newest first.
///
/// # Errors
/// If the database does not answer.
pub async fn list(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    page: Page,
) -> Result<Rows<job::Model>, Error> {
    let query = job::Entity::find().filter(job::Column::WorkspaceId.eq(workspace));
    Ok(newest_first!(db, query, job::Column::Id, page))
}
