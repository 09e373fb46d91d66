//! What came of attempts: the second half of a delivery's life in the queue.

use std::collections::HashSet;

use entity::{DeliveryId, DeliveryStatus, NodeId, Timestamp, attempt, delivery};
use sea_orm::{ActiveValue, ConnectionTrait, DbErr, QueryResult};

use crate::domain::hint::Hint;
use crate::store::rows::{self, Rows};
use crate::store::{Error, Tx};

/// What one attempt changes on its delivery.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The attempt.
    pub attempt: attempt::Model,
    /// What the delivery is now.
    pub status: DeliveryStatus,
    /// When the next attempt is due; `None` if there is none.
    pub next_attempt_at: Option<Timestamp>,
}

/// What was settled.
#[derive(Default)]
pub struct Settled {
    /// All that was.
    pub deliveries: HashSet<DeliveryId>,
    /// What of it stands in a line.
    pub in_line: HashSet<DeliveryId>,
}

/// Writes attempts and what follows from each, and returns which deliveries that were: only those that
/// `node` still holds and that have not been attempted since, so that a claim that was lost and taken
/// again settles nothing twice.
///
/// # Errors
/// If the database refuses.
pub async fn settle(tx: &Tx, node: NodeId, verdicts: Vec<Verdict>) -> Result<Settled, Error> {
    let Some(rows) = Rows::read(tx, verdicts.iter().map(changed))? else { return Ok(Settled::default()) };
    let (source, is_row) = found(tx, &rows.source);
    let sql = format!(
        r#"UPDATE "delivery" SET "status" = "new"."status", "attempt_count" = "new"."attempt_count",
            "next_attempt_at" = "new"."next_attempt_at", "claimed_by" = NULL,
            "turn" = CASE WHEN "new"."next_attempt_at" IS NULL THEN 'NEXT' ELSE 'RETRY' END
        FROM {source} AS "new"
        WHERE {is_row} RETURNING "delivery"."id", "delivery"."sequence""#,
    );
    let settled = tx.query_all_raw(rows.statement(&sql, [node.into()])).await?;
    let settled = Settled::read(&settled)?;
    let mut unwritten = settled.deliveries.clone();
    let mut written = verdicts;
    written.retain(|verdict| unwritten.remove(&verdict.attempt.delivery_id));
    if written.iter().any(|verdict| verdict.next_attempt_at.is_some()) {
        // The hub sleeps until the next one is due, and that may be earlier now.
        tx.hint(Hint::Deliveries);
    }
    rows::insert(tx, written.into_iter().map(|verdict| verdict.attempt)).await?;
    Ok(settled)
}

/// Where the new values come from, and what says which row they are for: one that is claimed by the second
/// parameter and was not attempted since.
///
/// PostgreSQL plans a statement once and keeps it. Planned while the table is small, a plain join reads all
/// of it, or all claims there have been since the last vacuum, for as long as the plan lives. So each row is
/// looked for by itself, and its claim is compared in words that are not an index's. A row that somebody
/// else changes at that moment is not found: its claim is in doubt.
///
/// SQLite would go through the claims, and read all the new values once more for each: the `+` keeps it from
/// that index.
fn found(tx: &Tx, source: &str) -> (String, &'static str) {
    if !tx.is_concurrent() {
        let is_row = r#""delivery"."id" = "new"."id" AND +"delivery"."claimed_by" = $2
            AND "delivery"."attempt_count" = "new"."attempt_count" - 1"#;
        return (source.to_owned(), is_row);
    }
    let each = format!(
        r#"(SELECT "given".*, "row"."place" FROM {source} AS "given", LATERAL (
            SELECT ctid AS "place" FROM "delivery"
            WHERE "workspace_id" = "given"."workspace_id" AND "id" = "given"."id"
                AND "claimed_by" IS NOT DISTINCT FROM $2 AND "attempt_count" = "given"."attempt_count" - 1
            LIMIT 1
        ) AS "row")"#
    );
    (each, r#""delivery".ctid = "new"."place""#)
}

impl Settled {
    fn read(rows: &[QueryResult]) -> Result<Self, DbErr> {
        let mut settled = Self::default();
        for row in rows {
            let id: DeliveryId = row.try_get("", "id")?;
            settled.deliveries.insert(id);
            if row.try_get::<Option<i64>>("", "sequence")?.is_some() {
                settled.in_line.insert(id);
            }
        }
        Ok(settled)
    }
}

fn changed(verdict: &Verdict) -> delivery::ActiveModel {
    delivery::ActiveModel {
        id: ActiveValue::Set(verdict.attempt.delivery_id),
        workspace_id: ActiveValue::Set(verdict.attempt.workspace_id),
        status: ActiveValue::Set(verdict.status),
        attempt_count: ActiveValue::Set(verdict.attempt.number),
        next_attempt_at: ActiveValue::Set(verdict.next_attempt_at),
        ..Default::default()
    }
}
