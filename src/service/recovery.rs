//! Recovery: sending an endpoint what it should have and does not, in bulk.
//!
//! The request counts and writes one row; a worker then goes through the events of the period, the
//! oldest first, in batches with a pause between them. How far it has come is committed together with
//! each batch, so a worker that dies leaves nothing out and does nothing twice.

use std::collections::BTreeSet;
use std::time::Duration;

use entity::{
    DeliveryOrdering, EndpointId, EventId, LinkId, RecoveryId, Strings, Timestamp, endpoint, recovery,
};

use super::{App, Caller, Error, Problem, audit, event};
use crate::domain::delivery::{Fate, Fresh};
use crate::store::recovery::{Missing, Scope};
use crate::store::{self, Tx};

/// How many deliveries a batch makes due at most.
pub const BATCH: u64 = 100;
/// The pause after a batch: 2,000 deliveries a second at most, so that what happens now is not held up
/// by what happened then.
pub const PAUSE: Duration = Duration::from_millis(50);

/// What to recover.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// For which endpoint.
    pub endpoint: EndpointId,
    /// Events from this time on.
    pub since: Timestamp,
    /// Events before this time; `None` = all so far.
    pub until: Option<Timestamp>,
    /// Only these types or families; empty = all.
    pub event_types: Vec<String>,
    /// Whether it is done or only counted.
    pub purpose: Purpose,
}

/// What a count is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To know it.
    Count,
    /// To send what was counted.
    Send,
}

/// Counts the events that an endpoint should have and does not: given up, waiting for a later retry, or
/// never sent as the endpoint was not there or had not asked for them. Unless it is only about the count,
/// they are then sent, one batch after another.
///
/// # Errors
/// [`Error::Invalid`] with the field; [`Error::Conflict`] while an earlier recovery is under way.
pub async fn recover(app: &App, caller: &Caller, wanted: Wanted) -> Result<u64, Error> {
    event::known_types("eventTypes", &wanted.event_types)?;
    let now = app.clock.now();
    // What happens within this millisecond is part of "so far".
    let so_far = now.plus(Duration::from_millis(1));
    let until = wanted.until.map_or(so_far, |until| until.min(so_far));
    if wanted.since >= until {
        return Err(Error::invalid("since", "must lie before until, and not in the future"));
    }
    let found = store::endpoint::find_many(&app.db, caller.workspace, [wanted.endpoint]).await?;
    let endpoint = found.into_iter().next().ok_or_else(no_endpoint)?;
    let row = recovery::Model {
        id: RecoveryId::new(now),
        workspace_id: caller.workspace,
        endpoint_id: endpoint.id,
        event_types: Strings(wanted.event_types),
        done_to: EventId::first_at(wanted.since),
        until: EventId::first_at(until),
        due_at: now,
        created_at: now,
    };
    let count = store::recovery::count(&app.db, &scope(&row, &endpoint, now)).await?;
    if wanted.purpose == Purpose::Send && count > 0 {
        begin(app, caller, row).await?;
    }
    Ok(count)
}

/// What is said of an endpoint that is not there.
#[must_use]
pub fn no_endpoint() -> Error {
    Error::input("endpointId", Problem::NotFound, "must be an endpoint of this workspace")
}

async fn begin(app: &App, caller: &Caller, row: recovery::Model) -> Result<(), Error> {
    audit::transact(app, caller, "recoverDeliveries", async move |tx| {
        match store::endpoint::lock(&tx, row.workspace_id, row.endpoint_id).await {
            Err(store::Error::NotFound) => return Err(no_endpoint()),
            locked => drop(locked?),
        }
        if store::recovery::is_open(&tx, row.workspace_id, row.endpoint_id).await? {
            return Err(Error::Conflict("a recovery of this endpoint is still under way".to_owned()));
        }
        let endpoint = row.endpoint_id;
        store::recovery::insert(&tx, row).await?;
        Ok(audit::changed(endpoint, ()))
    })
    .await
}

fn scope(row: &recovery::Model, endpoint: &endpoint::Model, now: Timestamp) -> Scope {
    Scope {
        workspace: row.workspace_id,
        endpoint: row.endpoint_id,
        after: row.done_to,
        until: row.until,
        types: row.event_types.clone(),
        asked_for: endpoint.event_types.clone(),
        now,
    }
}

/// Makes the next batch of every recovery whose pause is over; returns when the next one is due, `None`
/// if no recovery is under way.
///
/// # Errors
/// If the database does not answer.
pub async fn step(app: &App) -> Result<Option<Timestamp>, Error> {
    let now = app.clock.now();
    let mut next = None;
    for row in store::recovery::open(&app.db).await? {
        let due_at = if is_due(&row, now) { batch(app, row, now).await? } else { Some(row.due_at) };
        next = next.into_iter().chain(due_at).min();
    }
    Ok(next)
}

/// Whether the pause is over; one that is longer than any pause was written before the clock went back.
fn is_due(row: &recovery::Model, now: Timestamp) -> bool {
    row.due_at <= now || row.due_at > now.plus(PAUSE)
}

/// One batch; returns when the next one is due, `None` if it was the last.
async fn batch(app: &App, row: recovery::Model, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let endpoint = store::endpoint::find_many(&app.db, row.workspace_id, [row.endpoint_id]).await?;
    // Deleting an endpoint ends its recovery.
    let Some(endpoint) = endpoint.into_iter().next() else { return Ok(None) };
    let missing = store::recovery::list(&app.db, &scope(&row, &endpoint, now), BATCH).await?;
    store::transact(&app.db, async move |tx| write(&tx, &row, &missing, now).await).await
}

async fn write(
    tx: &Tx,
    row: &recovery::Model,
    missing: &[Missing],
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let endpoint = match store::endpoint::lock(tx, row.workspace_id, row.endpoint_id).await {
        Err(store::Error::NotFound) => return Ok(None),
        locked => locked?,
    };
    let due_at = now.plus(PAUSE);
    let last = missing.last().map_or(row.until, |event| event.event_id);
    if !store::recovery::advance(tx, row, last, due_at).await? {
        // Another node has made this batch.
        return Ok(Some(due_at));
    }
    let links: BTreeSet<LinkId> = match endpoint.ordering {
        DeliveryOrdering::PerLink => missing.iter().filter_map(|one| one.link_id).collect(),
        DeliveryOrdering::None => BTreeSet::new(),
    };
    store::line::lock(tx, links.clone()).await?;
    let made: Vec<_> = missing.iter().filter_map(|event| event.delivery_id).collect();
    store::backlog::revive(tx, &made, Fate::of(&endpoint, now)).await?;
    let never_made = missing.iter().filter(|event| event.delivery_id.is_none());
    let of = |one: &Missing| (one.event_id, one.link_id.zip(one.sequence));
    let never_made = never_made.map(|one| event::delivery(&endpoint, of(one), now));
    store::delivery::insert_many(tx, never_made.map(Fresh::from).collect()).await?;
    store::line::line_up(tx, endpoint.id, links).await?;
    if u64::try_from(missing.len()).is_ok_and(|found| found < BATCH) {
        store::recovery::delete(tx, row.id).await?;
        return Ok(None);
    }
    Ok(Some(due_at))
}
