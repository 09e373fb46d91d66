//! Claims: which of the deliveries that are due a node takes.
//!
//! First tries go before retries, whomever they are for, and within each the longest due first. As long
//! as no endpoint has to be left out, two short ranges of one index say it all. One that has enough to
//! do may have a hundred thousand due rows in front of everybody else's: then the ranges are read
//! endpoint by endpoint (`heads`), and the flood costs one probe.

use entity::{DeliveryTurn, EndpointId, NodeId, Timestamp, delivery};
use sea_orm::sea_query::{Alias, Expr, LockBehavior, LockType, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, Order, QueryFilter, Statement};

use crate::store::{Error, Tx};

/// The turns of what may be claimed, in their order.
const TURNS: [DeliveryTurn; 2] = [DeliveryTurn::Next, DeliveryTurn::Retry];

/// "Nobody has claimed it", in words that are not those of the index of everything due: no database may
/// think that it would find one endpoint's deliveries there.
const UNCLAIMED: &str = r#"COALESCE("claimed_by", "id") = "id""#;

/// Where a claim takes deliveries from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// Whatever is due.
    All,
    /// Only these heads, each as far as its share goes.
    Heads(Vec<Head>),
}

/// The first of what waits for one endpoint in one turn.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Head {
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// The turn.
    pub turn: DeliveryTurn,
    /// When it is due.
    pub next_attempt_at: Timestamp,
}

/// Takes up to `limit` due deliveries for `node`.
///
/// # Errors
/// If the database refuses.
pub async fn claim(
    tx: &Tx,
    node: NodeId,
    now: Timestamp,
    limit: u64,
    from: &From,
) -> Result<Vec<delivery::Model>, Error> {
    let ranges: Vec<SelectStatement> = match from {
        From::All => TURNS.iter().map(|turn| range(tx, *turn, None, (now, limit))).collect(),
        From::Heads(heads) => {
            let share = limit.div_ceil(u64::try_from(heads.len()).unwrap_or(u64::MAX).max(1));
            let range = |head: &Head| range(tx, head.turn, Some(head.endpoint_id), (now, share));
            heads.iter().map(range).collect()
        }
    };
    let Some(due) = together(ranges, limit) else { return Ok(Vec::new()) };
    let mut rows = delivery::Entity::update_many()
        .col_expr(delivery::Column::ClaimedBy, Expr::value(node))
        .filter(delivery::Column::Id.in_subquery(due))
        .exec_with_returning(tx)
        .await?;
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}

/// What is due in a turn, of one endpoint or of all, the longest due first.
fn range(
    tx: &Tx,
    turn: DeliveryTurn,
    endpoint: Option<EndpointId>,
    (now, limit): (Timestamp, u64),
) -> SelectStatement {
    let mut due = Query::select();
    due.columns([delivery::Column::Id, delivery::Column::Turn, delivery::Column::NextAttemptAt])
        .from(delivery::Entity)
        // Literals: a statement that is prepared once can be planned once, for a partial index too.
        .and_where(Expr::cust(r#""status" = 'PENDING'"#))
        .and_where(Expr::cust(format!(r#""turn" = '{}'"#, turn.as_str())))
        .and_where(delivery::Column::NextAttemptAt.lte(now))
        .order_by(delivery::Column::NextAttemptAt, Order::Asc)
        .order_by(delivery::Column::Id, Order::Asc)
        .limit(limit);
    match endpoint {
        Some(endpoint) => {
            due.and_where(delivery::Column::EndpointId.eq(endpoint)).and_where(Expr::cust(UNCLAIMED));
        }
        None => {
            due.and_where(delivery::Column::ClaimedBy.is_null())
                .and_where(delivery::Column::NextAttemptAt.is_not_null());
        }
    }
    if tx.is_concurrent() {
        due.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    // Neither database takes an order and a limit in a part of a union as it is.
    Query::select().expr(Expr::cust("*")).from_subquery(due, Alias::new("part")).take()
}

/// The ids of the first `limit` of all ranges.
fn together(ranges: Vec<SelectStatement>, limit: u64) -> Option<SelectStatement> {
    let mut ranges = ranges.into_iter();
    let mut all = ranges.next()?;
    for range in ranges {
        all.union(UnionType::All, range);
    }
    let mut ids = Query::select();
    ids.column(Alias::new("id")).from_subquery(all, Alias::new("due"));
    for column in ["turn", "next_attempt_at", "id"] {
        ids.order_by(Alias::new(column), Order::Asc);
    }
    Some(ids.limit(limit).take())
}

/// The first of what waits unclaimed, for each endpoint and turn: one probe of an index for each,
/// however much waits.
///
/// # Errors
/// If the database does not answer.
pub async fn heads(db: &impl ConnectionTrait) -> Result<Vec<Head>, Error> {
    let mut all = Vec::new();
    for turn in TURNS {
        let statement = Statement::from_string(db.get_database_backend(), heads_of(turn));
        all.extend(Head::find_by_statement(statement).all(db).await?);
    }
    Ok(all)
}

/// Steps from endpoint to endpoint, as an index alone cannot say which there are.
fn heads_of(turn: DeliveryTurn) -> String {
    let waits = format!(r#""status" = 'PENDING' AND "turn" = '{}'"#, turn.as_str());
    let first = |after: &str| {
        format!(
            r#"SELECT "endpoint_id" FROM "delivery" WHERE {waits} {after} ORDER BY "endpoint_id" LIMIT 1"#
        )
    };
    format!(
        r#"WITH RECURSIVE "step" ("at") AS (
            SELECT "endpoint_id" FROM ({}) AS "begin"
            UNION ALL SELECT ({}) FROM "step" WHERE "at" IS NOT NULL
        ), "first" ("endpoint_id", "next_attempt_at") AS (
            SELECT "at", (
                SELECT "next_attempt_at" FROM "delivery" WHERE {waits} AND "endpoint_id" = "at"
                AND "next_attempt_at" IS NOT NULL AND {UNCLAIMED} ORDER BY "next_attempt_at" LIMIT 1
            ) FROM "step" WHERE "at" IS NOT NULL
        ) SELECT "endpoint_id", '{}' AS "turn", "next_attempt_at" FROM "first" WHERE "next_attempt_at" IS NOT NULL"#,
        first(""),
        first(r#"AND "endpoint_id" > "step"."at""#),
        turn.as_str()
    )
}

/// When the next unclaimed delivery is due.
///
/// # Errors
/// If the database does not answer.
pub async fn next_due(db: &impl ConnectionTrait) -> Result<Option<Timestamp>, Error> {
    let soonest = TURNS.map(|turn| {
        format!(
            r#"SELECT "next_attempt_at" FROM (SELECT "next_attempt_at" FROM "delivery" WHERE "status" = 'PENDING'
            AND "turn" = '{}' AND "next_attempt_at" IS NOT NULL AND "claimed_by" IS NULL
            ORDER BY "next_attempt_at" LIMIT 1) AS "part""#,
            turn.as_str()
        )
    });
    let sql =
        format!(r#"SELECT MIN("next_attempt_at") AS "due" FROM ({}) AS "all""#, soonest.join(" UNION ALL "));
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await?.ok_or(Error::NotFound)?;
    Ok(row.try_get("", "due")?)
}
