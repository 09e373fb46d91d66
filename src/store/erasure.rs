//! Taking away what is known of people whose links these are, in every table that may hold it.
//!
//! What stays are ids, times, statuses and counts. On SQLite the writer overwrites what it deletes (see
//! `connect`), and `Db::forget_the_past` empties the log of writes.

use entity::{
    CustomerId, DeliveryId, LinkId, LoginId, NodeId, RunId, WorkspaceId, answer, attempt, credential,
    delivery, endpoint, event, link, login, prompt, run, run_step, session,
};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::{Map, Value};

use super::rows::one_of;
use super::{Error, Tx};

/// The deliveries of events about these links.
///
/// # Errors
/// If the database does not answer.
pub async fn deliveries_of(
    tx: &Tx,
    workspace: WorkspaceId,
    links: &[link::Model],
) -> Result<Vec<DeliveryId>, Error> {
    let mut events = Query::select();
    events.column(event::Column::Id).from(event::Entity).and_where(one_of(event::Column::LinkId, ids(links)));
    let mut endpoints = Query::select();
    let mine = endpoint::Column::WorkspaceId.eq(workspace);
    endpoints.column(endpoint::Column::Id).from(endpoint::Entity).and_where(mine);
    let query = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .filter(delivery::Column::EndpointId.in_subquery(endpoints))
        .filter(delivery::Column::EventId.in_subquery(events));
    Ok(query.into_tuple().all(tx).await?)
}

/// Forgets what receivers answered, and lets go of the attempts that are under way: each counts as made, and
/// whoever makes it can no longer write what came of it.
///
/// # Errors
/// If the database refuses.
pub async fn forget_attempts(
    tx: &Tx,
    workspace: WorkspaceId,
    deliveries: &[DeliveryId],
) -> Result<(), Error> {
    let one_more = |column: delivery::Column| Expr::col(column).add(1);
    delivery::Entity::update_many()
        .col_expr(delivery::Column::ClaimedBy, Expr::value(Option::<NodeId>::None))
        .col_expr(delivery::Column::AttemptCount, one_more(delivery::Column::AttemptCount))
        .col_expr(delivery::Column::AttemptsBefore, one_more(delivery::Column::AttemptsBefore))
        .filter(delivery::Column::WorkspaceId.eq(workspace))
        .filter(one_of(delivery::Column::Id, deliveries.iter().copied()))
        .filter(delivery::Column::ClaimedBy.is_not_null())
        .exec(tx)
        .await?;
    attempt::Entity::update_many()
        .col_expr(attempt::Column::ResponseBody, Expr::value(Option::<String>::None))
        .col_expr(attempt::Column::Error, Expr::value(Option::<String>::None))
        .filter(attempt::Column::WorkspaceId.eq(workspace))
        .filter(one_of(attempt::Column::DeliveryId, deliveries.iter().copied()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Forgets what sites and customers said by these links, what is kept of it, and what runs found.
///
/// # Errors
/// If the database refuses.
pub async fn forget_what_happened(
    tx: &Tx,
    workspace: WorkspaceId,
    links: &[link::Model],
) -> Result<(), Error> {
    let logins: Vec<LoginId> = login::Entity::find()
        .select_only()
        .column(login::Column::Id)
        .filter(login::Column::WorkspaceId.eq(workspace))
        .filter(one_of(login::Column::LinkId, ids(links)))
        .into_tuple()
        .all(tx)
        .await?;
    let these = || logins.iter().copied();
    answer::Entity::delete_many().filter(one_of(answer::Column::LoginId, these())).exec(tx).await?;
    prompt::Entity::delete_many().filter(one_of(prompt::Column::LoginId, these())).exec(tx).await?;
    login::Entity::update_many()
        .col_expr(login::Column::SiteMessage, Expr::value(Option::<String>::None))
        .col_expr(login::Column::Recipe, Expr::value(Option::<Value>::None))
        .filter(login::Column::WorkspaceId.eq(workspace))
        .filter(one_of(login::Column::Id, these()))
        .exec(tx)
        .await?;
    session::Entity::delete_many()
        .filter(session::Column::WorkspaceId.eq(workspace))
        .filter(one_of(session::Column::LinkId, ids(links)))
        .exec(tx)
        .await?;
    credential::Entity::delete_many()
        .filter(credential::Column::WorkspaceId.eq(workspace))
        .filter(one_of(credential::Column::LinkId, ids(links)))
        .exec(tx)
        .await?;
    forget_results(tx, workspace, links).await
}

async fn forget_results(tx: &Tx, workspace: WorkspaceId, links: &[link::Model]) -> Result<(), Error> {
    let runs: Vec<RunId> = run::Entity::find()
        .select_only()
        .column(run::Column::Id)
        .filter(run::Column::WorkspaceId.eq(workspace))
        .filter(one_of(run::Column::LinkId, ids(links)))
        .into_tuple()
        .all(tx)
        .await?;
    run_step::Entity::update_many()
        .col_expr(run_step::Column::Error, Expr::value(Option::<String>::None))
        .col_expr(run_step::Column::Output, Expr::value(Option::<Value>::None))
        .filter(run_step::Column::WorkspaceId.eq(workspace))
        .filter(one_of(run_step::Column::RunId, runs.iter().copied()))
        .exec(tx)
        .await?;
    run::Entity::update_many()
        .col_expr(run::Column::Output, Expr::value(nothing()))
        .col_expr(run::Column::FailureMessage, Expr::value(Option::<String>::None))
        .filter(run::Column::WorkspaceId.eq(workspace))
        .filter(one_of(run::Column::Id, runs))
        .exec(tx)
        .await?;
    Ok(())
}

/// Takes from these links what the partner and the site said of their customer, and gives them to another.
///
/// # Errors
/// If the database refuses.
pub async fn give_to(
    tx: &Tx,
    workspace: WorkspaceId,
    links: &[link::Model],
    customer: CustomerId,
) -> Result<(), Error> {
    link::Entity::update_many()
        .col_expr(link::Column::CustomerId, Expr::value(customer))
        .col_expr(link::Column::Metadata, Expr::value(nothing()))
        .col_expr(link::Column::FailureMessage, Expr::value(Option::<String>::None))
        .col_expr(link::Column::ReturnUrl, Expr::value(Option::<String>::None))
        .col_expr(link::Column::Locale, Expr::value(Option::<String>::None))
        .filter(link::Column::WorkspaceId.eq(workspace))
        .filter(one_of(link::Column::Id, ids(links)))
        .exec(tx)
        .await?;
    Ok(())
}

fn ids(links: &[link::Model]) -> impl Iterator<Item = LinkId> + '_ {
    links.iter().map(|link| link.id)
}

fn nothing() -> Value {
    Value::Object(Map::new())
}
