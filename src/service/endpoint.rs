//! Endpoints: registered receivers of events.

use std::time::Duration;

use entity::{
    DeliveryOrdering, EndpointId, EndpointSecretId, EndpointStatus, PayloadFormat, SignatureScheme, Strings,
    Timestamp, WorkspaceId, endpoint, endpoint_secret,
};

use super::idempotency::{self, Request};
use super::{App, Caller, Error, Problem, check, event};
use crate::domain::{Secret, retry};
use crate::store::page::Rows;
use crate::store::{self, Page};
use crate::vault::Binding;
use crate::webhook::{self, Unfit};

/// How many event types or families an endpoint may list.
const MOST_TYPES: usize = 50;
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
    let scheme = webhook::scheme::of(new.signature);
    let secret = new.secret.clone().unwrap_or_else(|| scheme.generate());
    let ready = scheme.signer(std::slice::from_ref(&secret));
    ready.map_err(|error| Error::invalid("secret", error.to_string()))?;
    let now = app.clock.now();
    let (row, sealed) = rows(app, caller, &new, &secret, now)?;
    let request =
        Request::new(caller.workspace, "createWebhookEndpoint", new.idempotency_key.clone(), &outline(&new));
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
pub async fn find_many(
    app: &App,
    workspace: WorkspaceId,
    ids: Vec<EndpointId>,
) -> Result<Vec<endpoint::Model>, Error> {
    Ok(store::endpoint::find_many(&app.db, workspace, ids).await?)
}

async fn fits(app: &App, new: &New) -> Result<(), Error> {
    check::text("url", &new.url, 1..=check::URL_LENGTH)?;
    // A name that does not resolve now is no reason to refuse: each attempt asks the rule again.
    if let Err(Unfit::Refused(why)) = app.destinations.vet(&new.url).await {
        return Err(Error::input("url", Problem::ForbiddenUrl, why));
    }
    if let Some(description) = &new.description {
        check::text("description", description, 0..=1_000)?;
    }
    if new.event_types.len() > MOST_TYPES {
        let message = format!("must list at most {MOST_TYPES} types");
        return Err(Error::input("eventTypes", Problem::LimitExceeded, message));
    }
    event::known_types("eventTypes", &new.event_types)?;
    webhook::check_headers(&new.headers).map_err(|error| Error::invalid("headers", error.to_string()))?;
    if new.ordering == DeliveryOrdering::PerLink {
        return Err(Error::invalid(
            "ordering",
            "must be NONE: ordered delivery is not supported by this server yet",
        ));
    }
    check::idempotency_key(new.idempotency_key.as_deref())?;
    let schedule = new.retry_schedule.as_deref().unwrap_or_default();
    retry::check(schedule).map_err(|error| Error::invalid("retrySchedule", error.to_string()))
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

fn sealed_headers(
    app: &App,
    binding: Binding,
    headers: &[(String, Secret)],
) -> Result<Option<Vec<u8>>, Error> {
    if headers.is_empty() {
        return Ok(None);
    }
    let pairs: std::collections::BTreeMap<_, _> =
        headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    let text = zeroize::Zeroizing::new(serde_json::to_vec(&pairs).map_err(Error::internal)?);
    Ok(Some(app.vault.seal(binding, &text).map_err(Error::internal)?))
}

/// What an endpoint signs with and sends along, opened.
type Opened = (Vec<Secret>, Vec<(String, Secret)>);

/// Opens an endpoint's live secrets and its static headers.
pub(super) fn open_secrets(
    app: &App,
    row: &endpoint::Model,
    sealed: &[endpoint_secret::Model],
) -> Result<Opened, Error> {
    let open = |binding, bytes: &[u8]| app.vault.open(binding, bytes).map_err(Error::internal);
    let secrets = sealed
        .iter()
        .map(|secret| {
            let bytes = open(secret_binding(secret.workspace_id, secret.id), &secret.sealed)?;
            Ok(Secret::new(std::str::from_utf8(&bytes).map_err(Error::internal)?.to_owned()))
        })
        .collect::<Result<_, Error>>()?;
    let Some(headers) = &row.headers else { return Ok((secrets, Vec::new())) };
    let text = open(headers_binding(row.workspace_id, row.id), headers)?;
    let pairs: std::collections::BTreeMap<String, String> =
        serde_json::from_slice(&text).map_err(Error::internal)?;
    Ok((secrets, pairs.into_iter().map(|(name, value)| (name, Secret::new(value))).collect()))
}

/// What binds an endpoint's sealed headers to their place.
fn headers_binding(workspace: WorkspaceId, id: EndpointId) -> Binding {
    Binding { workspace, record: id.0, field: "endpoint.headers" }
}

/// What binds a sealed signing secret to its place.
fn secret_binding(workspace: WorkspaceId, id: EndpointSecretId) -> Binding {
    Binding { workspace, record: id.0, field: "endpoint_secret.sealed" }
}

/// The input without its secrets, which a replay need not repeat to the letter.
fn outline(new: &New) -> impl std::fmt::Debug + use<> {
    let names: Vec<_> = new.headers.iter().map(|(name, _)| name.clone()).collect();
    let shape = (new.url.clone(), new.description.clone(), new.event_types.clone(), names);
    (shape, new.signature, new.format, new.ordering, new.secret.is_some(), new.retry_schedule.clone())
}

/// What a receiver verifies with, where that is not the secret itself.
///
/// # Errors
/// If the database does not answer or the secret does not open.
pub async fn public_key(app: &App, row: &endpoint::Model) -> Result<Option<String>, Error> {
    if row.signature != SignatureScheme::StandardV1a {
        return Ok(None);
    }
    let sealed = store::endpoint::live_secrets(&app.db, [row.id], app.clock.now()).await?;
    let (secrets, _) = open_secrets(app, row, &sealed)?;
    let Some(newest) = secrets.first() else { return Ok(None) };
    webhook::scheme::of(row.signature).public_key(newest).map_err(Error::internal)
}
