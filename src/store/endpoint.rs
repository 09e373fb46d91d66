//! Endpoints.

use entity::{EndpointId, EndpointStatus, Timestamp, WorkspaceId, endpoint, endpoint_secret};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::page::{Rows, newest_first};
use super::rows::one_of;
use super::{Error, Page, Tx};

/// Adds an endpoint with its first secret.
///
/// # Errors
/// If the database refuses.
pub async fn insert(tx: &Tx, row: endpoint::Model, secret: endpoint_secret::Model) -> Result<(), Error> {
    endpoint::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    super::endpoint_secret::insert(tx, secret).await
}

/// Those of `ids` that are in the workspace, deleted ones left out.
///
/// # Errors
/// If the database does not answer.
pub async fn find_many(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: impl IntoIterator<Item = EndpointId>,
) -> Result<Vec<endpoint::Model>, Error> {
    Ok(live(workspace).filter(one_of(endpoint::Column::Id, ids)).all(db).await?)
}

/// A page of the workspace's endpoints, newest first.
///
/// # Errors
/// If the database does not answer.
pub async fn list(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    page: Page,
) -> Result<Rows<endpoint::Model>, Error> {
    Ok(newest_first!(db, live(workspace), endpoint::Column::Id, page))
}

/// Every endpoint of the workspaces, to decide who gets an event.
///
/// # Errors
/// If the database does not answer.
pub async fn all_of(
    db: &impl ConnectionTrait,
    workspaces: impl IntoIterator<Item = WorkspaceId>,
) -> Result<Vec<endpoint::Model>, Error> {
    let query = endpoint::Entity::find()
        .filter(one_of(endpoint::Column::WorkspaceId, workspaces))
        .filter(endpoint::Column::DeletedAt.is_null())
        .order_by_asc(endpoint::Column::Id);
    Ok(query.all(db).await?)
}

/// Endpoints of several workspaces with the secrets that sign at `now`, newest first, for the hub, which
/// has claimed their deliveries. One with several secrets comes several times.
///
/// # Errors
/// If the database does not answer.
pub async fn with_live_secrets(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = EndpointId>,
    now: Timestamp,
) -> Result<Vec<(endpoint::Model, Option<endpoint_secret::Model>)>, Error> {
    let live = endpoint::Entity::belongs_to(endpoint_secret::Entity)
        .from(endpoint::Column::Id)
        .to(endpoint_secret::Column::EndpointId)
        .on_condition(move |_, _| super::endpoint_secret::live_at(now))
        .into();
    let query = endpoint::Entity::find()
        .join(JoinType::LeftJoin, live)
        .select_also(endpoint_secret::Entity)
        .filter(one_of(endpoint::Column::Id, ids))
        .order_by_desc(endpoint_secret::Column::Id);
    Ok(query.all(db).await?)
}

/// Endpoints of several workspaces, for the hub.
///
/// # Errors
/// If the database does not answer.
pub async fn for_hub(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = EndpointId>,
) -> Result<Vec<endpoint::Model>, Error> {
    Ok(endpoint::Entity::find().filter(one_of(endpoint::Column::Id, ids)).all(db).await?)
}

/// All endpoints of all workspaces, deleted ones too, to see whose backlog is out of line.
///
/// # Errors
/// If the database does not answer.
pub async fn every(db: &impl ConnectionTrait) -> Result<Vec<endpoint::Model>, Error> {
    Ok(endpoint::Entity::find().all(db).await?)
}

/// The endpoint, locked until the transaction ends: whoever moves its backlog waits for the others.
///
/// # Errors
/// [`Error::NotFound`] if the workspace has none, or it is deleted.
pub async fn lock(tx: &Tx, workspace: WorkspaceId, id: EndpointId) -> Result<endpoint::Model, Error> {
    let query = live(workspace).filter(endpoint::Column::Id.eq(id));
    let query = if tx.is_concurrent() { query.lock_exclusive() } else { query };
    query.one(tx).await?.ok_or(Error::NotFound)
}

/// Like [`for_hub`], locked until the transaction ends, always in the same order.
///
/// # Errors
/// If the database does not answer.
pub async fn lock_for_hub(tx: &Tx, ids: &[EndpointId]) -> Result<Vec<endpoint::Model>, Error> {
    let query = endpoint::Entity::find().filter(one_of(endpoint::Column::Id, ids.iter().copied()));
    let query = query.order_by_asc(endpoint::Column::Id);
    let query = if tx.is_concurrent() { query.lock_exclusive() } else { query };
    Ok(query.all(tx).await?)
}

/// Writes a locked endpoint as it is now.
///
/// # Errors
/// If the database refuses.
pub async fn update(tx: &Tx, row: endpoint::Model) -> Result<(), Error> {
    endpoint::Entity::update(row.into_active_model().reset_all()).exec(tx).await?;
    Ok(())
}

/// Stops sending to an endpoint until the partner enables it again.
///
/// # Errors
/// If the database refuses.
pub async fn disable(tx: &Tx, workspace: WorkspaceId, id: EndpointId, reason: &str) -> Result<bool, Error> {
    let changed = endpoint::Entity::update_many()
        .col_expr(endpoint::Column::Status, Expr::value(EndpointStatus::Disabled))
        .col_expr(endpoint::Column::DisabledReason, Expr::value(reason))
        .filter(endpoint::Column::WorkspaceId.eq(workspace))
        .filter(endpoint::Column::Id.eq(id))
        .filter(endpoint::Column::Status.eq(EndpointStatus::Enabled))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected > 0)
}

/// Remembers that nothing but failures has come since `now`, unless it already does for longer.
///
/// # Errors
/// If the database refuses.
pub async fn set_failing(tx: &Tx, ids: &[EndpointId], now: Timestamp) -> Result<(), Error> {
    endpoint::Entity::update_many()
        .col_expr(endpoint::Column::FailingSince, Expr::value(now))
        .filter(one_of(endpoint::Column::Id, ids.iter().copied()))
        .filter(endpoint::Column::FailingSince.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Remembers that a success came, and returns those that had only failed before.
///
/// # Errors
/// If the database refuses.
pub async fn clear_failing(tx: &Tx, ids: &[EndpointId]) -> Result<Vec<endpoint::Model>, Error> {
    let query = endpoint::Entity::update_many()
        .col_expr(endpoint::Column::FailingSince, Expr::value(Option::<Timestamp>::None))
        .filter(one_of(endpoint::Column::Id, ids.iter().copied()))
        .filter(endpoint::Column::FailingSince.is_not_null());
    Ok(query.exec_with_returning(tx).await?)
}

/// Remembers that these were told about, and returns those that were not before.
///
/// # Errors
/// If the database refuses.
pub async fn set_warned(tx: &Tx, ids: &[EndpointId], now: Timestamp) -> Result<Vec<endpoint::Model>, Error> {
    let query = endpoint::Entity::update_many()
        .col_expr(endpoint::Column::WarnedAt, Expr::value(now))
        .filter(one_of(endpoint::Column::Id, ids.iter().copied()))
        .filter(endpoint::Column::WarnedAt.is_null())
        .filter(endpoint::Column::Status.eq(EndpointStatus::Enabled));
    Ok(query.exec_with_returning(tx).await?)
}

/// Forgets that these were told about, and returns those that had been.
///
/// # Errors
/// If the database refuses.
pub async fn clear_warned(tx: &Tx, ids: &[EndpointId]) -> Result<Vec<endpoint::Model>, Error> {
    let query = endpoint::Entity::update_many()
        .col_expr(endpoint::Column::WarnedAt, Expr::value(Option::<Timestamp>::None))
        .filter(one_of(endpoint::Column::Id, ids.iter().copied()))
        .filter(endpoint::Column::WarnedAt.is_not_null());
    Ok(query.exec_with_returning(tx).await?)
}

fn live(workspace: WorkspaceId) -> sea_orm::Select<endpoint::Entity> {
    let mine = endpoint::Entity::find().filter(endpoint::Column::WorkspaceId.eq(workspace));
    mine.filter(endpoint::Column::DeletedAt.is_null())
}
