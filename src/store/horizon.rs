//! Where the log of a workspace begins, once its oldest events are no longer kept.

use std::collections::BTreeMap;

use entity::{WorkspaceId, horizon};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel};

use super::{Error, Tx};

/// The position of the last event of the workspace that was deleted; 0 if none was. Whoever has read up
/// to there, or further, misses nothing.
///
/// # Errors
/// If the database does not answer.
pub async fn of(db: &impl ConnectionTrait, workspace: WorkspaceId) -> Result<i64, Error> {
    let row = horizon::Entity::find_by_id(workspace).one(db).await?;
    Ok(row.map_or(0, |row| row.position))
}

/// Remembers what was deleted in this transaction, never less than before; in the order of the
/// workspaces, so that two transactions cannot wait for each other.
///
/// # Errors
/// If the database refuses.
pub async fn raise(tx: &Tx, deleted: BTreeMap<WorkspaceId, i64>) -> Result<(), Error> {
    use horizon::Column::{Position, WorkspaceId};
    if deleted.is_empty() {
        return Ok(());
    }
    let new = Expr::cust(r#""excluded"."position""#);
    let further = OnConflict::column(WorkspaceId)
        .update_column(Position)
        .action_and_where(new.gt(Expr::col((horizon::Entity, Position))))
        .to_owned();
    let rows = deleted.into_iter().map(|(workspace_id, position)| horizon::Model { workspace_id, position });
    let rows = rows.map(|row| row.into_active_model().reset_all());
    horizon::Entity::insert_many(rows).on_conflict(further).exec_without_returning(tx).await?;
    Ok(())
}
