//! API keys: shown once, kept as a hash, checked in constant time.

use std::sync::Arc;
use std::time::Duration;

use entity::{KeyId, Scope, Strings, Timestamp, WorkspaceId, api_key};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{App, Error, check};
use crate::domain::{Secret, hex};
use crate::store;

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

/// A fresh key: the only moment its secret can be read.
pub struct Created {
    /// The stored row.
    pub key: api_key::Model,
    /// What the partner keeps.
    pub secret: Secret,
}

/// Keys that were checked a moment ago, by the hash of what was presented.
pub(super) struct Cache(moka::future::Cache<[u8; 32], Arc<api_key::Model>>);

impl Default for Cache {
    fn default() -> Self {
        Self(moka::future::Cache::builder().max_capacity(REMEMBERED).time_to_live(TRUSTED_FOR).build())
    }
}

/// Makes a key with `scopes` for a workspace.
///
/// # Errors
/// [`Error::Invalid`] for a bad name or no scope; [`Error::NotFound`] for an unknown workspace.
pub async fn create(
    app: &App,
    workspace: WorkspaceId,
    name: &str,
    scopes: &[Scope],
) -> Result<Created, Error> {
    check::text("name", name, check::NAME)?;
    if scopes.is_empty() {
        return Err(Error::invalid("scopes", "must name at least one scope"));
    }
    let prefix = format!("psk_{}", hex::encode(&rand::random::<[u8; 8]>()));
    let secret = Secret::new(format!("{prefix}_{}", hex::encode(&rand::random::<[u8; 32]>())));
    let now = app.clock.now();
    let row = api_key::Model {
        id: KeyId::new(now),
        workspace_id: workspace,
        name: name.to_owned(),
        prefix,
        hash: hash(secret.expose()).to_vec(),
        scopes: Strings(scopes.iter().map(|scope| scope.as_str().to_owned()).collect()),
        created_at: now,
        last_used_at: None,
        expires_at: None,
        revoked_at: None,
    };
    let key = store::transact(&app.db, async move |tx| {
        store::workspace::get(&tx, workspace).await?;
        store::api_key::insert(&tx, row.clone()).await?;
        Ok::<_, Error>(row)
    })
    .await?;
    Ok(Created { key, secret })
}

/// Ends the key whose public part is `prefix`; it may already have ended.
///
/// # Errors
/// [`Error::NotFound`] if there is none.
pub async fn revoke(app: &App, prefix: &str) -> Result<(), Error> {
    let (prefix, now) = (prefix.to_owned(), app.clock.now());
    store::transact(&app.db, async move |tx| Ok(store::api_key::revoke(&tx, &prefix, now).await?)).await
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
    let is_over = |at: Option<Timestamp>| at.is_some_and(|at| at <= app.clock.now());
    if row.revoked_at.is_some() || is_over(row.expires_at) {
        return Ok(None);
    }
    let scopes = row.scopes.0.iter().filter_map(|scope| Scope::parse(scope)).collect();
    Ok(Some(Caller { workspace: row.workspace_id, key: row.id, scopes }))
}

/// The key that is asking, for `viewer`.
///
/// # Errors
/// [`Error::NotFound`] if it was just deleted.
pub async fn get(app: &App, caller: &Caller) -> Result<api_key::Model, Error> {
    Ok(store::api_key::get(&app.db, caller.workspace, caller.key).await?)
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
