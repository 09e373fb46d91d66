//! What came of attempts: the second half of a delivery's life in the queue.

use std::collections::HashSet;

use entity::{DeliveryId, DeliveryStatus, NodeId, Timestamp, attempt, delivery};
use sea_orm::{ActiveValue, ConnectionTrait};

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

/// Writes attempts and what follows from each, and returns which deliveries that were: only those that
/// `node` still holds and that have not been attempted since, so that a claim that was lost and taken
/// again settles nothing twice.
///
/// # Errors
/// If the database refuses.
pub async fn settle(tx: &Tx, node: NodeId, verdicts: Vec<Verdict>) -> Result<HashSet<DeliveryId>, Error> {
    let Some(rows) = Rows::read(tx, verdicts.iter().map(changed))? else { return Ok(HashSet::new()) };
    let sql = format!(
        r#"UPDATE "delivery" SET "status" = "new"."status", "attempt_count" = "new"."attempt_count",
            "next_attempt_at" = "new"."next_attempt_at", "claimed_by" = NULL
        FROM {} AS "new"
        WHERE "delivery"."id" = "new"."id" AND "delivery"."claimed_by" = $2
            AND "delivery"."attempt_count" = "new"."attempt_count" - 1
        RETURNING "delivery"."id""#,
        rows.source,
    );
    let settled = tx.query_all_raw(rows.statement(&sql, [node.into()])).await?;
    let settled: HashSet<DeliveryId> =
        settled.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?;
    let mut unwritten = settled.clone();
    let mut written = verdicts;
    written.retain(|verdict| unwritten.remove(&verdict.attempt.delivery_id));
    if written.iter().any(|verdict| verdict.next_attempt_at.is_some()) {
        // The hub sleeps until the next one is due, and that may be earlier now.
        tx.hint(Hint::Deliveries);
    }
    rows::insert(tx, written.into_iter().map(|verdict| verdict.attempt)).await?;
    Ok(settled)
}

fn changed(verdict: &Verdict) -> delivery::ActiveModel {
    delivery::ActiveModel {
        id: ActiveValue::Set(verdict.attempt.delivery_id),
        status: ActiveValue::Set(verdict.status),
        attempt_count: ActiveValue::Set(verdict.attempt.number),
        next_attempt_at: ActiveValue::Set(verdict.next_attempt_at),
        ..Default::default()
    }
}
