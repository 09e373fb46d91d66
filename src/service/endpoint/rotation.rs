//! Exchanging an endpoint's signing secret without a delivery that cannot be verified.

use std::ops::RangeInclusive;
use std::time::Duration;

use entity::{EndpointId, Timestamp, endpoint};

use super::seal;
use crate::domain::Secret;
use crate::domain::hint::Hint;
use crate::service::{App, Caller, Error, Problem, audit, check};
use crate::{store, webhook};

/// How long the secrets before may go on signing.
const OVERLAP: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(7 * 24);
/// How many secrets of an endpoint may sign at a time: each adds a signature to every delivery.
const MOST_LIVE: usize = 5;

/// A secret to exchange.
pub struct Rotation {
    /// Whose.
    pub endpoint: EndpointId,
    /// How long the secrets before go on signing beside the new one.
    pub overlap: Duration,
    /// A secret of the partner's; `None` = we make one.
    pub secret: Option<Secret>,
}

/// An endpoint with its new secret: the only moment it can be read.
pub struct Rotated {
    /// The endpoint.
    pub endpoint: endpoint::Model,
    /// What the receiver verifies with.
    pub secret: Secret,
    /// When the secrets before stop signing.
    pub previous_expires_at: Timestamp,
}

/// Gives an endpoint a new secret; those before sign beside it until the overlap is over.
///
/// # Errors
/// [`Error::Invalid`] with the field; [`Error::NotFound`] if the caller's workspace has no such endpoint.
pub async fn rotate(app: &App, caller: &Caller, rotation: Rotation) -> Result<Rotated, Error> {
    check::whole_seconds("overlap", rotation.overlap, OVERLAP)?;
    let (workspace, now) = (caller.workspace, app.clock.now());
    let with = app.clone();
    audit::transact(app, caller, "rotateWebhookSecret", async move |tx| {
        let endpoint = store::endpoint::lock(&tx, workspace, rotation.endpoint).await?;
        let scheme = webhook::scheme::of(endpoint.signature);
        let secret = rotation.secret.unwrap_or_else(|| scheme.generate());
        let ready = scheme.signer(std::slice::from_ref(&secret));
        ready.map_err(|error| Error::invalid("secret", error.to_string()))?;
        let previous_expires_at = now.plus(rotation.overlap);
        store::endpoint_secret::expire_at(&tx, workspace, endpoint.id, previous_expires_at).await?;
        let live = store::endpoint_secret::live_of(&tx, [endpoint.id], now).await?;
        if live.len() >= MOST_LIVE {
            let message = format!("must be PT0S now: at most {MOST_LIVE} secrets can sign at a time");
            return Err(Error::input("overlap", Problem::LimitExceeded, message));
        }
        let row = seal::secret(&with, workspace, endpoint.id, &secret, now)?;
        store::endpoint_secret::insert(&tx, row).await?;
        tx.hint(Hint::Endpoint(endpoint.id));
        Ok(audit::changed(endpoint.id, Rotated { endpoint, secret, previous_expires_at }))
    })
    .await
}
