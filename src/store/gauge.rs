//! How much waits to be sent, counted so that it costs little however much it is.
//!
//! Every count stops at [`MOST`] and reads nothing but the hub's own indexes, in which what is delivered
//! is not. All of them are one statement.

use entity::{DeliveryStatus, Timestamp, delivery};
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult};

use super::Error;

/// No count goes further: by then it is only "very many".
pub const MOST: u64 = 100_000;

/// What waits to be sent, of all workspaces; counts up to [`MOST`].
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct Waiting {
    /// When the first unclaimed delivery was, or will be, due; `None` if no attempt is planned.
    pub next_due: Option<Timestamp>,
    /// When the first claimed delivery was due.
    pub claimed_due: Option<Timestamp>,
    /// Deliveries that are due and that no node has claimed.
    pub due: i64,
    /// Deliveries that are due later: retries.
    pub scheduled: i64,
    /// Deliveries of paused and disabled endpoints.
    pub parked: i64,
    /// Deliveries that a node has claimed.
    pub claimed: i64,
}

/// Counts what waits at `now`.
///
/// # Errors
/// If the database does not answer.
pub async fn waiting(db: &impl ConnectionTrait, now: Timestamp) -> Result<Waiting, Error> {
    use delivery::Column::{ClaimedBy, NextAttemptAt};
    let mut claimed = Query::select();
    claimed.expr(Expr::val(1)).from(delivery::Entity).and_where(ClaimedBy.is_not_null());
    let counts = Query::select()
        .expr_as(first_due(), "next_due")
        .expr_as(first_claimed(), "claimed_due")
        .expr_as(count(unclaimed(NextAttemptAt.lte(now))), "due")
        .expr_as(count(unclaimed(NextAttemptAt.gt(now))), "scheduled")
        .expr_as(count(unclaimed(NextAttemptAt.is_null())), "parked")
        .expr_as(count(claimed), "claimed")
        .to_owned();
    let row = db.query_one(&counts).await?.ok_or(Error::NotFound)?;
    Ok(Waiting::from_query_result(&row, "")?)
}

fn first_due() -> Expr {
    use delivery::Column::{ClaimedBy, NextAttemptAt, Status};
    let mut first = Query::select();
    first
        .column(NextAttemptAt)
        .from(delivery::Entity)
        .and_where(Status.eq(DeliveryStatus::Pending))
        .and_where(ClaimedBy.is_null())
        .and_where(NextAttemptAt.is_not_null())
        .order_by(NextAttemptAt, Order::Asc)
        .limit(1);
    Expr::SubQuery(None, Box::new(first.into()))
}

fn first_claimed() -> Expr {
    use delivery::Column::{ClaimedBy, NextAttemptAt};
    let mut first = Query::select();
    first.expr(NextAttemptAt.min()).from(delivery::Entity).and_where(ClaimedBy.is_not_null());
    Expr::SubQuery(None, Box::new(first.into()))
}

fn unclaimed(which: Expr) -> SelectStatement {
    use delivery::Column::{ClaimedBy, Status};
    let mut some = Query::select();
    some.expr(Expr::val(1))
        .from(delivery::Entity)
        .and_where(Status.eq(DeliveryStatus::Pending))
        .and_where(ClaimedBy.is_null())
        .and_where(which);
    some
}

fn count(mut some: SelectStatement) -> Expr {
    let mut counted = Query::select();
    counted.expr(Expr::col(Asterisk).count()).from_subquery(some.limit(MOST).to_owned(), "some");
    Expr::SubQuery(None, Box::new(counted.into()))
}
