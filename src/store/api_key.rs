//! API keys: found by their public prefix, never by their secret.

use entity::{KeyId, Timestamp, WorkspaceId, api_key};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::{Error, Tx};

/// Adds a key.
///
/// # Errors
/// If the database refuses.
pub async fn insert(tx: &Tx, row: api_key::Model) -> Result<(), Error> {
    api_key::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// The key whose public part is `prefix`; whoever presents it still has to prove the rest.
///
/// # Errors
/// If the database does not answer.
pub async fn find_by_prefix(
    db: &impl ConnectionTrait,
    prefix: &str,
) -> Result<Option<api_key::Model>, Error> {
    Ok(api_key::Entity::find().filter(api_key::Column::Prefix.eq(prefix)).one(db).await?)
}

/// Ends a key, or says since when it has been over.
///
/// # Errors
/// [`Error::NotFound`] if there is no such key.
pub async fn revoke(tx: &Tx, prefix: &str, now: Timestamp) -> Result<(), Error> {
    let changed = api_key::Entity::update_many()
        .col_expr(api_key::Column::RevokedAt, Expr::value(now))
        .filter(api_key::Column::Prefix.eq(prefix))
        .filter(api_key::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    if changed.rows_affected == 0 && find_by_prefix(tx, prefix).await?.is_none() {
        return Err(Error::NotFound);
    }
    Ok(())
}

/// Remembers that a key was used.
///
/// # Errors
/// If the database does not answer.
pub async fn touch(tx: &Tx, id: KeyId, now: Timestamp) -> Result<(), Error> {
    api_key::Entity::update_many()
        .col_expr(api_key::Column::LastUsedAt, Expr::value(now))
        .filter(api_key::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// The key with that id.
///
/// # Errors
/// [`Error::NotFound`] if the workspace has none.
pub async fn get(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: KeyId,
) -> Result<api_key::Model, Error> {
    let query = api_key::Entity::find_by_id(id).filter(api_key::Column::WorkspaceId.eq(workspace));
    query.one(db).await?.ok_or(Error::NotFound)
}
