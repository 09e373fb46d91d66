//! Endpoints: registered receivers of events.
//!
//! Here they are registered and read; the files below change them, one verb each.

pub mod fields;
pub mod removal;
pub mod rotation;
pub mod seal;
pub mod test_event;
pub mod update;

use std::collections::HashMap;
use std::time::Duration;

use entity::{
    DeliveryOrdering, EndpointId, EndpointStatus, PayloadFormat, SignatureScheme, Strings, Timestamp,
    WorkspaceId, endpoint, endpoint_secret,
};

use super::idempotency::{self, Request};
use super::{App, Caller, Error, Problem, audit, check};
use crate::domain::Secret;
use crate::store::page::Rows;
pub use crate::store::tally::Totals;
use crate::store::{self, Page};
use crate::webhook;

/// How many endpoints a workspace may have.
pub const MOST_ENDPOINTS: usize = 1_000;

/// An endpoint to make.
#[derive(Clone)]
pub struct New {
    /// Where to send.
    pub url: String,
    /// For people.
    pub description: Option<String>,
    /// Types or families; empty = all.
    pub event_types: Vec<String>,
    /// How to sign.
    pub signature: SignatureScheme,
    /// What the body looks like.
    pub format: PayloadFormat,
    /// Whether deliveries of one link wait for each other.
    pub ordering: DeliveryOrdering,
    /// Static headers sent along.
    pub headers: Vec<(String, Secret)>,
    /// A secret of the partner's; `None` = we make one.
    pub secret: Option<Secret>,
    /// Pauses between attempts; `None` = the default schedule.
    pub retry_schedule: Option<Vec<Duration>>,
    /// The most deliveries a node sends in a second; `None` = as many as it takes.
    pub rate_limit: Option<i32>,
    /// See [`idempotency`].
    pub idempotency_key: Option<String>,
}

/// An endpoint and, when it was just made, its secret: the only moment it can be read.
pub struct Created {
    /// The stored row.
    pub endpoint: endpoint::Model,
    /// What the receiver verifies with; absent on a replay.
    pub secret: Option<Secret>,
}

/// Registers an endpoint.
///
/// # Errors
/// [`Error::Invalid`] with the field; [`Error::Conflict`] for a key that was used otherwise.
pub async fn create(app: &App, caller: &Caller, new: New) -> Result<Created, Error> {
    fits(app, &new).await?;
    let scheme = webhook::scheme::of(new.signature);
    let secret = new.secret.clone().unwrap_or_else(|| scheme.generate());
    let ready = scheme.signer(std::slice::from_ref(&secret));
    ready.map_err(|error| Error::invalid("secret", error.to_string()))?;
    let now = app.clock.now();
    let (row, sealed) = rows(app, caller, &new, &secret, now)?;
    let request =
        Request::new(caller.workspace, "createWebhookEndpoint", new.idempotency_key.clone(), &outline(&new));
    let made = audit::transact(app, caller, "createWebhookEndpoint", async move |tx| {
        if let Some(earlier) = idempotency::claim(&tx, &request, row.id.0, now).await? {
            let found = store::endpoint::find_many(&tx, request.workspace, [EndpointId(earlier)]).await?;
            return Ok(audit::unchanged((found.into_iter().next().ok_or(Error::Gone)?, false)));
        }
        if store::endpoint::all_of(&tx, [request.workspace]).await?.len() >= MOST_ENDPOINTS {
            let message = format!("a workspace may have at most {MOST_ENDPOINTS} endpoints");
            return Err(Error::input("url", Problem::LimitExceeded, message));
        }
        store::endpoint::insert(&tx, row.clone(), sealed).await?;
        Ok(audit::changed(row.id, (row, true)))
    })
    .await?;
    Ok(Created { endpoint: made.0, secret: made.1.then_some(secret) })
}

/// A page of the caller's endpoints, newest first.
///
/// # Errors
/// If the database does not answer.
pub async fn list(app: &App, caller: &Caller, page: Page) -> Result<Rows<endpoint::Model>, Error> {
    Ok(store::endpoint::list(&app.db, caller.workspace, page).await?)
}

/// The endpoints with those ids.
///
/// # Errors
/// If the database does not answer.
pub async fn find_many(
    app: &App,
    workspace: WorkspaceId,
    ids: Vec<EndpointId>,
) -> Result<Vec<endpoint::Model>, Error> {
    Ok(store::endpoint::find_many(&app.db, workspace, ids).await?)
}

/// What came of each endpoint's deliveries in the last 24 hours, and what waits.
///
/// # Errors
/// If the database does not answer.
pub async fn stats(
    app: &App,
    workspace: WorkspaceId,
    ids: Vec<EndpointId>,
) -> Result<HashMap<EndpointId, Totals>, Error> {
    Ok(store::tally::totals(&app.db, workspace, &ids, app.clock.now()).await?)
}

async fn fits(app: &App, new: &New) -> Result<(), Error> {
    fields::url(app, &new.url).await?;
    fields::description(new.description.as_deref())?;
    fields::event_types(&new.event_types)?;
    fields::headers(&new.headers)?;
    fields::rate_limit(new.rate_limit)?;
    check::idempotency_key(new.idempotency_key.as_deref())?;
    fields::retry_schedule(new.retry_schedule.as_deref())
}

fn rows(
    app: &App,
    caller: &Caller,
    new: &New,
    secret: &Secret,
    now: Timestamp,
) -> Result<(endpoint::Model, endpoint_secret::Model), Error> {
    let id = EndpointId::new(now);
    let row = endpoint::Model {
        id,
        workspace_id: caller.workspace,
        url: new.url.clone(),
        description: new.description.clone(),
        event_types: Strings(new.event_types.clone()),
        status: EndpointStatus::Enabled,
        disabled_reason: None,
        signature: new.signature,
        format: new.format,
        ordering: new.ordering,
        is_rearranged: false,
        rate_limit: new.rate_limit,
        header_names: fields::names(&new.headers),
        headers: seal::headers(app, caller.workspace, id, &new.headers)?,
        retry_schedule: new.retry_schedule.as_deref().map(fields::stored_schedule),
        failing_since: None,
        warned_at: None,
        created_at: now,
        deleted_at: None,
    };
    let secret = seal::secret(app, caller.workspace, id, secret, now)?;
    Ok((row, secret))
}

/// The input without its secrets, which a replay need not repeat to the letter.
fn outline(new: &New) -> impl std::fmt::Debug + use<> {
    let names: Vec<_> = new.headers.iter().map(|(name, _)| name.clone()).collect();
    let shape = (new.url.clone(), new.description.clone(), new.event_types.clone(), names);
    let pace = (new.ordering, new.retry_schedule.clone(), new.rate_limit);
    (shape, new.signature, new.format, new.secret.is_some(), pace)
}
