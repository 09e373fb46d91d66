//! Where deliveries go. A new kind of destination is one file beside this one and one line where
//! [`Destinations`] is built.

pub mod https;
pub mod nats;

use async_trait::async_trait;

use super::{Attempted, Envelope};

/// Why an address cannot be an endpoint's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is not allowed, or nothing here can send to it; in words for the person who entered it.
    #[error("{0}")]
    Refused(String),
    /// It cannot be told now, as its name does not resolve. It may be allowed later.
    #[error("must name a host that can be found: {0}")]
    Unresolved(String),
}

/// A way to hand over an envelope.
#[async_trait]
pub trait Destination: Send + Sync {
    /// Whether an address is of this kind, by how it begins.
    fn takes(&self, address: &str) -> bool;

    /// Judges an address when it is registered or changed, exactly as [`Destination::deliver`] would.
    async fn vet(&self, address: &str) -> Result<(), Unfit>;

    /// Makes one attempt, bounded in time and size, and says how it ended. Never tries twice by itself.
    async fn deliver(&self, address: &str, envelope: Envelope) -> Attempted;
}

/// All kinds that this server can send to.
pub struct Destinations(Vec<Box<dyn Destination>>);

impl Destinations {
    /// Offers these kinds, the first that takes an address having it.
    #[must_use]
    pub const fn new(kinds: Vec<Box<dyn Destination>>) -> Self {
        Self(kinds)
    }

    /// Judges an address by the kind it is of.
    ///
    /// # Errors
    /// [`Unfit`], also if it is of no kind at all.
    pub async fn vet(&self, address: &str) -> Result<(), Unfit> {
        match self.find(address) {
            Some(kind) => kind.vet(address).await,
            None => Err(Unfit::Refused(NO_KIND.to_owned())),
        }
    }

    /// Makes one attempt by the kind the address is of.
    pub async fn deliver(&self, address: &str, envelope: Envelope) -> Attempted {
        let start = tokio::time::Instant::now();
        let attempted = match self.find(address) {
            Some(kind) => kind.deliver(address, envelope).await,
            None => Attempted::refused(NO_KIND),
        };
        Attempted { duration: start.elapsed(), ..attempted }
    }

    fn find(&self, address: &str) -> Option<&dyn Destination> {
        self.0.iter().find(|kind| kind.takes(address)).map(AsRef::as_ref)
    }
}

const NO_KIND: &str = "must start with https:// or nats:";
