//! An endpoint's secrets and headers, sealed for the database and opened for signing.

use std::collections::BTreeMap;

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
    let open = |binding, bytes: &[u8]| app.vault.open(binding, bytes).map_err(Error::internal);
    let secrets = sealed
        .iter()
        .map(|secret| {
            let bytes = open(of_secret(secret.workspace_id, secret.id), &secret.sealed)?;
            Ok(Secret::new(std::str::from_utf8(&bytes).map_err(Error::internal)?.to_owned()))
        })
        .collect::<Result<_, Error>>()?;
    let Some(headers) = &row.headers else { return Ok((secrets, Vec::new())) };
    let text = open(of_headers(row.workspace_id, row.id), headers)?;
    let pairs: BTreeMap<String, String> = serde_json::from_slice(&text).map_err(Error::internal)?;
    Ok((secrets, pairs.into_iter().map(|(name, value)| (name, Secret::new(value))).collect()))
}

/// What a receiver verifies with, where that is not the secret itself.
///
/// # Errors
/// If the database does not answer or the secret does not open.
pub async fn public_key(app: &App, row: &endpoint::Model) -> Result<Option<String>, Error> {
    if row.signature != SignatureScheme::StandardV1a {
        return Ok(None);
    }
    let sealed = store::endpoint_secret::live_of(&app.db, [row.id], app.clock.now()).await?;
    let (secrets, _) = open(app, row, &sealed)?;
    let Some(newest) = secrets.first() else { return Ok(None) };
    webhook::scheme::of(row.signature).public_key(newest).map_err(Error::internal)
}

/// What binds an endpoint's sealed headers to their place.
fn of_headers(workspace: WorkspaceId, id: EndpointId) -> Binding {
    Binding { workspace, record: id.0, field: "endpoint.headers" }
}

/// What binds a sealed signing secret to its place.
fn of_secret(workspace: WorkspaceId, id: EndpointSecretId) -> Binding {
    Binding { workspace, record: id.0, field: "endpoint_secret.sealed" }
}
