//! Logins: claimed by an engine, watched by a browser.

use entity::{LinkId, LoginId, LoginStatus, NodeId, Timestamp, WorkspaceId, login};
use sea_orm::sea_query::{Expr, LockBehavior, LockType, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::page::first_of_each;
use super::rows::one_of;
use super::{Error, Tx};
use crate::domain::hint::Hint;

/// Adds a login and wakes the engines.
///
/// # Errors
/// If the database refuses.
pub async fn insert(tx: &Tx, row: login::Model) -> Result<(), Error> {
    tx.hint(Hint::Logins);
    login::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// The login that a browser names; its cookie is the proof, so no workspace is needed.
///
/// # Errors
/// [`Error::NotFound`] if there is none.
pub async fn get_by_cookie(
    db: &impl ConnectionTrait,
    id: LoginId,
    cookie_hash: &[u8],
) -> Result<login::Model, Error> {
    let row = login::Entity::find_by_id(id).one(db).await?;
    row.filter(|row| row.cookie_hash == cookie_hash).ok_or(Error::NotFound)
}

/// The login, locked until the transaction ends.
///
/// # Errors
/// [`Error::NotFound`] if the workspace has none.
pub async fn lock(tx: &Tx, workspace: WorkspaceId, id: LoginId) -> Result<login::Model, Error> {
    let query = login::Entity::find_by_id(id).filter(login::Column::WorkspaceId.eq(workspace));
    let query = if tx.is_concurrent() { query.lock_exclusive() } else { query };
    query.one(tx).await?.ok_or(Error::NotFound)
}

/// The login, as it is committed now.
///
/// # Errors
/// [`Error::NotFound`] if the workspace has none.
pub async fn get(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: LoginId,
) -> Result<login::Model, Error> {
    let query = login::Entity::find_by_id(id).filter(login::Column::WorkspaceId.eq(workspace));
    query.one(db).await?.ok_or(Error::NotFound)
}

/// The logins of a link that are not over.
///
/// # Errors
/// If the database does not answer.
pub async fn live_of(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    link: LinkId,
) -> Result<Vec<login::Model>, Error> {
    let query = login::Entity::find()
        .filter(login::Column::WorkspaceId.eq(workspace))
        .filter(login::Column::LinkId.eq(link))
        .filter(login::Column::Status.ne(LoginStatus::Ended));
    Ok(query.all(db).await?)
}

/// The newest login of a link.
///
/// # Errors
/// If the database does not answer.
pub async fn latest_of(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    link: LinkId,
) -> Result<Option<login::Model>, Error> {
    let query = login::Entity::find()
        .filter(login::Column::WorkspaceId.eq(workspace))
        .filter(login::Column::LinkId.eq(link))
        .order_by_desc(login::Column::Id);
    Ok(query.one(db).await?)
}

/// The first `limit` logins after `after` of each of several links, oldest first.
///
/// # Errors
/// If the database does not answer.
pub async fn first_of_links(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    links: impl IntoIterator<Item = LinkId>,
    (after, limit): (Option<LoginId>, u64),
) -> Result<Vec<login::Model>, Error> {
    let mut query = login::Entity::find()
        .filter(login::Column::WorkspaceId.eq(workspace))
        .filter(one_of(login::Column::LinkId, links));
    if let Some(after) = after {
        query = query.filter(login::Column::Id.gt(after));
    }
    Ok(first_of_each(db, query, (login::Column::LinkId, login::Column::Id), limit).await?)
}

/// Those of `ids` that are in the workspace.
///
/// # Errors
/// If the database does not answer.
pub async fn find_many(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: impl IntoIterator<Item = LoginId>,
) -> Result<Vec<login::Model>, Error> {
    let query = login::Entity::find().filter(login::Column::WorkspaceId.eq(workspace));
    Ok(query.filter(one_of(login::Column::Id, ids)).all(db).await?)
}

/// Takes up to `limit` waiting logins for `node`, oldest first.
///
/// # Errors
/// If the database refuses.
pub async fn claim(tx: &Tx, node: NodeId, now: Timestamp, limit: u64) -> Result<Vec<login::Model>, Error> {
    let mut waiting = Query::select();
    waiting
        .column(login::Column::Id)
        .from(login::Entity)
        .and_where(login::Column::Status.eq(LoginStatus::Queued))
        .order_by(login::Column::Id, sea_orm::Order::Asc)
        .limit(limit);
    if tx.is_concurrent() {
        waiting.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    Ok(login::Entity::update_many()
        .col_expr(login::Column::ClaimedBy, Expr::value(node))
        // Waiting for an engine is not the customer's idleness.
        .col_expr(login::Column::ActiveAt, Expr::value(now))
        .col_expr(login::Column::Status, Expr::value(LoginStatus::Active))
        .filter(login::Column::Id.in_subquery(waiting))
        .exec_with_returning(tx)
        .await?)
}

/// Logins that have waited for an engine since before then, oldest first.
///
/// # Errors
/// If the database does not answer.
pub async fn queued_before(
    db: &impl ConnectionTrait,
    before: Timestamp,
    limit: u64,
) -> Result<Vec<login::Model>, Error> {
    let query = login::Entity::find()
        .filter(login::Column::Status.eq(LoginStatus::Queued))
        .filter(login::Column::StartedAt.lte(before));
    Ok(query.order_by_asc(login::Column::Id).limit(limit).all(db).await?)
}

/// How many logins, of whatever workspace, get what `row` waits for before it does: an engine, or a browser of
/// its engine.
///
/// # Errors
/// If the database does not answer.
pub async fn ahead_of(db: &impl ConnectionTrait, row: &login::Model) -> Result<u64, Error> {
    let waiting = login::Entity::find().filter(login::Column::Status.eq(row.status));
    let ahead = match row.in_line_since {
        Some(since) => {
            let at_once =
                Condition::all().add(login::Column::InLineSince.eq(since)).add(login::Column::Id.lt(row.id));
            let sooner = Condition::any().add(login::Column::InLineSince.lt(since)).add(at_once);
            waiting.filter(login::Column::ClaimedBy.eq(row.claimed_by)).filter(sooner)
        }
        None => waiting.filter(login::Column::Id.lt(row.id)),
    };
    Ok(ahead.count(db).await?)
}

/// Whether a login waits for an engine.
///
/// # Errors
/// If the database does not answer.
pub async fn any_queued(db: &impl ConnectionTrait) -> Result<bool, Error> {
    let query = login::Entity::find().filter(login::Column::Status.eq(LoginStatus::Queued));
    Ok(query.one(db).await?.is_some())
}

/// Writes what changed on a locked login, and tells its page and its engine.
///
/// # Errors
/// If the database refuses.
pub async fn update(tx: &Tx, row: &login::Model) -> Result<(), Error> {
    let mut changes = row.clone().into_active_model();
    for column in [
        login::Column::Status,
        login::Column::Driver,
        login::Column::ClaimedBy,
        login::Column::PublicKey,
        login::Column::PromptNumber,
        login::Column::Recipe,
        login::Column::Outcome,
        login::Column::SiteMessage,
        login::Column::FailureCode,
        login::Column::InLineSince,
        login::Column::ActiveAt,
        login::Column::EndedAt,
    ] {
        changes.reset(column);
    }
    login::Entity::update(changes).exec(tx).await?;
    tx.hint(Hint::Login(row.id));
    Ok(())
}

/// Moves the customer's last sign of life.
///
/// # Errors
/// If the database refuses.
pub async fn touch(tx: &Tx, id: LoginId, now: Timestamp) -> Result<(), Error> {
    login::Entity::update_many()
        .col_expr(login::Column::ActiveAt, Expr::value(now))
        .filter(login::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}
