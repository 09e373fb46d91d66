//! Hints between the parts of one process: "there is something new".
//!
//! Nothing is ever only here. Who waits reads the database when it is woken, and looks on its own
//! after a while as well, so a lost hint costs latency and nothing else. One event wakes only
//! those who wait for it.

mod changed;
mod desk;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use entity::{LinkId, LoginId, WorkspaceId};
use tokio::sync::{Notify, broadcast, watch};

pub use changed::Changed;
pub use desk::{Desk, Taken};

use crate::domain::hint::{Hint, Made};

/// What one can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Events of a workspace.
    Workspace(WorkspaceId),
    /// Events of a link.
    Link(LinkId),
    /// Something about a login.
    Login(LoginId),
}

/// How many attempts a watcher may fall behind before he misses some.
const ATTEMPTS: usize = 1_024;

/// The hints of one process.
pub struct Bus {
    /// New events in the log.
    pub log: Notify,
    /// Deliveries that are due.
    pub deliveries: Notify,
    /// Deliveries that are out of line with their endpoint.
    pub backlog: Notify,
    /// Endpoints that are not as they were.
    pub endpoints: Changed,
    /// Recoveries that are under way.
    pub recoveries: Notify,
    /// Logins that wait for an engine.
    pub logins: Notify,
    /// Runs that wait for a worker.
    pub runs: Notify,
    /// What the sender has been given.
    pub desk: Desk,
    attempts: broadcast::Sender<Made>,
    topics: Mutex<HashMap<Topic, watch::Sender<()>>>,
}

impl Default for Bus {
    fn default() -> Self {
        Self {
            log: Notify::new(),
            deliveries: Notify::new(),
            backlog: Notify::new(),
            endpoints: Changed::default(),
            recoveries: Notify::new(),
            logins: Notify::new(),
            runs: Notify::new(),
            desk: Desk::default(),
            attempts: broadcast::Sender::new(ATTEMPTS),
            topics: Mutex::default(),
        }
    }
}

/// Somebody who watches attempts as they are made; who is too slow misses some.
pub struct Watching(broadcast::Receiver<Made>);

impl Watching {
    /// The next attempt that was made; `None` at the end of the process.
    pub async fn next(&mut self) -> Option<Made> {
        loop {
            match self.0.recv().await {
                Ok(made) => return Some(made),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

/// A place in the queue of those who wait for a topic.
pub struct Waiting {
    bus: Arc<Bus>,
    topic: Topic,
    news: Option<watch::Receiver<()>>,
}

impl Bus {
    /// Tells everyone whom these hints concern.
    pub fn tell(&self, hints: &[Hint]) {
        for hint in hints {
            match hint {
                Hint::Log => self.log.notify_one(),
                Hint::Deliveries => self.deliveries.notify_one(),
                Hint::Backlog => self.backlog.notify_one(),
                Hint::Endpoint(id) => self.endpoints.tell(*id),
                Hint::Recoveries => self.recoveries.notify_one(),
                Hint::Logins => self.logins.notify_one(),
                Hint::Runs => self.runs.notify_one(),
                Hint::Login(id) => self.wake(Topic::Login(*id)),
            }
        }
    }

    /// Tells of attempts, if anybody watches.
    pub fn tell_attempts(&self, made: impl IntoIterator<Item = Made>) {
        if self.attempts.receiver_count() == 0 {
            return;
        }
        for one in made {
            // Whoever watched has just gone: nothing is lost.
            let _ = self.attempts.send(one);
        }
    }

    /// Watches attempts from now on.
    #[must_use]
    pub fn watch_attempts(&self) -> Watching {
        Watching(self.attempts.subscribe())
    }

    /// Wakes those who wait for `topic`.
    pub fn wake(&self, topic: Topic) {
        if let Some(news) = self.topics().get(&topic) {
            news.send_replace(());
        }
    }

    /// Whether anybody waits for any topic at all.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        !self.topics().is_empty()
    }

    /// Waits for `topic` from now on: what happens after this call is not missed.
    #[must_use]
    pub fn wait_for(self: &Arc<Self>, topic: Topic) -> Waiting {
        let mut topics = self.topics();
        let news = topics.entry(topic).or_insert_with(|| watch::channel(()).0).subscribe();
        Waiting { bus: Arc::clone(self), topic, news: Some(news) }
    }

    fn topics(&self) -> MutexGuard<'_, HashMap<Topic, watch::Sender<()>>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Returns when there is news since the last call, or after `at_most`.
    pub async fn news(&mut self, at_most: Duration) {
        if let Some(news) = &mut self.news {
            // The sender lives as long as this place in the queue: only time can end the wait early.
            let _ = tokio::time::timeout(at_most, news.changed()).await;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut topics = self.bus.topics();
        self.news = None;
        if let Entry::Occupied(entry) = topics.entry(self.topic)
            && entry.get().receiver_count() == 0
        {
            entry.remove();
        }
    }
}
