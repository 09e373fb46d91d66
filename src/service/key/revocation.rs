//! Ending keys: by a key of the same workspace, and by the operator.
//!
//! A partner cannot end the last key with which it could make another. The operator can.

use entity::{KeyId, Scope, api_key};

use super::{State, state};
use crate::service::audit::{self, Author};
use crate::service::{App, Caller, Error};
use crate::store;

/// Ends a key of the caller's workspace; it may already have ended.
///
/// # Errors
/// [`Error::NotFound`] if there is none; [`Error::Conflict`] if it is the last live one with `ADMIN`.
pub async fn end(app: &App, caller: &Caller, id: KeyId) -> Result<api_key::Model, Error> {
    let (workspace, now) = (caller.workspace, app.clock.now());
    audit::transact(app, caller, "revokeApiKey", async move |tx| {
        // One after another, so that two keys cannot end each other.
        store::workspace::lock(&tx, workspace).await?;
        let key = store::api_key::get(&tx, workspace, id).await?;
        if key.revoked_at.is_some() {
            return Ok(audit::unchanged(key));
        }
        let live = store::api_key::live_of(&tx, workspace, now).await?;
        let others = live.iter().filter(|other| other.id != id);
        if state(&key, now) == State::Live && is_admin(&key) && !others.into_iter().any(is_admin) {
            let message =
                "this is the workspace's last live key with the scope ADMIN: create another one first";
            return Err(Error::Conflict(message.to_owned()));
        }
        store::api_key::revoke(&tx, workspace, id, now).await?;
        Ok(audit::changed(id, api_key::Model { revoked_at: Some(now), ..key }))
    })
    .await
}

/// Ends the key whose public part is `prefix`, as its operator; it may already have ended.
///
/// # Errors
/// [`Error::NotFound`] if there is none.
pub async fn revoke(app: &App, prefix: &str) -> Result<api_key::Model, Error> {
    let now = app.clock.now();
    let key = store::api_key::find_by_prefix(&app.db, prefix).await?.ok_or(Error::NotFound)?;
    let (workspace, id) = (key.workspace_id, key.id);
    audit::transact(app, Author::operator(workspace), "revokeApiKey", async move |tx| {
        let key = store::api_key::get(&tx, workspace, id).await?;
        if key.revoked_at.is_some() {
            return Ok(audit::unchanged(key));
        }
        store::api_key::revoke(&tx, workspace, id, now).await?;
        Ok(audit::changed(id, api_key::Model { revoked_at: Some(now), ..key }))
    })
    .await
}

fn is_admin(key: &api_key::Model) -> bool {
    super::scopes(key).contains(&Scope::Admin)
}
