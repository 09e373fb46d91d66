//! Sessions: sealed, and gone when nobody may use them any more.

use entity::{LinkId, SessionId, Timestamp, WorkspaceId, session};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::rows::one_of;
use super::{Error, Tx};

/// Adds a session.
///
/// # Errors
/// If the database refuses.
pub async fn insert(tx: &Tx, row: session::Model) -> Result<(), Error> {
    session::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// The session, while it may be used.
///
/// # Errors
/// If the database does not answer.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<session::Model>, Error> {
    let query = session::Entity::find_by_id(id)
        .filter(session::Column::WorkspaceId.eq(workspace))
        .filter(session::Column::ExpiresAt.gt(now));
    Ok(query.one(db).await?)
}

/// The newest session of a link, while it may be used; it may have died.
///
/// # Errors
/// If the database does not answer.
pub async fn latest_of(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    link: LinkId,
    now: Timestamp,
) -> Result<Option<session::Model>, Error> {
    let query = session::Entity::find()
        .filter(session::Column::WorkspaceId.eq(workspace))
        .filter(session::Column::LinkId.eq(link))
        .filter(session::Column::ExpiresAt.gt(now));
    Ok(query.order_by_desc(session::Column::Id).one(db).await?)
}

/// A session's times, without what is sealed in it; see [`session::Model`].
#[derive(Clone, Debug, FromQueryResult)]
pub struct Clocks {
    /// Whose.
    pub link_id: LinkId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the site last took it.
    pub seen_good_at: Option<Timestamp>,
    /// When a second factor was last given for it.
    pub factor_at: Option<Timestamp>,
    /// When the site no longer took it.
    pub died_at: Option<Timestamp>,
    /// Until when it is kept.
    pub expires_at: Timestamp,
}

/// The times of these links' sessions that may be used, oldest first.
///
/// # Errors
/// If the database does not answer.
pub async fn clocks_of(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    links: impl IntoIterator<Item = LinkId>,
    now: Timestamp,
) -> Result<Vec<Clocks>, Error> {
    let query = session::Entity::find()
        .select_only()
        .columns([
            session::Column::LinkId,
            session::Column::CreatedAt,
            session::Column::SeenGoodAt,
            session::Column::FactorAt,
            session::Column::DiedAt,
            session::Column::ExpiresAt,
        ])
        .filter(session::Column::WorkspaceId.eq(workspace))
        .filter(one_of(session::Column::LinkId, links))
        .filter(session::Column::ExpiresAt.gt(now));
    Ok(query.order_by_asc(session::Column::Id).into_model().all(db).await?)
}

/// Writes what changed on a session.
///
/// # Errors
/// If the database refuses.
pub async fn update(tx: &Tx, row: session::Model) -> Result<(), Error> {
    session::Entity::update_many()
        .col_expr(session::Column::Sealed, Expr::value(row.sealed))
        .col_expr(session::Column::SeenGoodAt, Expr::value(row.seen_good_at))
        .col_expr(session::Column::DiedAt, Expr::value(row.died_at))
        .filter(session::Column::WorkspaceId.eq(row.workspace_id))
        .filter(session::Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Deletes the sessions of a link but for one.
///
/// # Errors
/// If the database refuses.
pub async fn delete_of_link(
    tx: &Tx,
    workspace: WorkspaceId,
    link: LinkId,
    but: Option<SessionId>,
) -> Result<(), Error> {
    let mut query = session::Entity::delete_many()
        .filter(session::Column::WorkspaceId.eq(workspace))
        .filter(session::Column::LinkId.eq(link));
    if let Some(kept) = but {
        query = query.filter(session::Column::Id.ne(kept));
    }
    query.exec(tx).await?;
    Ok(())
}

/// Deletes a session: its data key goes with the row.
///
/// # Errors
/// If the database refuses.
pub async fn delete(tx: &Tx, workspace: WorkspaceId, id: SessionId) -> Result<(), Error> {
    session::Entity::delete_many()
        .filter(session::Column::WorkspaceId.eq(workspace))
        .filter(session::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Deletes sessions whose time is over, at most `limit` of them; returns how many.
///
/// # Errors
/// If the database refuses.
pub async fn delete_expired(tx: &Tx, now: Timestamp, limit: u64) -> Result<u64, Error> {
    let mut over = Query::select();
    over.column(session::Column::Id)
        .from(session::Entity)
        .and_where(session::Column::ExpiresAt.lte(now))
        .limit(limit);
    let these = session::Column::Id.in_subquery(over);
    Ok(session::Entity::delete_many().filter(these).exec(tx).await?.rows_affected)
}
