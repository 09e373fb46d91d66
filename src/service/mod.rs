//! The house: one public function per verb, which owns its transaction and its events.
//!
//! Doors call it, hands work for it. What finishes later (a login, a run, a delivery) comes back
//! in through a worker's door, never from below.

pub mod audit;
pub mod backlog;
pub mod batch;
pub mod change;
pub mod check;
pub mod clock;
pub mod customer;
pub mod delivery;
pub mod endpoint;
pub mod error;
pub mod event;
pub mod expiry;
pub mod file;
pub mod gauge;
pub mod idempotency;
pub mod job;
pub mod kept;
pub mod key;
pub mod link;
pub mod log;
pub mod login;
pub mod node;
mod pulse;
pub mod readiness;
pub mod recovery;
pub mod rerun;
pub mod retention;
pub mod run;
pub mod source_system;
pub mod visit;
pub mod workspace;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use entity::NodeId;
use url::Url;

pub use clock::Clock;
pub use error::{Error, Problem};
pub use key::Caller;

use crate::bus::Bus;
use crate::domain::FileLimits;
use crate::driver::browser::Browsers;
use crate::egress;
use crate::store::Db;
use crate::vault::{Tokens, Vault};
use crate::webhook::Destinations;

/// What every use case works with.
pub struct Tools {
    /// The database.
    pub db: Db,
    /// Hints.
    pub bus: Arc<Bus>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Sealing.
    pub vault: Vault,
    /// Link tokens.
    pub tokens: Tokens,
    /// The way out to source systems.
    pub sources: egress::Client,
    /// The browsers for source systems whose pages need one.
    pub browsers: Browsers,
    /// The ways to hand over webhooks.
    pub destinations: Destinations,
    /// Who we are among the nodes.
    pub node: NodeId,
    /// Where customers reach us.
    pub public_url: Url,
    /// How long events, and deliveries with their attempts, are kept; `None` = for ever.
    pub retention: Option<Duration>,
    /// How many refused passwords for one account of a site may leave in an hour, over all workspaces.
    pub passwords_per_account: Option<u64>,
    /// Which files runs take.
    pub files: FileLimits,
}

/// The tool box; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    tools: Tools,
    links: batch::Batcher,
    keys: key::Cache,
    log: log::Watermark,
    pulse: pulse::Pulse,
}

impl App {
    /// Opens the tool box and starts the batcher of `createLink`.
    #[must_use]
    pub fn new(tools: Tools) -> Self {
        let links = batch::Batcher::start(tools.db.clone(), Arc::clone(&tools.clock));
        let pulse = pulse::Pulse::begin(tools.clock.now());
        let (keys, log) = (key::Cache::default(), log::Watermark::default());
        Self(Arc::new(Inner { tools, links, keys, log, pulse }))
    }
}

impl Deref for App {
    type Target = Tools;

    fn deref(&self) -> &Tools {
        &self.0.tools
    }
}
