//! Lines: what goes to an ordered endpoint about one link goes one after another.
//!
//! A delivery that stands in a line has its event's number among the link's (`sequence`). All but the
//! foremost are `BEHIND`: they have no due time, so no claim and no wait of the hub ever meets them,
//! however many they are. Whatever ends the foremost lets the next one go, in the same transaction.
//!
//! Nobody is left behind. Whoever joins a line holds the lock of its link (events of a link are
//! recorded under it), and whoever has ended a delivery takes that lock before it looks for the next
//! one: either the one who joins sees that nothing is ahead, or the one who looks sees it waiting.
//! Locks are taken in the order deliveries that a node holds, endpoints, links (by their ids).
//!
//! `rearrange` makes lines where there were none, and none where there were some; `stray` looks for those
//! who were left behind all the same.

pub mod rearrange;
pub mod stray;

use std::collections::{BTreeSet, HashSet};

use entity::{
    DeliveryId, DeliveryStatus, DeliveryTurn, EndpointId, LinkId, NodeId, Timestamp, delivery, link,
};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::rows::{Rows, one_of};
use super::{Error, Tx};
use crate::domain::delivery::Fresh;
use crate::domain::hint::Hint;

/// How many deliveries one transaction claims at most when it lets them go.
const AT_ONCE: usize = 256;

/// Once more what was so when the rows were found: another transaction may have changed it. The words are not
/// those of an index, or SQLite would go through everything that waits instead of finding rows by their ids.
const STILL_BEHIND: &str = r#"COALESCE("status", '') = 'PENDING' AND COALESCE("turn", '') = 'BEHIND'"#;

/// What goes to one endpoint about one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, FromQueryResult)]
pub struct Line {
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// The link.
    pub link_id: LinkId,
}

impl Line {
    /// The line that a delivery stands in, if it stands in one.
    fn of(row: &delivery::Model) -> Option<Self> {
        let link_id = row.link_id.filter(|_| row.sequence.is_some())?;
        Some(Self { endpoint_id: row.endpoint_id, link_id })
    }
}

/// Puts new deliveries behind what their links still wait for. Their events were recorded by this
/// transaction, so it holds the locks of their links.
///
/// # Errors
/// If the database does not answer.
pub async fn join(tx: &Tx, rows: &mut [delivery::Model]) -> Result<(), Error> {
    // The first event of a link finds nothing ahead: createLink asks nothing.
    let later = rows.iter().filter(|row| row.sequence.is_some_and(|number| number > 1));
    let mut ahead = waiting(tx, later.filter_map(Line::of).collect()).await?;
    for row in rows {
        if Line::of(row).is_some_and(|line| !ahead.insert(line)) {
            (row.turn, row.next_attempt_at) = (DeliveryTurn::Behind, None);
        }
    }
    Ok(())
}

/// Those of `lines` in which somebody stands.
async fn waiting(tx: &Tx, lines: BTreeSet<Line>) -> Result<HashSet<Line>, Error> {
    let Some(given) = Rows::read(tx, lines.into_iter().map(as_row))? else { return Ok(HashSet::new()) };
    let (source, first) = (&given.source, foremost("1", "given"));
    let sql =
        format!(r#"SELECT "endpoint_id", "link_id" FROM {source} AS "given" WHERE ({first}) IS NOT NULL"#);
    let found = tx.query_all_raw(given.statement(&sql, [])).await?;
    Ok(found.iter().map(|row| Line::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

/// Lets the foremost of each of these lines go, if it stood behind something until now; returns how many
/// they were. For endpoints that this process's sender has room for they are claimed at once, as fresh
/// deliveries are, at most `AT_ONCE`: nothing lies on its desk before the commit, so that does not say stop.
///
/// # Errors
/// If the database refuses.
pub async fn release(tx: &Tx, lines: BTreeSet<Line>, now: Timestamp) -> Result<u64, Error> {
    lock(tx, lines.iter().map(|line| line.link_id).collect()).await?;
    let next = held_up(tx, lines).await?.into_iter();
    let (mut ours, mut others): (Vec<_>, Vec<_>) =
        next.map(|(id, endpoint)| (id, tx.taker(endpoint))).partition(|(_, taker)| taker.is_some());
    others.extend(ours.drain(ours.len().min(AT_ONCE)..).map(|(id, _)| (id, None)));
    let mut gone = 0;
    for these in [ours, others].into_iter().filter(|these| !these.is_empty()) {
        let taker = these.first().and_then(|(_, taker)| *taker);
        let rows = let_go(tx, these.into_iter().map(|(id, _)| id), (taker, now)).await?;
        gone += u64::try_from(rows.len()).unwrap_or(u64::MAX);
        match taker {
            Some(_) => tx.hand_over(rows.into_iter().map(Fresh::from)),
            None => tx.hint(Hint::Deliveries),
        }
    }
    Ok(gone)
}

/// The foremost of each line that stands behind nothing any more and does not know it yet.
async fn held_up(tx: &Tx, lines: BTreeSet<Line>) -> Result<Vec<(DeliveryId, EndpointId)>, Error> {
    let Some(given) = Rows::read(tx, lines.into_iter().map(as_row))? else { return Ok(Vec::new()) };
    let behind =
        format!(r#"CASE "ahead"."turn" WHEN '{}' THEN "ahead"."id" END"#, DeliveryTurn::Behind.as_str());
    let (source, first) = (&given.source, foremost(&behind, "given"));
    let sql = format!(r#"SELECT ({first}) AS "id", "endpoint_id" FROM {source} AS "given""#);
    let mut held_up = Vec::new();
    for row in tx.query_all_raw(given.statement(&sql, [])).await? {
        let (id, endpoint): (Option<DeliveryId>, _) =
            (row.try_get("", "id")?, row.try_get("", "endpoint_id")?);
        held_up.extend(id.map(|id| (id, endpoint)));
    }
    Ok(held_up)
}

async fn let_go(
    tx: &Tx,
    ids: impl IntoIterator<Item = DeliveryId>,
    (taker, now): (Option<NodeId>, Timestamp),
) -> Result<Vec<delivery::Model>, Error> {
    let gone = delivery::Entity::update_many()
        .col_expr(delivery::Column::Turn, Expr::value(DeliveryTurn::Next))
        .col_expr(delivery::Column::NextAttemptAt, Expr::value(now))
        .col_expr(delivery::Column::ClaimedBy, Expr::value(taker))
        .filter(one_of(delivery::Column::Id, ids))
        .filter(Expr::cust(STILL_BEHIND));
    Ok(gone.exec_with_returning(tx).await?)
}

fn as_row(line: Line) -> delivery::ActiveModel {
    delivery::ActiveModel {
        endpoint_id: ActiveValue::Set(line.endpoint_id),
        link_id: ActiveValue::Set(Some(line.link_id)),
        ..Default::default()
    }
}

/// A query of one value of whoever (`ahead`) is the foremost in the line of a row of `of`.
///
/// It stands in a `SELECT` or is compared, and is not joined: so it stays one probe of an index for each row,
/// also where a plan is made once and kept, and was made while the table was small. What the lines' index
/// says is said in its words, without which a plan that is kept could not use it.
fn foremost(value: &str, of: &str) -> String {
    format!(
        r#"SELECT {value} FROM "delivery" AS "ahead" WHERE "ahead"."endpoint_id" = "{of}"."endpoint_id"
        AND "ahead"."link_id" = "{of}"."link_id" AND "ahead"."status" = 'PENDING'
        AND "ahead"."sequence" IS NOT NULL ORDER BY "ahead"."sequence" LIMIT 1"#
    )
}

/// Whether anything waits ahead of the delivery that a statement looks at.
pub(super) fn is_led() -> Expr {
    let first = foremost(r#""ahead"."sequence""#, "delivery");
    Expr::cust(format!(r#"COALESCE("delivery"."sequence" > ({first}), false)"#))
}

/// Locks links until the transaction ends, always in the same order. Whoever puts something ahead of what stands
/// in line does it before, so that nothing is let go that should come after it.
///
/// # Errors
/// If the database does not answer.
pub async fn lock(tx: &Tx, links: BTreeSet<LinkId>) -> Result<(), Error> {
    if tx.is_concurrent() && !links.is_empty() {
        let query = link::Entity::find().select_only().column(link::Column::Id);
        let query = query.filter(one_of(link::Column::Id, links)).order_by_asc(link::Column::Id);
        // Rows that only refer to a link need not wait.
        query.lock(LockType::NoKeyUpdate).into_tuple::<LinkId>().all(tx).await?;
    }
    Ok(())
}

/// Makes what waits for an endpoint about these links stand in line, also what is due already: the
/// foremost stays as it is. What a node holds right now is left alone, and stands ahead. The transaction holds the
/// locks of these links.
///
/// # Errors
/// If the database refuses.
pub async fn line_up(tx: &Tx, endpoint: EndpointId, links: BTreeSet<LinkId>) -> Result<(), Error> {
    if links.is_empty() {
        return Ok(());
    }
    delivery::Entity::update_many()
        .col_expr(delivery::Column::Turn, Expr::value(DeliveryTurn::Behind))
        .col_expr(delivery::Column::NextAttemptAt, Expr::value(Option::<Timestamp>::None))
        .filter(delivery::Column::EndpointId.eq(endpoint))
        .filter(one_of(delivery::Column::LinkId, links))
        .filter(delivery::Column::Sequence.is_not_null())
        .filter(delivery::Column::Status.eq(DeliveryStatus::Pending))
        .filter(delivery::Column::ClaimedBy.is_null())
        .filter(delivery::Column::Turn.ne(DeliveryTurn::Behind))
        .filter(is_led())
        .exec(tx)
        .await?;
    Ok(())
}
