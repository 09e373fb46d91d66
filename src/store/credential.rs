//! What customers sign in with, kept with their consent: one for each link, sealed.

use entity::{LinkId, WorkspaceId, credential};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::{Error, Tx};

/// Keeps these and no others for their link.
///
/// # Errors
/// If the database refuses.
pub async fn put(tx: &Tx, row: credential::Model) -> Result<(), Error> {
    delete_of_link(tx, row.workspace_id, row.link_id).await?;
    credential::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// Those of a link, if they are kept.
///
/// # Errors
/// If the database does not answer.
pub async fn find_of_link(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    link: LinkId,
) -> Result<Option<credential::Model>, Error> {
    let query = credential::Entity::find()
        .filter(credential::Column::WorkspaceId.eq(workspace))
        .filter(credential::Column::LinkId.eq(link));
    Ok(query.one(db).await?)
}

/// Deletes those of a link: their data key goes with the row.
///
/// # Errors
/// If the database refuses.
pub async fn delete_of_link(tx: &Tx, workspace: WorkspaceId, link: LinkId) -> Result<(), Error> {
    credential::Entity::delete_many()
        .filter(credential::Column::WorkspaceId.eq(workspace))
        .filter(credential::Column::LinkId.eq(link))
        .exec(tx)
        .await?;
    Ok(())
}
