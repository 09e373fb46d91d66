//! An endpoint's secrets and headers, sealed for the database and opened for signing.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use entity::{
    EndpointId, EndpointSecretId, SignatureScheme, Timestamp, WorkspaceId, endpoint, endpoint_secret,
};
use zeroize::Zeroizing;

use crate::domain::Secret;
use crate::service::{App, Error};
use crate::vault::Binding;
use crate::{store, webhook};

/// The row of a signing secret.
pub(super) fn secret(
    app: &App,
    workspace: WorkspaceId,
    endpoint: EndpointId,
    secret: &Secret,
    now: Timestamp,
) -> Result<endpoint_secret::Model, Error> {
    let id = EndpointSecretId::new(now);
    let sealed = app.vault.seal(of_secret(workspace, id), secret.expose().as_bytes());
    Ok(endpoint_secret::Model {
        id,
        workspace_id: workspace,
        endpoint_id: endpoint,
        sealed: sealed.map_err(Error::internal)?,
        created_at: now,
        expires_at: None,
    })
}

/// The column of an endpoint's static headers.
pub(super) fn headers(
    app: &App,
    workspace: WorkspaceId,
    endpoint: EndpointId,
    headers: &[(String, Secret)],
) -> Result<Option<Vec<u8>>, Error> {
    if headers.is_empty() {
        return Ok(None);
    }
    let pairs: BTreeMap<_, _> = headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    let text = Zeroizing::new(serde_json::to_vec(&pairs).map_err(Error::internal)?);
    let sealed = app.vault.seal(of_headers(workspace, endpoint), &text);
    Ok(Some(sealed.map_err(Error::internal)?))
}

/// What an endpoint signs with and sends along, opened.
type Opened = (Vec<Secret>, Vec<(String, Secret)>);

/// Opens an endpoint's live secrets and its static headers.
pub(in crate::service) fn open(
    app: &App,
    row: &endpoint::Model,
    sealed: &[endpoint_secret::Model],
) -> Result<Opened, Error> {
    let secrets = sealed.iter().map(|secret| opened(app, secret)).collect::<Result<_, Error>>()?;
    let Some(headers) = &row.headers else { return Ok((secrets, Vec::new())) };
    let text = app.vault.open(of_headers(row.workspace_id, row.id), headers).map_err(Error::internal)?;
    let pairs: BTreeMap<String, String> = serde_json::from_slice(&text).map_err(Error::internal)?;
    Ok((secrets, pairs.into_iter().map(|(name, value)| (name, Secret::new(value))).collect()))
}

/// What the receivers of those endpoints verify with, of those where that is not the secret itself.
///
/// # Errors
/// If the database does not answer or a secret does not open.
pub async fn public_keys(
    app: &App,
    workspace: WorkspaceId,
    ids: Vec<EndpointId>,
) -> Result<Vec<(EndpointId, String)>, Error> {
    // Newest first: the first of an endpoint is the one it is told.
    let sealed = store::endpoint_secret::live_of(&app.db, ids, app.clock.now()).await?;
    let mut newest: BTreeMap<EndpointId, Secret> = BTreeMap::new();
    for row in sealed.into_iter().filter(|row| row.workspace_id == workspace) {
        if let Entry::Vacant(place) = newest.entry(row.endpoint_id) {
            place.insert(opened(app, &row)?);
        }
    }
    let scheme = webhook::scheme::of(SignatureScheme::StandardV1a);
    let public = |(id, secret)| {
        let key = scheme.public_key(&secret).map_err(Error::internal)?;
        Ok(key.map(|key| (id, key)))
    };
    newest.into_iter().filter_map(|one| public(one).transpose()).collect()
}

fn opened(app: &App, row: &endpoint_secret::Model) -> Result<Secret, Error> {
    let bytes = app.vault.open(of_secret(row.workspace_id, row.id), &row.sealed).map_err(Error::internal)?;
    Ok(Secret::new(std::str::from_utf8(&bytes).map_err(Error::internal)?.to_owned()))
}

/// What binds an endpoint's sealed headers to their place.
fn of_headers(workspace: WorkspaceId, id: EndpointId) -> Binding {
    Binding { workspace, record: id.0, field: "endpoint.headers" }
}

/// What binds a sealed signing secret to its place.
fn of_secret(workspace: WorkspaceId, id: EndpointSecretId) -> Binding {
    Binding { workspace, record: id.0, field: "endpoint_secret.sealed" }
}
