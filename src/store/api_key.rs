//! API keys: found by their public prefix, never by their secret.

use entity::{KeyId, Timestamp, WorkspaceId, api_key};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder,
};

use super::page::{Rows, newest_first};
use super::rows::one_of;
use super::{Error, Page, Tx};

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

/// Ends a key.
///
/// # Errors
/// If the database refuses.
pub async fn revoke(tx: &Tx, workspace: WorkspaceId, id: KeyId, now: Timestamp) -> Result<(), Error> {
    api_key::Entity::update_many()
        .col_expr(api_key::Column::RevokedAt, Expr::value(now))
        .filter(api_key::Column::WorkspaceId.eq(workspace))
        .filter(api_key::Column::Id.eq(id))
        .exec(tx)
        .await?;
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

/// Those of `ids` that are in the workspace.
///
/// # Errors
/// If the database does not answer.
pub async fn find_many(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: impl IntoIterator<Item = KeyId>,
) -> Result<Vec<api_key::Model>, Error> {
    let query = api_key::Entity::find().filter(api_key::Column::WorkspaceId.eq(workspace));
    Ok(query.filter(one_of(api_key::Column::Id, ids)).all(db).await?)
}

/// A page of the workspace's keys, newest first, those that are over included.
///
/// # Errors
/// If the database does not answer.
pub async fn list(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    page: Page,
) -> Result<Rows<api_key::Model>, Error> {
    let query = api_key::Entity::find().filter(api_key::Column::WorkspaceId.eq(workspace));
    Ok(newest_first!(db, query, api_key::Column::Id, page))
}

/// All keys of the workspace, oldest first.
///
/// # Errors
/// If the database does not answer.
pub async fn all_of(db: &impl ConnectionTrait, workspace: WorkspaceId) -> Result<Vec<api_key::Model>, Error> {
    let query = api_key::Entity::find().filter(api_key::Column::WorkspaceId.eq(workspace));
    Ok(query.order_by_asc(api_key::Column::Id).all(db).await?)
}

/// The keys of the workspace that open the door at `now`.
///
/// # Errors
/// If the database does not answer.
pub async fn live_of(tx: &Tx, workspace: WorkspaceId, now: Timestamp) -> Result<Vec<api_key::Model>, Error> {
    let expires_at = api_key::Column::ExpiresAt;
    let query = api_key::Entity::find()
        .filter(api_key::Column::WorkspaceId.eq(workspace))
        .filter(api_key::Column::RevokedAt.is_null())
        .filter(Condition::any().add(expires_at.is_null()).add(expires_at.gt(now)));
    Ok(query.all(tx).await?)
}
