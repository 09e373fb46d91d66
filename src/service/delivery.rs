//! Deliveries: claimed in batches, sent outside any transaction, settled in batches.
//!
//! A delivery is never lost: it is a row from the transaction of its event on, and stays due until a
//! verdict is committed. A worker that dies in between leaves a claim that is freed with its node;
//! the receiver may then see the event twice, with the same `webhook-id`. `health` draws what follows
//! for endpoints, `aside` gives back what must not be sent, `resend` is the partner's wish, and `watch`
//! shows attempts as they are made. `due` decides what a claim takes, `line` what goes after what, `settle`
//! what comes of an attempt.

mod aside;
pub mod due;
mod health;
mod line;
mod resend;
mod settle;
pub mod watch;

pub use aside::{give_back, shut};
pub use resend::resend;
pub use settle::settle;

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use entity::{
    AttemptOutcome, DeliveryId, DeliveryTurn, EndpointId, EventId, Timestamp, WorkspaceId, attempt, delivery,
    endpoint, endpoint_secret, event,
};
use futures_util::FutureExt as _;

use due::Due;

use super::{App, Caller, Error, endpoint as endpoints, event as log};
use crate::bus::Taken;
use crate::domain::delivery::Fate;
use crate::meter;
use crate::store::delivery::Filter;
use crate::store::page::Rows;
use crate::store::{self, Page};
use crate::webhook::{Attempted, EventView, Recipient};

/// A claimed delivery with everything an attempt needs.
pub struct Sending {
    taken: Arc<Taken>,
    endpoint: Arc<endpoint::Model>,
    recipient: Option<Arc<Recipient>>,
    event: Arc<EventView>,
}

/// An attempt that was made and whose verdict is not written yet.
#[derive(Clone)]
pub struct Report {
    taken: Arc<Taken>,
    endpoint: Arc<endpoint::Model>,
    kind: String,
    started_at: Timestamp,
    attempted: Attempted,
}

/// What a claim brought.
pub struct Claimed {
    /// What is to be sent now.
    pub sendings: Vec<Sending>,
    /// When the next delivery is due, as far as that is known; it may be past.
    pub next_due: Option<Timestamp>,
}

/// Claims up to `limit` due deliveries for this node, leaving out some endpoints, and gathers what
/// their attempts need.
///
/// # Errors
/// If the database does not answer; what was claimed is due again.
pub async fn claim(app: &App, limit: u64, except: Vec<EndpointId>) -> Result<Claimed, Error> {
    let (node, now) = (app.node, app.clock.now());
    let from = match due::look(app, &except, now).await? {
        Due::Now(from) => from,
        Due::Later(next_due) => {
            app.0.pulse.hub_moves(now);
            return Ok(Claimed { sendings: Vec::new(), next_due });
        }
    };
    let claimed = store::transact(&app.db, async move |tx| {
        Ok::<_, Error>(store::delivery::claim(&tx, node, now, limit, &from).await?)
    })
    .await?;
    if claimed.is_empty() {
        // Everything that is due is for endpoints that must not be sent to right now.
        app.0.pulse.hub_moves(now);
    }
    let taken = app.bus.desk.hold(claimed);
    // What was due may be held by another transaction, or not be sendable: others may still be due.
    Ok(Claimed { sendings: collect(app, taken).await?, next_due: Some(now) })
}

/// Gathers what the attempts at claimed deliveries need.
///
/// # Errors
/// If the database does not answer; the deliveries are due again.
pub async fn collect(app: &App, taken: Vec<Taken>) -> Result<Vec<Sending>, Error> {
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    meter::claimed(taken.len());
    let ids: Vec<DeliveryId> = taken.iter().map(|taken| taken.delivery.id).collect();
    match gather(app, taken).await {
        Ok(sendings) => Ok(sendings),
        // What cannot be sent now must not wait for this node's next start.
        Err(error) => release(app, ids).await.and(Err(error)),
    }
}

async fn release(app: &App, ids: Vec<DeliveryId>) -> Result<(), Error> {
    let node = app.node;
    let released: Result<(), Error> =
        store::transact(&app.db, async move |tx| Ok(store::delivery::release(&tx, node, &ids).await?)).await;
    released.inspect_err(|_| app.bus.desk.doubt())
}

/// Frees claims of this node that are older than the last look and that nobody here knows of: their
/// transaction was committed, but its answer was lost. Returns what may be one of those at the next look.
///
/// # Errors
/// If the database does not answer.
pub async fn free_forgotten(app: &App, suspects: &[DeliveryId]) -> Result<Vec<DeliveryId>, Error> {
    let claimed = store::delivery::claimed_by(&app.db, app.node).await?;
    let forgotten = app.bus.desk.forgotten(claimed);
    let (lost, young): (Vec<_>, Vec<_>) = forgotten.into_iter().partition(|id| suspects.contains(id));
    if !lost.is_empty() {
        tracing::warn!(deliveries = lost.len(), "Claims that were lost are free again.");
        release(app, lost).await?;
    }
    Ok(young)
}

async fn gather(app: &App, taken: Vec<Taken>) -> Result<Vec<Sending>, Error> {
    let now = app.clock.now();
    let recipients =
        recipients(app, taken.iter().map(|taken| taken.delivery.endpoint_id).collect(), now).await?;
    let events = views(app, &taken).await?;
    let (mut sendings, mut others) = (Vec::with_capacity(taken.len()), Vec::new());
    for taken in taken {
        let delivery = &taken.delivery;
        let event = events.get(&delivery.event_id);
        match (recipients.get(&delivery.endpoint_id), event) {
            (Some((endpoint, recipient)), Some(event)) if !line::is_outside(delivery, endpoint) => sendings
                .push(Sending {
                    taken: Arc::new(taken),
                    endpoint: Arc::clone(endpoint),
                    recipient: recipient.clone(),
                    event: Arc::clone(event),
                }),
            _ => others.push((taken, event.is_some())),
        }
    }
    let rows = others.iter().map(|(taken, has_event)| (taken.delivery.clone(), *has_event)).collect();
    aside::put(app, rows).await?;
    Ok(sendings)
}

type Known = HashMap<EndpointId, (Arc<endpoint::Model>, Option<Arc<Recipient>>)>;

async fn recipients(app: &App, ids: HashSet<EndpointId>, now: Timestamp) -> Result<Known, Error> {
    let mut rows: HashMap<EndpointId, (endpoint::Model, Vec<endpoint_secret::Model>)> = HashMap::new();
    for (row, secret) in store::endpoint::with_live_secrets(&app.db, ids, now).await? {
        rows.entry(row.id).or_insert_with(|| (row, Vec::new())).1.extend(secret);
    }
    let open = rows.into_iter().filter(|(_, (row, _))| matches!(Fate::of(row, now), Fate::Due(_)));
    Ok(open
        .map(|(id, (row, sealed))| {
            let recipient = recipient(app, &row, &sealed).map(Arc::new);
            (id, (Arc::new(row), recipient))
        })
        .collect())
}

/// The endpoint ready to be written to; `None` (and a line in the log) if its secrets do not open.
fn recipient(app: &App, row: &endpoint::Model, sealed: &[endpoint_secret::Model]) -> Option<Recipient> {
    let opened = endpoints::seal::open(app, row, sealed).and_then(|(secrets, headers)| {
        Recipient::try_new(row.signature, row.format, &secrets, &headers).map_err(Error::internal)
    });
    opened
        .inspect_err(|error| {
            tracing::error!(
                endpoint.id = %row.id,
                error = error as &dyn std::error::Error,
                "Nothing can be signed for an endpoint."
            );
        })
        .ok()
}

async fn views(app: &App, taken: &[Taken]) -> Result<HashMap<EventId, Arc<EventView>>, Error> {
    let mut wanted: HashMap<WorkspaceId, HashSet<EventId>> = HashMap::new();
    let mut views = HashMap::new();
    for Taken { delivery, event, .. } in taken {
        match event {
            Some(event) => drop(views.insert(event.id, Arc::clone(event))),
            None => drop(wanted.entry(delivery.workspace_id).or_default().insert(delivery.event_id)),
        }
    }
    for (workspace, ids) in wanted {
        let events = store::event::find_many(&app.db, workspace, ids).await?;
        let joins = log::Joins::read(app, workspace, &events).await?;
        let view = |event: &event::Model| (event.id, Arc::new(EventView::of(event, joins.of(event))));
        views.extend(events.iter().map(view));
    }
    Ok(views)
}

fn failed(why: &str) -> Attempted {
    Attempted::failed(AttemptOutcome::ConnectionError, why)
}

impl Sending {
    /// Where it goes, for fairness between endpoints.
    #[must_use]
    pub fn endpoint(&self) -> EndpointId {
        self.endpoint.id
    }

    /// Whether it goes before retries.
    #[must_use]
    pub fn is_next(&self) -> bool {
        self.taken.delivery.turn == DeliveryTurn::Next
    }

    /// The most deliveries this node may send there in a second; `None` = as many as it takes.
    #[must_use]
    pub fn rate_limit(&self) -> Option<u32> {
        self.endpoint.rate_limit.and_then(|limit| u32::try_from(limit).ok())
    }

    /// What the tries of its schedule have in common: a resend begins the schedule anew.
    fn series(&self) -> String {
        let delivery = &self.taken.delivery;
        match delivery.attempts_before {
            0 => delivery.id.to_string(),
            before => format!("{}-{before}", delivery.id),
        }
    }

    /// Makes one attempt; writes nothing.
    pub async fn attempt(self, app: &App) -> Report {
        let started_at = app.clock.now();
        let _out = meter::attempt_is_out();
        // Whatever goes wrong is an attempt that failed: its place in the lane and its claim come back.
        let attempted = AssertUnwindSafe(self.exchange(app, started_at)).catch_unwind().await;
        let attempted = attempted.unwrap_or_else(|_| failed("the attempt broke off"));
        meter::attempted(attempted.outcome, attempted.status, attempted.duration);
        let kind = self.event.kind.clone();
        Report { taken: self.taken, endpoint: self.endpoint, kind, started_at, attempted }
    }

    async fn exchange(&self, app: &App, started_at: Timestamp) -> Attempted {
        let series = self.series();
        let written = self.recipient.as_ref().map(|to| to.write(&self.event, &series, started_at));
        match written {
            Some(Ok(envelope)) => app.destinations.deliver(&self.endpoint.url, envelope).await,
            Some(Err(_)) | None => failed("the delivery could not be signed"),
        }
    }
}

/// The delivery with that id.
///
/// # Errors
/// [`Error::NotFound`] if the caller's workspace has none.
pub async fn get(app: &App, caller: &Caller, id: DeliveryId) -> Result<delivery::Model, Error> {
    Ok(store::delivery::get(&app.db, caller.workspace, id).await?)
}

/// The deliveries with those ids.
///
/// # Errors
/// If the database does not answer.
pub async fn find_many(
    app: &App,
    workspace: WorkspaceId,
    ids: Vec<DeliveryId>,
) -> Result<Vec<delivery::Model>, Error> {
    Ok(store::delivery::find_many(&app.db, workspace, ids).await?)
}

/// A page of the caller's deliveries, newest first.
///
/// # Errors
/// [`Error::Invalid`] for a type that no event has.
pub async fn list(
    app: &App,
    caller: &Caller,
    filter: Filter,
    page: Page,
) -> Result<Rows<delivery::Model>, Error> {
    log::known_types("filter.eventTypes", &filter.event_types)?;
    Ok(store::delivery::list(&app.db, caller.workspace, filter, page).await?)
}

/// The first `limit` attempts after number `after` at each of those deliveries, in order.
///
/// # Errors
/// If the database does not answer.
pub async fn attempts(
    app: &App,
    workspace: WorkspaceId,
    ids: Vec<DeliveryId>,
    range: (i32, u64),
) -> Result<Vec<attempt::Model>, Error> {
    Ok(store::delivery::first_attempts(&app.db, workspace, ids, range).await?)
}
