//! Trusted documents: clients name a document by its id instead of sending it (GraphQL over HTTP,
//! appendix "Persisted Documents"). The operator loads the list, which is one JSON object of ids and
//! texts, as code generators write it; it may also be the only thing that is carried out.
//!
//! Each document is weighed and parsed when the list is loaded, so a bad one keeps the server from starting,
//! and naming one saves parsing it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::parsed::Parsed;
use super::refusal::Refusal;
use super::settings::DocumentLimits;
use crate::domain::hex;

/// A list that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadDocuments {
    /// It is not what it should be.
    #[error("it is not a JSON object of document ids and texts: {0}")]
    Json(#[from] serde_json::Error),
    /// One of its documents cannot be carried out.
    #[error("the document {id}: {reason}")]
    Document {
        /// Which.
        id: String,
        /// Why not.
        reason: String,
    },
}

/// The list of the operator.
#[derive(Clone, Default)]
pub struct Documents {
    known: HashMap<String, Arc<Parsed>>,
    count: usize,
    is_closed: bool,
}

impl Documents {
    /// Reads a list. Each document is known by its id there, and as `sha256:` with the hash of its text.
    ///
    /// # Errors
    /// [`BadDocuments`] that names the document.
    pub fn try_new(json: &[u8], limits: &DocumentLimits) -> Result<Self, BadDocuments> {
        let listed: HashMap<String, String> = serde_json::from_slice(json)?;
        let count = listed.len();
        let mut known = HashMap::with_capacity(2 * count);
        for (id, text) in listed {
            let parsed = match Parsed::try_new(&text, limits) {
                Ok(parsed) => Arc::new(parsed),
                Err(refusal) => {
                    let reason = refusal.errors.into_iter().map(|error| error.message).collect();
                    return Err(BadDocuments::Document { id, reason });
                }
            };
            let hash = format!("sha256:{}", hex::encode(&Sha256::digest(&text)));
            known.insert(hash, Arc::clone(&parsed));
            known.insert(id, parsed);
        }
        Ok(Self { known, count, is_closed: false })
    }

    /// The same list, beside which nothing is carried out.
    #[must_use]
    pub fn only(self) -> Self {
        Self { is_closed: true, ..self }
    }

    /// How many documents there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Lets a text pass that a client has sent, unless the list is closed.
    pub(super) fn check_open(&self) -> Result<(), Refusal> {
        if self.is_closed { Err(Refusal::untrusted_document()) } else { Ok(()) }
    }

    /// The document with this id.
    pub(super) fn find(&self, id: &str) -> Result<Arc<Parsed>, Refusal> {
        self.known.get(id).cloned().ok_or_else(Refusal::unknown_document)
    }
}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Documents({}, closed: {})", self.count, self.is_closed)
    }
}
