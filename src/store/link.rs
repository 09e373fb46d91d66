//! Links.

use entity::{
    CustomerId, JobId, LinkId, LinkStatus, LoginStatus, Timestamp, WorkspaceId, customer, link, login,
};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};

use super::page::{Part, Rows, newest_first_of};
use super::rows::{self, one_of};
use super::{Error, Page, Tx};

/// Which links of a workspace to list; an absent field allows all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// One of these.
    pub statuses: Option<Vec<LinkStatus>>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// For this job.
    pub job: Option<JobId>,
    /// Created at or after.
    pub created_after: Option<Timestamp>,
    /// Created before.
    pub created_before: Option<Timestamp>,
}

/// Adds many links in one statement.
///
/// # Errors
/// If the database refuses.
pub async fn insert_many(tx: &Tx, links: &[link::Model]) -> Result<(), Error> {
    rows::insert(tx, links.iter().cloned()).await
}

/// The link, as it is committed now.
///
/// # Errors
/// [`Error::NotFound`] if the workspace has none.
pub async fn get(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: LinkId,
) -> Result<link::Model, Error> {
    find_many(db, workspace, [id]).await?.pop().ok_or(Error::NotFound)
}

/// Those of `ids` that are in the workspace.
///
/// # Errors
/// If the database does not answer.
pub async fn find_many(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: impl IntoIterator<Item = LinkId>,
) -> Result<Vec<link::Model>, Error> {
    let query = link::Entity::find().filter(link::Column::WorkspaceId.eq(workspace));
    Ok(query.filter(one_of(link::Column::Id, ids)).all(db).await?)
}

/// Those of `ids` that are in the workspace, each with its customer.
///
/// # Errors
/// If the database does not answer.
pub async fn with_customers(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: impl IntoIterator<Item = LinkId>,
) -> Result<Vec<(link::Model, Option<customer::Model>)>, Error> {
    let customer = link::Entity::belongs_to(customer::Entity)
        .from(link::Column::CustomerId)
        .to(customer::Column::Id)
        .into();
    let query = link::Entity::find()
        .join(JoinType::LeftJoin, customer)
        .select_also(customer::Entity)
        .filter(link::Column::WorkspaceId.eq(workspace))
        .filter(one_of(link::Column::Id, ids));
    Ok(query.all(db).await?)
}

/// The link that an authentic token names; the token is the proof, so no workspace is needed.
///
/// # Errors
/// [`Error::NotFound`] if it was erased.
pub async fn get_by_token(db: &impl ConnectionTrait, id: LinkId) -> Result<link::Model, Error> {
    link::Entity::find_by_id(id).one(db).await?.ok_or(Error::NotFound)
}

/// The link, locked until the transaction ends: transitions of one link wait for each other.
///
/// # Errors
/// [`Error::NotFound`] if the workspace has none.
pub async fn lock(tx: &Tx, workspace: WorkspaceId, id: LinkId) -> Result<link::Model, Error> {
    let query = link::Entity::find_by_id(id).filter(link::Column::WorkspaceId.eq(workspace));
    let query = if tx.is_concurrent() { query.lock_exclusive() } else { query };
    query.one(tx).await?.ok_or(Error::NotFound)
}

/// Some links of a customer, oldest first, locked until the transaction ends.
///
/// # Errors
/// If the database does not answer.
pub async fn lock_of_customer(
    tx: &Tx,
    workspace: WorkspaceId,
    customer: CustomerId,
    limit: u64,
) -> Result<Vec<link::Model>, Error> {
    let query = link::Entity::find()
        .filter(link::Column::WorkspaceId.eq(workspace))
        .filter(link::Column::CustomerId.eq(customer))
        .order_by_asc(link::Column::Id)
        .limit(limit);
    let query = if tx.is_concurrent() { query.lock_exclusive() } else { query };
    Ok(query.all(tx).await?)
}

/// Writes what changed on a locked link.
///
/// # Errors
/// If the database refuses.
pub async fn update(tx: &Tx, row: &link::Model) -> Result<(), Error> {
    let mut changes = row.clone().into_active_model();
    for column in [
        link::Column::Status,
        link::Column::Sequence,
        link::Column::UpdatedAt,
        link::Column::FailureCode,
        link::Column::FailureMessage,
        link::Column::SignedInAt,
    ] {
        changes.reset(column);
    }
    link::Entity::update(changes).exec(tx).await?;
    Ok(())
}

impl Filter {
    /// The links as lists of which each is in the order of an index: see the migrations.
    fn parts(&self, workspace: WorkspaceId) -> Vec<Part<link::Entity>> {
        let is_narrow = self.customer.is_some() || self.job.is_some();
        let query = link::Entity::find()
            .filter(if is_narrow { beside(workspace) } else { in_all_of(workspace) })
            .apply_if(self.customer, |query, customer| query.filter(link::Column::CustomerId.eq(customer)))
            .apply_if(self.job, |query, job| query.filter(link::Column::JobId.eq(job)));
        let statuses = match (&self.statuses, self.job) {
            (None, None) => return vec![query.into()],
            (None, Some(_)) => LinkStatus::ALL,
            (Some(statuses), _) => statuses,
        };
        let is_wanted = |status: &&LinkStatus| statuses.contains(status);
        let of_status = |status: &LinkStatus| match self.job {
            Some(_) => Part::under(query.clone(), (link::Column::Status, literal(*status))),
            None => query.clone().filter(is(*status)).into(),
        };
        LinkStatus::ALL.iter().filter(is_wanted).map(of_status).collect()
    }
}

fn in_all_of(workspace: WorkspaceId) -> SimpleExpr {
    link::Column::WorkspaceId.eq(workspace)
}

/// The same in words that are not those of the indexes of all links: no database may think that it would find
/// one customer's or one job's links there.
fn beside(workspace: WorkspaceId) -> SimpleExpr {
    Func::coalesce([Expr::col(link::Column::WorkspaceId), Expr::col(link::Column::Id)]).eq(workspace)
}

fn is(status: LinkStatus) -> SimpleExpr {
    Expr::col(link::Column::Status).eq(literal(status))
}

/// A statement that is prepared once can be planned once.
fn literal(status: LinkStatus) -> Expr {
    Expr::cust(format!("'{}'", status.as_str()))
}

/// A page of the workspace's links, newest first.
///
/// # Errors
/// If the database does not answer.
pub async fn list(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    filter: Filter,
    page: Page,
) -> Result<Rows<link::Model>, Error> {
    // An id has the time of its link.
    let first_at = |at: Timestamp| LinkId::first_at(at).0;
    let page = page.between(filter.created_after.map(first_at), filter.created_before.map(first_at));
    Ok(newest_first_of(db, filter.parts(workspace), link::Column::Id, page).await?)
}

/// Links whose time is over, that are not told so yet and on which no login is live, oldest first.
///
/// # Errors
/// If the database does not answer.
pub async fn overdue(
    db: &impl ConnectionTrait,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<link::Model>, Error> {
    let open = [LinkStatus::Created, LinkStatus::Accessed, LinkStatus::Authenticating, LinkStatus::Failed];
    let live = Query::select()
        .column(login::Column::LinkId)
        .from(login::Entity)
        .and_where(login::Column::Status.ne(LoginStatus::Ended))
        .to_owned();
    let query = link::Entity::find()
        .filter(link::Column::ExpiresAt.lte(now))
        .filter(link::Column::Status.is_in(open))
        .filter(link::Column::SignedInAt.is_null())
        .filter(link::Column::Id.not_in_subquery(live));
    Ok(query.order_by_asc(link::Column::ExpiresAt).limit(limit).all(db).await?)
}
