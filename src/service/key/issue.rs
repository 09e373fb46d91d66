//! Making keys: by a key for its own workspace, and by the operator for any.
//!
//! A key passes on no more than it has: neither scopes nor time. So one that ends by itself has no successor
//! that outlives it, and a key that was lent out does not stay.

use std::ops::RangeInclusive;
use std::time::Duration;

use entity::{KeyId, Scope, Strings, Timestamp, WorkspaceId, api_key};

use crate::domain::{Secret, hex, instant};
use crate::service::audit::{self, Author};
use crate::service::idempotency::{self, Request};
use crate::service::{App, Caller, Error, Problem, check};
use crate::store;

/// How many keys of a workspace may be live at a time: more than programs and people need, and few enough to
/// look through.
pub const MOST_LIVE: usize = 100;
/// How long a key that ends by itself may live: ten years at most.
const LIFE: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(3650 * 24);

/// A key to make.
#[derive(Clone, Debug)]
pub struct New {
    /// What it is for, 1..256 characters.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it ends by itself.
    pub expiry: Expiry,
    /// See [`idempotency`].
    pub idempotency_key: Option<String>,
}

/// When a key ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It does not.
    Never,
    /// After this long: whole seconds.
    In(Duration),
    /// At this time.
    At(Timestamp),
}

/// A key and, when it was just made, its secret: the only moment it can be read.
pub struct Issued {
    /// The stored row.
    pub key: api_key::Model,
    /// What is presented; absent on a replay.
    pub secret: Option<Secret>,
}

/// A fresh key of the operator's: the only moment its secret can be read.
pub struct Created {
    /// The stored row.
    pub key: api_key::Model,
    /// What the partner keeps.
    pub secret: Secret,
}

/// Makes a key for the caller's workspace that may do no more than the caller, and for no longer.
///
/// # Errors
/// [`Error::Invalid`] with the field; [`Error::Conflict`] for an idempotency key that was used otherwise.
pub async fn issue(app: &App, caller: &Caller, new: New) -> Result<Issued, Error> {
    for (index, scope) in new.scopes.iter().enumerate() {
        if !caller.scopes.contains(scope) {
            let message =
                format!("a key grants only scopes that it has itself, and this one lacks {}", scope.as_str());
            return Err(Error::invalid(&format!("scopes.{index}"), message));
        }
    }
    make(app, caller.into(), caller.expires_at, new).await
}

/// Makes a key with `scopes` for a workspace, as its operator. It does not end by itself.
///
/// # Errors
/// As [`create_until`].
pub async fn create(
    app: &App,
    workspace: WorkspaceId,
    name: &str,
    scopes: &[Scope],
) -> Result<Created, Error> {
    create_until(app, workspace, (name, scopes), Expiry::Never).await
}

/// The same for a key that may end by itself.
///
/// # Errors
/// [`Error::Invalid`] with the field; [`Error::NotFound`] for an unknown workspace.
pub async fn create_until(
    app: &App,
    workspace: WorkspaceId,
    (name, scopes): (&str, &[Scope]),
    expiry: Expiry,
) -> Result<Created, Error> {
    let new = New { name: name.to_owned(), scopes: scopes.to_vec(), expiry, idempotency_key: None };
    let made = make(app, Author::operator(workspace), None, new).await?;
    // Without an idempotency key there is nothing to replay.
    Ok(Created { secret: made.secret.ok_or(Error::Gone)?, key: made.key })
}

async fn make(app: &App, author: Author, latest: Option<Timestamp>, new: New) -> Result<Issued, Error> {
    let now = app.clock.now();
    let expires_at = fits(&new, now)?;
    let expiry = new.expiry;
    let (row, secret) = fresh(author.workspace, &new, (now, expires_at));
    let request = Request::new(author.workspace, "createApiKey", new.idempotency_key.clone(), &new);
    let (key, is_new) = audit::transact(app, author, "createApiKey", async move |tx| {
        // One after another, so that two cannot both be the last for which there is room.
        store::workspace::lock(&tx, row.workspace_id).await?;
        if let Some(earlier) = idempotency::claim(&tx, &request, row.id.0, now).await? {
            let earlier = store::api_key::get(&tx, row.workspace_id, KeyId(earlier)).await?;
            return Ok(audit::unchanged((earlier, false)));
        }
        // Of a key that is new: one that was made before may be asked for again as long as its maker lives.
        if let Some(latest) = latest {
            ends_by(latest, (expiry, expires_at))?;
        }
        if store::api_key::live_of(&tx, row.workspace_id, now).await?.len() >= MOST_LIVE {
            let message = format!("a workspace may have at most {MOST_LIVE} live keys: revoke one first");
            return Err(Error::input("name", Problem::LimitExceeded, message));
        }
        store::api_key::insert(&tx, row.clone()).await?;
        Ok(audit::changed(row.id, (row, true)))
    })
    .await?;
    Ok(Issued { key, secret: is_new.then_some(secret) })
}

/// Checks what is asked for; returns when the key ends by itself.
fn fits(new: &New, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    check::text("name", &new.name, check::NAME)?;
    check::idempotency_key(new.idempotency_key.as_deref())?;
    if new.scopes.is_empty() {
        return Err(Error::invalid("scopes", "must name at least one scope"));
    }
    match new.expiry {
        Expiry::Never => Ok(None),
        Expiry::In(life) => Ok(Some(now.plus(check::whole_seconds("expiresIn", life, LIFE)?))),
        Expiry::At(at) if at > now && LIFE.contains(&at.since(now)) => Ok(Some(at)),
        Expiry::At(_) => Err(Error::invalid("expiresAt", "must be between a minute and 3,650 days from now")),
    }
}

/// Checks that a key ends no later than the one that makes it.
fn ends_by(latest: Timestamp, (asked, expires_at): (Expiry, Option<Timestamp>)) -> Result<(), Error> {
    if expires_at.is_some_and(|at| at <= latest) {
        return Ok(());
    }
    let field = match asked {
        Expiry::In(_) => "expiresIn",
        Expiry::Never | Expiry::At(_) => "expiresAt",
    };
    let latest = instant::format(latest);
    let message =
        format!("a key makes only keys that end no later than itself, and this one ends at {latest}");
    Err(Error::invalid(field, message))
}

fn fresh(
    workspace: WorkspaceId,
    new: &New,
    (now, expires_at): (Timestamp, Option<Timestamp>),
) -> (api_key::Model, Secret) {
    let prefix = format!("psk_{}", hex::encode(&rand::random::<[u8; 8]>()));
    let secret = Secret::new(format!("{prefix}_{}", hex::encode(&rand::random::<[u8; 32]>())));
    let named = Scope::ALL.iter().filter(|scope| new.scopes.contains(scope));
    let row = api_key::Model {
        id: KeyId::new(now),
        workspace_id: workspace,
        name: new.name.clone(),
        prefix,
        hash: super::hash(secret.expose()).to_vec(),
        scopes: Strings(named.map(|scope| scope.as_str().to_owned()).collect()),
        created_at: now,
        last_used_at: None,
        expires_at,
        revoked_at: None,
    };
    (row, secret)
}
