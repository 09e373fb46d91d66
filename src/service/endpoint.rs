//! Endpoints: registered receivers of events.

use std::time::Duration;

use entity::{
    DeliveryOrdering, EndpointId, EndpointSecretId, EndpointStatus, PayloadFormat, SignatureScheme, Strings,
    Timestamp, endpoint, endpoint_secret,
};

use super::idempotency::{self, Request};
use super::{App, Caller, Error, Problem, check, event};
use crate::domain::Secret;
use crate::store::page::Rows;
use crate::store::{self, Page};
use crate::vault::Binding;
use crate::webhook;

/// How many event types or families an endpoint may list.
const MOST_TYPES: usize = 50;
/// How many steps a retry schedule may have.
const MOST_RETRIES: usize = 50;
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(7 * 86_400);
/// How many endpoints a workspace may have.
const MOST_ENDPOINTS: usize = 1_000;

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
    let scheme = webhook::signature::scheme(new.signature);
    let secret = match &new.secret {
        Some(given) => {
            scheme.check_secret(given).map_err(|error| Error::invalid("secret", error.to_string()))?;
            given.clone()
        }
        None => scheme.generate_secret(),
    };
    let now = app.clock.now();
    let (row, sealed) = rows(app, caller, &new, &secret, now)?;
    let request = Request::new(caller.workspace, "createWebhookEndpoint", new.idempotency_key.clone(), &outline(&new));
    let made = store::transact(&app.db, async move |tx| {
        if let Some(earlier) = idempotency::claim(&tx, &request, row.id.0, now).await? {
            let found = store::endpoint::find_many(&tx, request.workspace, [EndpointId(earlier)]).await?;
            return Ok((found.into_iter().next().ok_or(Error::Gone)?, false));
        }
        if store::endpoint::all_of(&tx, [request.workspace]).await?.len() >= MOST_ENDPOINTS {
            let message = format!("a workspace may have at most {MOST_ENDPOINTS} endpoints");
            return Err(Error::input("url", Problem::LimitExceeded, message));
        }
        store::endpoint::insert(&tx, row.clone(), sealed).await?;
        Ok((row, true))
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
pub async fn find_many(app: &App, caller: &Caller, ids: Vec<EndpointId>) -> Result<Vec<endpoint::Model>, Error> {
    Ok(store::endpoint::find_many(&app.db, caller.workspace, ids).await?)
}

async fn fits(app: &App, new: &New) -> Result<(), Error> {
    let url = check::url("url", &new.url)?;
    check::reachable("url", &app.webhooks, &url).await?;
    if let Some(description) = &new.description {
        check::text("description", description, 0..=1_000)?;
    }
    if new.event_types.len() > MOST_TYPES {
        let message = format!("must list at most {MOST_TYPES} types");
        return Err(Error::input("eventTypes", Problem::LimitExceeded, message));
    }
    event::known_types("eventTypes", &new.event_types)?;
    webhook::headers::check(&new.headers).map_err(|error| Error::invalid("headers", error.to_string()))?;
    if new.ordering == DeliveryOrdering::PerLink {
        return Err(Error::invalid("ordering", "must be NONE: ordered delivery is not supported by this server yet"));
    }
    check::idempotency_key(new.idempotency_key.as_deref())?;
    schedule_fits(new.retry_schedule.as_deref().unwrap_or_default())
}

fn schedule_fits(schedule: &[Duration]) -> Result<(), Error> {
    if schedule.len() > MOST_RETRIES {
        let message = format!("must have at most {MOST_RETRIES} steps");
        return Err(Error::input("retrySchedule", Problem::LimitExceeded, message));
    }
    match schedule.iter().position(|pause| *pause > LONGEST_PAUSE) {
        Some(index) => Err(Error::invalid(&format!("retrySchedule.{index}"), "must be at most P7D")),
        None => Ok(()),
    }
}

fn rows(
    app: &App,
    caller: &Caller,
    new: &New,
    secret: &Secret,
    now: Timestamp,
) -> Result<(endpoint::Model, endpoint_secret::Model), Error> {
    let id = EndpointId::new(now);
    let headers = sealed_headers(app, headers_binding(caller.workspace, id), &new.headers)?;
    let millis = |pause: &Duration| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    let schedule = new.retry_schedule.as_ref().map(|pauses| pauses.iter().map(millis).collect::<Vec<_>>());
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
        header_names: Strings(new.headers.iter().map(|(name, _)| name.clone()).collect()),
        headers,
        retry_schedule: schedule.map(|pauses| serde_json::json!(pauses)),
        failing_since: None,
        created_at: now,
        deleted_at: None,
    };
    let secret_id = EndpointSecretId::new(now);
    let binding = secret_binding(caller.workspace, secret_id);
    let sealed = app.vault.seal(binding, secret.expose().as_bytes()).map_err(Error::internal)?;
    let secret = endpoint_secret::Model {
        id: secret_id,
        workspace_id: caller.workspace,
        endpoint_id: id,
        sealed,
        created_at: now,
        expires_at: None,
    };
    Ok((row, secret))
}

fn sealed_headers(app: &App, binding: Binding, headers: &[(String, Secret)]) -> Result<Option<Vec<u8>>, Error> {
    if headers.is_empty() {
        return Ok(None);
    }
    let pairs: std::collections::BTreeMap<_, _> =
        headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    let text = zeroize::Zeroizing::new(serde_json::to_vec(&pairs).map_err(Error::internal)?);
    Ok(Some(app.vault.seal(binding, &text).map_err(Error::internal)?))
}

/// What binds an endpoint's sealed headers to their place.
#[must_use]
pub(super) fn headers_binding(workspace: entity::WorkspaceId, id: EndpointId) -> Binding {
    Binding { workspace, record: id.0, field: "endpoint.headers" }
}

/// What binds a sealed signing secret to its place.
#[must_use]
pub(super) fn secret_binding(workspace: entity::WorkspaceId, id: EndpointSecretId) -> Binding {
    Binding { workspace, record: id.0, field: "endpoint_secret.sealed" }
}

/// The input without its secrets, which a replay need not repeat to the letter.
fn outline(new: &New) -> impl std::fmt::Debug + use<> {
    let names: Vec<_> = new.headers.iter().map(|(name, _)| name.clone()).collect();
    let shape = (new.url.clone(), new.description.clone(), new.event_types.clone(), names);
    (shape, new.signature, new.format, new.ordering, new.secret.is_some(), new.retry_schedule.clone())
}
