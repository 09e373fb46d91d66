//! Workspaces.

use entity::{WorkspaceId, workspace};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::{Error, Tx};

/// Adds a workspace.
///
/// # Errors
/// If the database refuses.
pub async fn insert(tx: &Tx, row: workspace::Model) -> Result<(), Error> {
    workspace::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// The workspace itself.
///
/// # Errors
/// [`Error::NotFound`] if there is none.
pub async fn get(db: &impl ConnectionTrait, id: WorkspaceId) -> Result<workspace::Model, Error> {
    workspace::Entity::find_by_id(id).one(db).await?.ok_or(Error::NotFound)
}

/// Like [`get`], locked until the transaction ends. Rows that refer to the workspace can be added meanwhile.
///
/// # Errors
/// [`Error::NotFound`] if there is none.
pub async fn lock(tx: &Tx, id: WorkspaceId) -> Result<workspace::Model, Error> {
    let query = workspace::Entity::find_by_id(id);
    let query = if tx.is_concurrent() { query.lock(LockType::NoKeyUpdate) } else { query };
    query.one(tx).await?.ok_or(Error::NotFound)
}

/// Writes a locked workspace as it is now.
///
/// # Errors
/// If the database refuses.
pub async fn update(tx: &Tx, row: workspace::Model) -> Result<(), Error> {
    let mut changes = row.into_active_model();
    for column in [workspace::Column::Name, workspace::Column::ReturnUrls, workspace::Column::Branding] {
        changes.reset(column);
    }
    workspace::Entity::update(changes).exec(tx).await?;
    Ok(())
}

/// The workspaces of that name, for the operator's command line.
///
/// # Errors
/// If the database does not answer.
pub async fn named(db: &impl ConnectionTrait, name: &str) -> Result<Vec<workspace::Model>, Error> {
    Ok(workspace::Entity::find().filter(workspace::Column::Name.eq(name)).all(db).await?)
}

/// All workspaces, oldest first, for the operator's command line.
///
/// # Errors
/// If the database does not answer.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<workspace::Model>, Error> {
    Ok(workspace::Entity::find().order_by_asc(workspace::Column::Id).all(db).await?)
}
