//! The signing secrets of endpoints, sealed. Several of one endpoint are live during a rotation.

use entity::{EndpointId, Timestamp, WorkspaceId, endpoint_secret};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder,
};

use super::rows::one_of;
use super::{Error, Tx};

/// Adds a secret.
///
/// # Errors
/// If the database refuses.
pub async fn insert(tx: &Tx, row: endpoint_secret::Model) -> Result<(), Error> {
    endpoint_secret::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// The secrets of `endpoints` that sign at `now`, newest first.
///
/// # Errors
/// If the database does not answer.
pub async fn live_of(
    db: &impl ConnectionTrait,
    endpoints: impl IntoIterator<Item = EndpointId>,
    now: Timestamp,
) -> Result<Vec<endpoint_secret::Model>, Error> {
    let query = endpoint_secret::Entity::find()
        .filter(one_of(endpoint_secret::Column::EndpointId, endpoints))
        .filter(live_at(now))
        .order_by_desc(endpoint_secret::Column::Id);
    Ok(query.all(db).await?)
}

/// Secrets that sign at `now`.
pub(super) fn live_at(now: Timestamp) -> Condition {
    Condition::any()
        .add(endpoint_secret::Column::ExpiresAt.is_null())
        .add(endpoint_secret::Column::ExpiresAt.gt(now))
}

/// Lets the secrets of an endpoint sign until `at`, and no longer.
///
/// # Errors
/// If the database refuses.
pub async fn expire_at(
    tx: &Tx,
    workspace: WorkspaceId,
    endpoint: EndpointId,
    at: Timestamp,
) -> Result<(), Error> {
    let longer = Condition::any()
        .add(endpoint_secret::Column::ExpiresAt.is_null())
        .add(endpoint_secret::Column::ExpiresAt.gt(at));
    endpoint_secret::Entity::update_many()
        .col_expr(endpoint_secret::Column::ExpiresAt, Expr::value(at))
        .filter(endpoint_secret::Column::WorkspaceId.eq(workspace))
        .filter(endpoint_secret::Column::EndpointId.eq(endpoint))
        .filter(longer)
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes all secrets of an endpoint.
///
/// # Errors
/// If the database refuses.
pub async fn delete_of(tx: &Tx, workspace: WorkspaceId, endpoint: EndpointId) -> Result<(), Error> {
    endpoint_secret::Entity::delete_many()
        .filter(endpoint_secret::Column::WorkspaceId.eq(workspace))
        .filter(endpoint_secret::Column::EndpointId.eq(endpoint))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes what signs no more, of all endpoints.
///
/// # Errors
/// If the database refuses.
pub async fn delete_expired(tx: &Tx, now: Timestamp) -> Result<(), Error> {
    let over = endpoint_secret::Column::ExpiresAt.lte(now);
    endpoint_secret::Entity::delete_many().filter(over).exec(tx).await?;
    Ok(())
}
