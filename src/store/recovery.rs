//! Recoveries that are under way, and finding what did not arrive.
//!
//! Events are read, counted and marked as done by one key, their id, which sorts by time.

use entity::{
    DeliveryId, DeliveryStatus, EndpointId, EventId, LinkId, RecoveryId, Strings, Timestamp, WorkspaceId,
    delivery, event, recovery,
};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel,
    JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, RelationDef, Select,
};

use super::{Error, Tx};
use crate::domain::event::Kind;
use crate::domain::hint::Hint;

/// Which events of a workspace an endpoint should have.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Whose events.
    pub workspace: WorkspaceId,
    /// Which endpoint.
    pub endpoint: EndpointId,
    /// Only events after this one.
    pub after: EventId,
    /// Only events before this one.
    pub until: EventId,
    /// Only these types or families; empty = all.
    pub types: Strings,
    /// What the endpoint has asked for; empty = all.
    pub asked_for: Strings,
    /// Retries that are due after this time are brought forward.
    pub now: Timestamp,
}

/// An event that did not arrive.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Missing {
    /// The event.
    pub event_id: EventId,
    /// The link it is about.
    pub link_id: Option<LinkId>,
    /// Its number there.
    pub sequence: Option<i64>,
    /// The delivery that did not succeed; `None` if there was none.
    pub delivery_id: Option<DeliveryId>,
}

/// How many events of a scope did not arrive.
///
/// # Errors
/// If the database does not answer.
pub async fn count(db: &impl ConnectionTrait, scope: &Scope) -> Result<u64, Error> {
    Ok(missing(scope).count(db).await?)
}

/// The first events of a scope that did not arrive, in order.
///
/// # Errors
/// If the database does not answer.
pub async fn list(db: &impl ConnectionTrait, scope: &Scope, limit: u64) -> Result<Vec<Missing>, Error> {
    let query = missing(scope).order_by_asc(event::Column::Id).limit(limit);
    Ok(query.into_model().all(db).await?)
}

fn missing(scope: &Scope) -> Select<event::Entity> {
    let mut query = event::Entity::find()
        .select_only()
        .column_as(event::Column::Id, "event_id")
        .column(event::Column::LinkId)
        .column(event::Column::Sequence)
        .column_as(delivery::Column::Id, "delivery_id")
        .join(JoinType::LeftJoin, to(scope.endpoint))
        .filter(event::Column::WorkspaceId.eq(scope.workspace))
        .filter(event::Column::Id.gt(scope.after))
        .filter(event::Column::Id.lt(scope.until))
        // An event about an endpoint is never sent to it.
        .filter(
            Expr::cust(r#"COALESCE("event"."facts" ->> 'endpointId', '')"#).ne(scope.endpoint.to_string()),
        )
        .filter(Condition::any().add(never_made(scope)).add(not_arrived(scope.now)));
    if !scope.types.0.is_empty() {
        query = query.filter(super::event::any_of(&scope.types.0));
    }
    query
}

fn to(endpoint: EndpointId) -> RelationDef {
    let mut join = event::Entity::belongs_to(delivery::Entity)
        .from(event::Column::Id)
        .to(delivery::Column::EventId)
        .into();
    let RelationDef { on_condition, .. } = &mut join;
    *on_condition = Some(std::sync::Arc::new(move |_, to| {
        Condition::all().add(Expr::col((to.clone(), delivery::Column::EndpointId)).eq(endpoint))
    }));
    join
}

/// There is no delivery, as the endpoint was not there or had not asked for it.
fn never_made(scope: &Scope) -> Condition {
    let none = Condition::all()
        .add(delivery::Column::Id.is_null())
        // Somebody tried another endpoint out.
        .add(event::Column::Kind.ne(Kind::WebhookTest.as_str()));
    if scope.asked_for.0.is_empty() { none } else { none.add(super::event::any_of(&scope.asked_for.0)) }
}

/// There is one that was given up, or waits for a retry that is not due yet.
fn not_arrived(now: Timestamp) -> Condition {
    let given_up = delivery::Column::Status.is_in([DeliveryStatus::Exhausted, DeliveryStatus::Cancelled]);
    let to_be_retried = Condition::all()
        .add(delivery::Column::Status.eq(DeliveryStatus::Pending))
        .add(delivery::Column::NextAttemptAt.gt(now));
    Condition::any().add(given_up).add(to_be_retried)
}

/// Begins a recovery.
///
/// # Errors
/// [`Error::Taken`] if another one of the endpoint is under way.
pub async fn insert(tx: &Tx, row: recovery::Model) -> Result<(), Error> {
    recovery::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    tx.hint(Hint::Recoveries);
    Ok(())
}

/// Whether a recovery of the endpoint is under way.
///
/// # Errors
/// If the database does not answer.
pub async fn is_open(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    endpoint: EndpointId,
) -> Result<bool, Error> {
    let query = recovery::Entity::find().filter(recovery::Column::WorkspaceId.eq(workspace));
    Ok(query.filter(recovery::Column::EndpointId.eq(endpoint)).count(db).await? > 0)
}

/// All recoveries that are under way, the next one first.
///
/// # Errors
/// If the database does not answer.
pub async fn open(db: &impl ConnectionTrait) -> Result<Vec<recovery::Model>, Error> {
    Ok(recovery::Entity::find().order_by_asc(recovery::Column::DueAt).all(db).await?)
}

/// Marks a recovery as done up to `to`; `false` if it has gone on or away since it was read.
///
/// # Errors
/// If the database refuses.
pub async fn advance(tx: &Tx, read: &recovery::Model, to: EventId, due_at: Timestamp) -> Result<bool, Error> {
    let moved = recovery::Entity::update_many()
        .col_expr(recovery::Column::DoneTo, Expr::value(to))
        .col_expr(recovery::Column::DueAt, Expr::value(due_at))
        .filter(recovery::Column::Id.eq(read.id))
        .filter(recovery::Column::DoneTo.eq(read.done_to))
        .exec(tx)
        .await?;
    Ok(moved.rows_affected > 0)
}

/// Ends a recovery.
///
/// # Errors
/// If the database refuses.
pub async fn delete(tx: &Tx, id: RecoveryId) -> Result<(), Error> {
    recovery::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// Ends the recovery of an endpoint, if one is under way.
///
/// # Errors
/// If the database refuses.
pub async fn delete_of(tx: &Tx, workspace: WorkspaceId, endpoint: EndpointId) -> Result<(), Error> {
    recovery::Entity::delete_many()
        .filter(recovery::Column::WorkspaceId.eq(workspace))
        .filter(recovery::Column::EndpointId.eq(endpoint))
        .exec(tx)
        .await?;
    Ok(())
}
