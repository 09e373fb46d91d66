//! Creates that may be asked for twice: the same key and input give the same object.

use entity::{Timestamp, WorkspaceId, idempotency};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Error;
use crate::store::{self, Tx};

/// A create as it was asked for.
#[derive(Clone)]
pub struct Request {
    /// Whose key it is.
    pub workspace: WorkspaceId,
    /// Which mutation.
    pub operation: &'static str,
    /// The caller's key; `None` = never the same as any other.
    pub key: Option<String>,
    /// SHA-256 of the whole input.
    pub input: [u8; 32],
}

impl Request {
    /// Describes `input` to `operation`.
    #[must_use]
    pub fn new(
        workspace: WorkspaceId,
        operation: &'static str,
        key: Option<String>,
        input: &impl std::fmt::Debug,
    ) -> Self {
        // The derived `Debug` text names every field and is the same for the same input.
        Self { workspace, operation, key, input: Sha256::digest(format!("{input:?}")).into() }
    }

    /// The row that claims the key for `object`.
    #[must_use]
    pub fn row(&self, object: Uuid, now: Timestamp) -> Option<idempotency::Model> {
        Some(idempotency::Model {
            workspace_id: self.workspace,
            operation: self.operation.to_owned(),
            key: self.key.clone()?,
            input_hash: self.input.to_vec(),
            object_id: object,
            created_at: now,
        })
    }
}

/// What an earlier use of the key means for this one: the earlier object.
///
/// # Errors
/// [`Error::Conflict`] if the earlier input was another one.
pub fn replay(earlier: &idempotency::Model, input: &[u8]) -> Result<Uuid, Error> {
    if earlier.input_hash == input {
        return Ok(earlier.object_id);
    }
    Err(Error::Conflict("idempotencyKey was used within 24 hours with another input".to_owned()))
}

/// Claims the key for `object`, or returns the object an earlier call made with it.
///
/// # Errors
/// [`Error::Conflict`] if the earlier input was another one.
pub async fn claim(tx: &Tx, request: &Request, object: Uuid, now: Timestamp) -> Result<Option<Uuid>, Error> {
    let Some(row) = request.row(object, now) else { return Ok(None) };
    let earlier = store::idempotency::claim(tx, &[row], now).await?;
    earlier.values().next().map(|earlier| replay(earlier, &request.input)).transpose()
}
