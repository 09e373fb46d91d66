//! Lines that form and lines that end, when an endpoint's ordering is changed.

use entity::{DeliveryId, DeliveryStatus, DeliveryTurn, EndpointId, LinkId, Timestamp, delivery, event};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Select};

use super::{line_up, lock};
use crate::domain::hint::Hint;
use crate::store::rows::one_of;
use crate::store::{Error, Tx};

/// How many deliveries are moved into or out of lines in one statement.
pub const BATCH: u64 = 1_000;

/// Gives these deliveries to an endpoint that has become ordered their numbers, and lines them up with
/// the others of their links.
///
/// # Errors
/// If the database refuses.
pub async fn adopt(tx: &Tx, endpoint: EndpointId, ids: &[DeliveryId]) -> Result<u64, Error> {
    let these = delivery::Entity::find().filter(one_of(delivery::Column::Id, ids.iter().copied()));
    let links = these.select_only().column(delivery::Column::LinkId);
    let links: Vec<Option<LinkId>> = links.into_tuple().all(tx).await?;
    lock(tx, links.into_iter().flatten().collect()).await?;
    let mut number = Query::select();
    let this = |column| Expr::col((delivery::Entity, column));
    number
        .column(event::Column::Sequence)
        .from(event::Entity)
        .and_where(
            Expr::col((event::Entity, event::Column::WorkspaceId)).eq(this(delivery::Column::WorkspaceId)),
        )
        .and_where(Expr::col((event::Entity, event::Column::Id)).eq(this(delivery::Column::EventId)));
    let numbered = delivery::Entity::update_many()
        .col_expr(delivery::Column::Sequence, Expr::from(number))
        .filter(one_of(delivery::Column::Id, ids.iter().copied()))
        .filter(delivery::Column::EndpointId.eq(endpoint))
        .filter(delivery::Column::Status.eq(DeliveryStatus::Pending))
        .exec_with_returning(tx)
        .await?;
    line_up(tx, endpoint, numbered.iter().filter_map(|row| row.link_id).collect()).await?;
    Ok(u64::try_from(numbered.len()).unwrap_or(u64::MAX))
}

/// What waits for an endpoint and should stand in line, but has no number, at most [`BATCH`].
///
/// # Errors
/// If the database does not answer.
pub async fn outside(db: &impl ConnectionTrait, endpoint: EndpointId) -> Result<Vec<DeliveryId>, Error> {
    let query = waiting_for(endpoint)
        .filter(delivery::Column::Turn.is_in([DeliveryTurn::Next, DeliveryTurn::Retry]))
        .filter(delivery::Column::LinkId.is_not_null())
        .filter(delivery::Column::Sequence.is_null());
    Ok(query.limit(BATCH).into_tuple().all(db).await?)
}

/// Takes what waits for an endpoint out of its lines, at most [`BATCH`]; what stood behind something is
/// due at `next_attempt_at`, as everything that waits for the endpoint. Returns how many they were.
///
/// # Errors
/// If the database refuses.
pub async fn dissolve(
    tx: &Tx,
    endpoint: EndpointId,
    next_attempt_at: Option<Timestamp>,
) -> Result<u64, Error> {
    let standing = waiting_for(endpoint).filter(delivery::Column::Sequence.is_not_null()).limit(BATCH);
    let ids: Vec<DeliveryId> = standing.into_tuple().all(tx).await?;
    let (mut left, behind) = (0, delivery::Column::Turn.eq(DeliveryTurn::Behind));
    for is_behind in [true, false] {
        let mut out = delivery::Entity::update_many()
            .col_expr(delivery::Column::Sequence, Expr::value(Option::<i64>::None))
            .filter(one_of(delivery::Column::Id, ids.iter().copied()))
            .filter(delivery::Column::Sequence.is_not_null());
        if is_behind {
            out = out
                .col_expr(delivery::Column::Turn, Expr::value(DeliveryTurn::Next))
                .col_expr(delivery::Column::NextAttemptAt, Expr::value(next_attempt_at))
                .filter(behind.clone());
        }
        left += out.exec(tx).await?.rows_affected;
    }
    tx.hint(Hint::Deliveries);
    Ok(left)
}

fn waiting_for(endpoint: EndpointId) -> Select<delivery::Entity> {
    let ids = delivery::Entity::find().select_only().column(delivery::Column::Id);
    let pending = delivery::Column::Status.eq(DeliveryStatus::Pending);
    ids.filter(delivery::Column::EndpointId.eq(endpoint)).filter(pending)
}
