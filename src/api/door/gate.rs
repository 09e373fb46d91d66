//! Who may come in, and who may stay.
//!
//! A request shows its key once. What lasts longer (a socket, an event stream) keeps watching: the
//! key is checked again every second, once for all that came in with it, so that ten thousand idle
//! sockets of one partner cost one check. What waits is woken only when the key stops being valid.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::guests::{Crowd, Guests, Line, Name, Pace};
use super::refusal::Refusal;
use super::settings::Settings;
use crate::domain::Secret;

/// Tells whose key it is.
pub type Authenticate<C> = Arc<dyn Fn(Secret) -> BoxFuture<'static, Result<C, Refused>> + Send + Sync>;

/// Tells which callers share a number of sockets and event streams.
pub type CrowdOf<C> = Arc<dyn Fn(&C) -> Crowd + Send + Sync>;

/// Why a key does not open the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is unknown, expired or revoked.
    Unauthenticated,
    /// It was used too often; it may be tried again after this long.
    RateLimited(Duration),
    /// It, or its crowd, has as many sockets and event streams open as it may; only the door itself says so.
    Crowded,
    /// It cannot be checked at the moment.
    Unavailable,
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unauthenticated => Self::unauthenticated(),
            Refused::RateLimited(wait) => Self::rate_limited(wait),
            Refused::Crowded => Self::too_many_connections(),
            Refused::Unavailable => Self::unavailable(),
        }
    }
}

/// The key in an `Authorization` header.
pub(super) fn presented(headers: &HeaderMap) -> Option<Secret> {
    bearer(headers.get(AUTHORIZATION)?.to_str().ok()?)
}

/// The key in `Bearer <key>`.
pub(super) fn bearer(credentials: &str) -> Option<Secret> {
    let (scheme, key) = credentials.trim().split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then(|| Secret::new(key.to_owned()))
}

/// A caller that was let in for one request.
pub(super) struct Visit<C> {
    pub(super) caller: C,
    /// The hash of its key.
    pub(super) name: Name,
}

/// A caller that is still there.
pub(super) struct Stay<C> {
    seen: watch::Receiver<Option<C>>,
    line: Line,
}

impl<C: Clone + Send + Sync> Stay<C> {
    /// The caller as last seen; `None` once the key has stopped being valid.
    pub(super) fn caller(&self) -> Option<C> {
        self.seen.borrow().clone()
    }

    /// The hash of its key.
    pub(super) fn name(&self) -> &Name {
        self.line.key()
    }

    /// Waits until the key stops being valid.
    pub(super) async fn ended(&mut self) {
        // An error says that the sender is gone, which it is once the watch is over.
        let _ = self.seen.wait_for(Option::is_none).await;
    }
}

/// Checks keys, and watches those that are in use.
pub(super) struct Gate<C> {
    authenticate: Authenticate<C>,
    crowd: CrowdOf<C>,
    recheck: Duration,
    guests: Arc<Guests>,
    watched: Arc<Mutex<Watched<C>>>,
}

/// By hash of the key.
type Watched<C> = HashMap<Name, watch::Sender<Option<C>>>;

impl<C: Clone + Send + Sync + 'static> Gate<C> {
    pub(super) fn new(authenticate: Authenticate<C>, crowd: CrowdOf<C>, settings: &Settings) -> Self {
        let guests = Arc::new(Guests::new(settings));
        Self { authenticate, crowd, recheck: settings.recheck, guests, watched: Arc::default() }
    }

    /// Checks a key that is presented `from` somewhere, for one request.
    pub(super) async fn admit(&self, key: &Secret, from: Option<IpAddr>) -> Result<Visit<C>, Refused> {
        let name: Name = Sha256::digest(key.expose()).into();
        self.guests.knock(&name, from).map_err(Refused::RateLimited)?;
        let admitted = (self.authenticate)(key.clone()).await;
        match &admitted {
            Ok(_) => self.guests.welcome(name),
            Err(Refused::Unauthenticated) => self.guests.forget(&name),
            Err(_) => {}
        }
        Ok(Visit { caller: admitted?, name })
    }

    /// Lets who was let in stay for something that lasts.
    pub(super) fn keep(&self, key: Secret, visit: Visit<C>) -> Result<Stay<C>, Refused> {
        let Visit { caller, name } = visit;
        let line = self.guests.connect(name, (self.crowd)(&caller)).ok_or(Refused::Crowded)?;
        let mut watched = lock(&self.watched);
        if let Some(sender) = watched.get(&name) {
            return Ok(Stay { seen: sender.subscribe(), line });
        }
        let (sender, receiver) = watch::channel(Some(caller));
        watched.insert(name, sender.clone());
        drop(watched);
        let round = Round { name, key, sender, watched: Arc::clone(&self.watched) };
        tokio::spawn(round.go(Arc::clone(&self.authenticate), self.recheck));
        Ok(Stay { seen: receiver, line })
    }

    /// Takes note of one operation of a key that was let in.
    pub(super) fn pace(&self, name: &Name) -> Pace {
        self.guests.pace(name)
    }

    /// Tells in `headers` how the key stands.
    pub(super) fn tell(&self, pace: Pace, headers: &mut HeaderMap) {
        self.guests.tell(pace, headers);
    }
}

fn lock<C>(watched: &Mutex<Watched<C>>) -> MutexGuard<'_, Watched<C>> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The watch over one key.
struct Round<C> {
    name: Name,
    key: Secret,
    sender: watch::Sender<Option<C>>,
    watched: Arc<Mutex<Watched<C>>>,
}

impl<C: Send + Sync + 'static> Round<C> {
    async fn go(self, authenticate: Authenticate<C>, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            if self.is_alone() {
                return;
            }
            match authenticate(self.key.clone()).await {
                Ok(caller) => self.note(caller),
                Err(Refused::Unauthenticated) => return self.end(),
                // Not knowing is no reason to throw anybody out.
                Err(Refused::RateLimited(_) | Refused::Crowded | Refused::Unavailable) => {}
            }
        }
    }

    /// Whether nobody is left; if so the key is forgotten.
    fn is_alone(&self) -> bool {
        let mut watched = lock(&self.watched);
        let is_alone = self.sender.receiver_count() == 0;
        if is_alone {
            watched.remove(&self.name);
        }
        is_alone
    }

    /// What is new about a caller counts for later operations; it wakes nobody.
    fn note(&self, caller: C) {
        self.sender.send_if_modified(|known| {
            *known = Some(caller);
            false
        });
    }

    fn end(&self) {
        lock(&self.watched).remove(&self.name);
        self.sender.send_replace(None);
    }
}
