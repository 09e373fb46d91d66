//! API keys: shown once, kept as a hash, checked in constant time.
//!
//! Here a key is presented and read; `issue` makes keys and `revocation` ends them, each for a partner's own
//! keys and for the operator.

pub mod issue;
pub mod revocation;

use std::sync::Arc;
use std::time::Duration;

use entity::{KeyId, Scope, Timestamp, WorkspaceId, api_key};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{App, Error};
use crate::domain::Secret;
use crate::store::page::Rows;
use crate::store::{self, Page};

pub use issue::create;
pub use revocation::revoke;

/// How long a key is trusted without another look. With the door's own pause between two looks at the
/// keys of open sockets, a revocation is effective within a second everywhere.
const TRUSTED_FOR: Duration = Duration::from_millis(100);
/// How many keys are remembered.
const REMEMBERED: u64 = 10_000;
/// How exact `lastUsedAt` is.
const USE_NOTED_EVERY: Duration = Duration::from_mins(1);
/// How long a presented key may be, so that nobody makes us hash a novel.
const LONGEST: usize = 128;

/// Who asks: a key of one workspace and what it may do.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Whose data there is to see.
    pub workspace: WorkspaceId,
    /// Which key.
    pub key: KeyId,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

impl Caller {
    /// Lets those pass who have `scope`.
    ///
    /// # Errors
    /// [`Error::Forbidden`] that names the scope.
    pub fn needs(&self, scope: Scope) -> Result<(), Error> {
        if self.scopes.contains(&scope) {
            return Ok(());
        }
        Err(Error::Forbidden(format!("the API key lacks the scope {}", scope.as_str())))
    }
}

/// Keys that were checked a moment ago, by the hash of what was presented.
pub(super) struct Cache(moka::future::Cache<[u8; 32], Arc<api_key::Model>>);

impl Default for Cache {
    fn default() -> Self {
        Self(moka::future::Cache::builder().max_capacity(REMEMBERED).time_to_live(TRUSTED_FOR).build())
    }
}

/// Who presents `key`; `None` if it is unknown, expired or revoked.
///
/// # Errors
/// If the database does not answer.
pub async fn authenticate(app: &App, key: &Secret) -> Result<Option<Caller>, Error> {
    let presented = key.expose();
    let Some((prefix, _)) = presented.rsplit_once('_') else { return Ok(None) };
    if presented.len() > LONGEST || !prefix.starts_with("psk_") {
        return Ok(None);
    }
    let hash = hash(presented);
    let row = match app.0.keys.0.get(&hash).await {
        Some(row) => row,
        None => match store::api_key::find_by_prefix(&app.db, prefix).await? {
            Some(row) if bool::from(row.hash.ct_eq(&hash)) => remember(app, hash, row).await,
            _ => return Ok(None),
        },
    };
    if state(&row, app.clock.now()) != State::Live {
        return Ok(None);
    }
    let (workspace, key, expires_at) = (row.workspace_id, row.id, row.expires_at);
    Ok(Some(Caller { workspace, key, scopes: scopes(&row), expires_at }))
}

/// The key with that id.
///
/// # Errors
/// [`Error::NotFound`] if the caller's workspace has none.
pub async fn get(app: &App, caller: &Caller, id: KeyId) -> Result<api_key::Model, Error> {
    Ok(store::api_key::get(&app.db, caller.workspace, id).await?)
}

/// The keys with those ids.
///
/// # Errors
/// If the database does not answer.
pub async fn find_many(
    app: &App,
    workspace: WorkspaceId,
    ids: Vec<KeyId>,
) -> Result<Vec<api_key::Model>, Error> {
    Ok(store::api_key::find_many(&app.db, workspace, ids).await?)
}

/// A page of the caller's keys, newest first, those that are over included.
///
/// # Errors
/// If the database does not answer.
pub async fn list(app: &App, caller: &Caller, page: Page) -> Result<Rows<api_key::Model>, Error> {
    Ok(store::api_key::list(&app.db, caller.workspace, page).await?)
}

/// All keys of a workspace, oldest first, for the operator.
///
/// # Errors
/// If the database does not answer.
pub async fn all_of(app: &App, workspace: WorkspaceId) -> Result<Vec<api_key::Model>, Error> {
    Ok(store::api_key::all_of(&app.db, workspace).await?)
}

/// What a stored key may do.
#[must_use]
pub fn scopes(key: &api_key::Model) -> Vec<Scope> {
    key.scopes.0.iter().filter_map(|scope| Scope::parse(scope)).collect()
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It opens the door.
    Live,
    /// It has ended by itself.
    Expired,
    /// It was ended.
    Revoked,
}

/// Where a stored key stands at `now`.
#[must_use]
pub fn state(key: &api_key::Model, now: Timestamp) -> State {
    if key.revoked_at.is_some() {
        State::Revoked
    } else if key.expires_at.is_some_and(|at| at <= now) {
        State::Expired
    } else {
        State::Live
    }
}

async fn remember(app: &App, hash: [u8; 32], row: api_key::Model) -> Arc<api_key::Model> {
    let now = app.clock.now();
    if row.last_used_at.is_none_or(|at| now.since(at) >= USE_NOTED_EVERY) {
        let (db, id) = (app.db.clone(), row.id);
        // Nobody waits for a note of use.
        tokio::spawn(async move {
            let noted: Result<(), store::Error> =
                store::transact(&db, async move |tx| store::api_key::touch(&tx, id, now).await).await;
            if let Err(error) = noted {
                tracing::debug!(error = &error as &dyn std::error::Error, "A use of a key was not noted.");
            }
        });
    }
    let row = Arc::new(row);
    app.0.keys.0.insert(hash, Arc::clone(&row)).await;
    row
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
