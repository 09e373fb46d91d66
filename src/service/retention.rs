//! Retention: what is older than the operator wants, or of no use to anyone any more, goes away.
//!
//! A pass takes small batches, each a transaction of a few milliseconds, with a pause between them; so
//! nobody waits for it, and a server that dies in the middle begins a new pass that finds the rest.
//! Deliveries go first, then the events that nothing is left to send of, then the questions of old
//! logins and the audit log. Links, logins and runs are the partner's own data and stay. Where a log begins is written
//! together with each deletion (`store::horizon`), so that a reader is told rather than left with a gap.

use entity::{AuditId, DeliveryId, PromptId, Timestamp};

use super::{App, Error};
use crate::store::retention::{self, BATCH, Batch};
use crate::store::{self, Tx};

/// How many files a batch deletes: each has many pieces.
const FILES: u64 = 10;

/// Where a pass stands.
#[derive(Clone, Copy, Debug)]
pub enum Stage {
    /// Deliveries with their attempts, after this one.
    Deliveries(DeliveryId),
    /// Events after this position.
    Events(i64),
    /// Prompts after this one.
    Prompts(PromptId),
    /// Entries of the audit log, from the first on.
    Audit,
    /// What has an end of its own: sessions, secrets, counts, keys.
    Expired,
}

/// What a batch came to.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    /// What it was about.
    pub stage: Stage,
    /// Where to go on; `None` at the end of the pass.
    pub next: Option<Stage>,
    /// How many rows were deleted.
    pub deleted: u64,
    /// How many deliveries were cancelled.
    pub cancelled: u64,
}

impl Stage {
    /// The beginning of a pass.
    #[must_use]
    pub fn first(app: &App) -> Self {
        if app.retention.is_some() {
            Self::Deliveries(DeliveryId::first_at(Timestamp(0)))
        } else {
            Self::Expired
        }
    }

    /// What goes, as metrics name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deliveries(_) => "delivery",
            Self::Events(_) => "event",
            Self::Prompts(_) => "prompt",
            Self::Audit => "audit",
            Self::Expired => "expired",
        }
    }
}

/// Takes one batch away.
///
/// # Errors
/// If the database does not answer; nothing of the batch is gone then.
pub async fn step(app: &App, stage: Stage) -> Result<Done, Error> {
    let now = app.clock.now();
    // With retention off only `Expired` is ever reached.
    let before = app.retention.map_or(Timestamp(0), |kept| now.minus(kept));
    let done = store::transact(&app.db, async move |tx| batch(&tx, stage, before, now).await).await?;
    if done.cancelled > 0 {
        tracing::warn!(
            deliveries = done.cancelled,
            "Deliveries were cancelled: their endpoints have been paused or disabled for longer than events are kept."
        );
    }
    Ok(done)
}

async fn batch(tx: &Tx, stage: Stage, before: Timestamp, now: Timestamp) -> Result<Done, Error> {
    Ok(match stage {
        Stage::Deliveries(after) => {
            let batch = retention::deliveries(tx, after, before).await?;
            done(stage, &batch, batch.last.map_or(Stage::Events(0), Stage::Deliveries))
        }
        Stage::Events(after) => {
            let batch = retention::events(tx, after, before).await?;
            let first_prompt = Stage::Prompts(PromptId::first_at(Timestamp(0)));
            done(stage, &batch, batch.last.map_or(first_prompt, Stage::Events))
        }
        Stage::Prompts(after) => {
            let batch = retention::prompts(tx, after, before).await?;
            done(stage, &batch, batch.last.map_or(Stage::Audit, Stage::Prompts))
        }
        Stage::Audit => {
            let deleted = store::audit::forget_before(tx, AuditId::first_at(before), BATCH).await?;
            let next = if deleted < BATCH { Stage::Expired } else { Stage::Audit };
            Done { stage, next: Some(next), deleted, cancelled: 0 }
        }
        Stage::Expired => expired(tx, now).await?,
    })
}

fn done<K>(stage: Stage, batch: &Batch<K>, next: Stage) -> Done {
    Done { stage, next: Some(next), deleted: batch.deleted, cancelled: batch.cancelled }
}

/// The same again while any of them has more than a batch.
async fn expired(tx: &Tx, now: Timestamp) -> Result<Done, Error> {
    store::endpoint_secret::delete_expired(tx, now).await?;
    store::tally::forget_old(tx, now).await?;
    let gone: [u64; 4] = [
        store::session::delete_expired(tx, now, BATCH).await?,
        store::file::delete_expired(tx, now, FILES).await?,
        store::idempotency::forget_old(tx, now, BATCH).await?,
        store::submit::forget_old(tx, now, BATCH).await?,
    ];
    let next = (gone.iter().any(|gone| *gone >= BATCH) || gone[1] >= FILES).then_some(Stage::Expired);
    Ok(Done { stage: Stage::Expired, next, deleted: gone.iter().sum(), cancelled: 0 })
}
