//! Who may come in, and who may stay.
//!
//! A request shows its key once. What lasts longer (a socket, an event stream) keeps watching: the
//! key is checked again every second, once for all that came in with it, so that ten thousand idle
//! sockets of one partner cost one check. What waits is woken only when the key stops being valid.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::refusal::Refusal;
use crate::domain::Secret;

/// Tells whose key it is.
pub type Authenticate<C> = Arc<dyn Fn(Secret) -> BoxFuture<'static, Result<C, Refused>> + Send + Sync>;

/// Why a key does not open the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is unknown, expired or revoked.
    Unauthenticated,
    /// It was used too often; it may be tried again after this long.
    RateLimited(Duration),
    /// It cannot be checked at the moment.
    Unavailable,
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unauthenticated => Self::unauthenticated(),
            Refused::RateLimited(wait) => Self::rate_limited(wait),
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

/// A caller that is still there.
pub(super) struct Stay<C>(watch::Receiver<Option<C>>);

impl<C: Clone + Send + Sync> Stay<C> {
    /// The caller as last seen; `None` once the key has stopped being valid.
    pub(super) fn caller(&self) -> Option<C> {
        self.0.borrow().clone()
    }

    /// Waits until the key stops being valid.
    pub(super) async fn ended(&mut self) {
        // An error says that the sender is gone, which it is once the watch is over.
        let _ = self.0.wait_for(Option::is_none).await;
    }
}

/// Checks keys, and watches those that are in use.
pub(super) struct Gate<C> {
    authenticate: Authenticate<C>,
    recheck: Duration,
    watched: Arc<Mutex<Watched<C>>>,
}

/// By hash of the key.
type Watched<C> = HashMap<[u8; 32], watch::Sender<Option<C>>>;

impl<C: Clone + Send + Sync + 'static> Gate<C> {
    pub(super) fn new(authenticate: Authenticate<C>, recheck: Duration) -> Self {
        Self { authenticate, recheck, watched: Arc::default() }
    }

    /// Checks a key for one request.
    pub(super) async fn admit(&self, key: Secret) -> Result<C, Refused> {
        (self.authenticate)(key).await
    }

    /// Checks a key for something that lasts.
    pub(super) async fn admit_for_long(&self, key: Secret) -> Result<Stay<C>, Refused> {
        let caller = self.admit(key.clone()).await?;
        let name: [u8; 32] = Sha256::digest(key.expose()).into();
        let mut watched = lock(&self.watched);
        if let Some(sender) = watched.get(&name) {
            return Ok(Stay(sender.subscribe()));
        }
        let (sender, receiver) = watch::channel(Some(caller));
        watched.insert(name, sender.clone());
        drop(watched);
        let round = Round { name, key, sender, watched: Arc::clone(&self.watched) };
        tokio::spawn(round.go(Arc::clone(&self.authenticate), self.recheck));
        Ok(Stay(receiver))
    }
}

fn lock<C>(watched: &Mutex<Watched<C>>) -> MutexGuard<'_, Watched<C>> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The watch over one key.
struct Round<C> {
    name: [u8; 32],
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
                Err(Refused::RateLimited(_) | Refused::Unavailable) => {}
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
