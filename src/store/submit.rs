//! Secrets that were sent to source systems, counted for the budgets.

use std::time::Duration;

use entity::{LinkId, LoginId, SourceSystemId, SubmitId, SubmitKind, Timestamp, WorkspaceId, submit};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, Select,
};

use super::{Error, Tx};

/// How long they are kept: budgets look back 24 hours, and no login takes half an hour.
pub const KEPT: Duration = Duration::from_hours(48);

/// Adds one.
///
/// # Errors
/// If the database refuses.
pub async fn insert(tx: &Tx, row: submit::Model) -> Result<(), Error> {
    submit::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// How many passwords of one account were sent and not accepted since then, over all links.
///
/// # Errors
/// If the database does not answer.
pub async fn rejected_for_account(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    account: (SourceSystemId, &[u8]),
    since: Timestamp,
) -> Result<u64, Error> {
    let query = of_account(workspace, account);
    Ok(query.filter(is_rejected_password(since)).count(db).await?)
}

/// How many passwords of one account were sent and not accepted since then, over all workspaces.
///
/// # Errors
/// If the database does not answer.
pub async fn rejected_at_site(
    db: &impl ConnectionTrait,
    site_tag: &[u8],
    since: Timestamp,
) -> Result<u64, Error> {
    let query = submit::Entity::find().filter(submit::Column::SiteTag.eq(site_tag));
    Ok(query.filter(is_rejected_password(since)).count(db).await?)
}

fn of_account(workspace: WorkspaceId, account: (SourceSystemId, &[u8])) -> Select<submit::Entity> {
    submit::Entity::find()
        .filter(submit::Column::WorkspaceId.eq(workspace))
        .filter(submit::Column::SourceSystemId.eq(account.0))
        .filter(submit::Column::IdentifierTag.eq(account.1))
}

fn is_rejected_password(since: Timestamp) -> Condition {
    Condition::all()
        .add(submit::Column::Kind.eq(SubmitKind::Password))
        .add(submit::Column::Rejected.eq(true))
        .add(submit::Column::CreatedAt.gte(since))
}

/// Whether the site has said since then that the account is locked.
///
/// # Errors
/// If the database does not answer.
pub async fn was_locked(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    account: (SourceSystemId, &[u8]),
    since: Timestamp,
) -> Result<bool, Error> {
    let query = of_account(workspace, account).filter(submit::Column::LockedAt.gte(since));
    Ok(query.one(db).await?.is_some())
}

/// The site has said that the account that this login is for is locked.
///
/// # Errors
/// If the database refuses.
pub async fn lock(tx: &Tx, workspace: WorkspaceId, login: LoginId, now: Timestamp) -> Result<(), Error> {
    submit::Entity::update_many()
        .col_expr(submit::Column::LockedAt, Expr::value(now))
        .filter(submit::Column::WorkspaceId.eq(workspace))
        .filter(submit::Column::LoginId.eq(login))
        .filter(submit::Column::Kind.eq(SubmitKind::Password))
        .exec(tx)
        .await?;
    Ok(())
}

/// How many passwords were sent by logins of one link since then.
///
/// # Errors
/// If the database does not answer.
pub async fn of_link(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    link: LinkId,
    since: Timestamp,
) -> Result<u64, Error> {
    let query = submit::Entity::find()
        .filter(submit::Column::WorkspaceId.eq(workspace))
        .filter(submit::Column::LinkId.eq(link))
        .filter(submit::Column::Kind.eq(SubmitKind::Password))
        .filter(submit::Column::CreatedAt.gte(since));
    Ok(query.count(db).await?)
}

/// Whether any secret of a login has reached the site.
///
/// # Errors
/// If the database does not answer.
pub async fn any_of_login(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    login: LoginId,
) -> Result<bool, Error> {
    let query = submit::Entity::find()
        .filter(submit::Column::WorkspaceId.eq(workspace))
        .filter(submit::Column::LoginId.eq(login));
    Ok(query.one(db).await?.is_some())
}

/// Whether a secret of a login was sent and not seen to be accepted.
///
/// # Errors
/// If the database does not answer.
pub async fn any_open_of_login(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    login: LoginId,
) -> Result<bool, Error> {
    let query = submit::Entity::find()
        .filter(submit::Column::WorkspaceId.eq(workspace))
        .filter(submit::Column::LoginId.eq(login))
        .filter(submit::Column::Rejected.eq(true));
    Ok(query.one(db).await?.is_some())
}

/// The site has accepted what this login sent: it no longer counts against the account.
///
/// # Errors
/// If the database refuses.
pub async fn accept(tx: &Tx, workspace: WorkspaceId, login: LoginId) -> Result<(), Error> {
    submit::Entity::update_many()
        .col_expr(submit::Column::Rejected, Expr::value(false))
        .filter(submit::Column::WorkspaceId.eq(workspace))
        .filter(submit::Column::LoginId.eq(login))
        .exec(tx)
        .await?;
    Ok(())
}

/// Forgets those that are older than [`KEPT`], the oldest first, at most `limit`; returns how many.
///
/// # Errors
/// If the database refuses.
pub async fn forget_old(tx: &Tx, now: Timestamp, limit: u64) -> Result<u64, Error> {
    let mut old = Query::select();
    old.column(submit::Column::Id)
        .from(submit::Entity)
        .and_where(submit::Column::Id.lt(SubmitId::first_at(now.minus(KEPT))))
        .order_by(submit::Column::Id, sea_orm::Order::Asc)
        .limit(limit);
    let these = submit::Column::Id.in_subquery(old);
    Ok(submit::Entity::delete_many().filter(these).exec(tx).await?.rows_affected)
}
