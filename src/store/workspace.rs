//! Workspaces.

use entity::{WorkspaceId, workspace};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

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

/// The workspace of that name, for the operator's command line.
///
/// # Errors
/// If the database does not answer.
pub async fn find_by_name(db: &impl ConnectionTrait, name: &str) -> Result<Option<workspace::Model>, Error> {
    Ok(workspace::Entity::find().filter(workspace::Column::Name.eq(name)).one(db).await?)
}
