//! What one key may do at a time: how often it asks, and how many sockets and streams it keeps open. Keys may
//! belong together (`Crowd`): then they also share a number of sockets and streams, or whoever has many keys
//! would have no limit.
//!
//! The book has a line for each key that was let in a while ago, and for no others, so it is never longer than
//! the list of keys. Keys that are not in it come from strangers: how often those may be tried is
//! counted by address, before the database is asked. A stranger who tries all day keeps nobody out who
//! comes from the same address with a key that is known. Addresses share a fixed number of buckets,
//! by a hash that nobody outside can foresee, so that any number of them costs the same memory.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::time::Instant;

use super::settings::{Rate, Settings};

/// The hash of a key.
pub(super) type Name = [u8; 32];

/// Which keys belong together: those for which the house behind the door says the same number.
pub type Crowd = u128;

/// With more keys than this in the book, those that have been quiet are taken out.
const MANY: usize = 10_000;
/// How long a key must have been quiet for that.
const QUIET: Duration = Duration::from_mins(1);

/// Whether a key may ask once more.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// As often as it likes.
    Free,
    /// Yes, and so often again at once.
    Left(u32),
    /// Not before this time has passed.
    Wait(Duration),
}

/// All keys that are in use.
pub(super) struct Guests {
    rate: Option<Rate>,
    policy: Option<HeaderValue>,
    connections: usize,
    crowd_connections: usize,
    strangers: Option<DefaultKeyedRateLimiter<u16>>,
    hasher: RandomState,
    book: Mutex<Book>,
}

struct Book {
    guests: HashMap<Name, Guest>,
    /// How many sockets and streams the keys of a crowd have open; none that has no line.
    crowds: HashMap<Crowd, usize>,
    swept: Instant,
}

struct Guest {
    bucket: Option<DefaultDirectRateLimiter<StateInformationMiddleware>>,
    lines: usize,
    seen: Instant,
}

impl Guests {
    pub(super) fn new(settings: &Settings) -> Self {
        let strangers = quota(settings.strangers).map(RateLimiter::keyed);
        Self {
            rate: settings.rate,
            policy: settings.rate.and_then(policy),
            connections: settings.connections,
            crowd_connections: settings.crowd_connections,
            strangers,
            hasher: RandomState::new(),
            book: Mutex::new(Book { guests: HashMap::new(), crowds: HashMap::new(), swept: Instant::now() }),
        }
    }

    /// Lets a key be tried; the error is how long to wait before the next one from this address.
    pub(super) fn knock(&self, key: &Name, from: Option<IpAddr>) -> Result<(), Duration> {
        let (Some(from), Some(strangers)) = (from, &self.strangers) else { return Ok(()) };
        if self.book().guests.contains_key(key) {
            return Ok(());
        }
        let [low, high, ..] = self.hasher.hash_one(from).to_le_bytes();
        let tried = strangers.check_key(&u16::from_le_bytes([low, high]));
        tried.map_err(|later| later.wait_time_from(DefaultClock::default().now()))
    }

    /// Notes that a key was found good.
    pub(super) fn welcome(&self, key: Name) {
        let now = Instant::now();
        let mut book = self.book();
        if let Some(guest) = book.guests.get_mut(&key) {
            guest.seen = now;
            return;
        }
        if book.guests.len() >= MANY && now.duration_since(book.swept) > Duration::from_secs(1) {
            book.guests.retain(|_, guest| guest.lines > 0 || now.duration_since(guest.seen) < QUIET);
            book.swept = now;
        }
        let bucket = self.rate.and_then(quota).map(|quota| RateLimiter::direct(quota).with_middleware());
        book.guests.insert(key, Guest { bucket, lines: 0, seen: now });
    }

    /// Notes that a key is not good any more.
    pub(super) fn forget(&self, key: &Name) {
        self.book().guests.remove(key);
    }

    /// Takes note of one operation, if it is not one too many.
    pub(super) fn pace(&self, key: &Name) -> Pace {
        let book = self.book();
        let Some(bucket) = book.guests.get(key).and_then(|guest| guest.bucket.as_ref()) else {
            return Pace::Free;
        };
        match bucket.check() {
            Ok(state) => Pace::Left(state.remaining_burst_capacity()),
            Err(later) => Pace::Wait(later.wait_time_from(DefaultClock::default().now())),
        }
    }

    /// One more socket or stream for a key; `None` if it, or its crowd, has as many as it may.
    pub(super) fn connect(self: &Arc<Self>, key: Name, crowd: Crowd) -> Option<Line> {
        let mut book = self.book();
        let together = book.crowds.get(&crowd).copied().unwrap_or(0);
        let guest = book.guests.get_mut(&key)?;
        if guest.lines >= self.connections || together >= self.crowd_connections {
            return None;
        }
        guest.lines += 1;
        book.crowds.insert(crowd, together + 1);
        drop(book);
        Some(Line { guests: Arc::clone(self), key, crowd })
    }

    /// Tells the rate in the header fields of draft-ietf-httpapi-ratelimit-headers-10.
    pub(super) fn tell(&self, pace: Pace, headers: &mut HeaderMap) {
        let Some(policy) = &self.policy else { return };
        let standing = match pace {
            Pace::Free => return,
            Pace::Left(count) => format!("\"key\";r={count}"),
            Pace::Wait(wait) => format!("\"key\";r=0;t={}", whole_seconds(wait)),
        };
        headers.insert("ratelimit-policy", policy.clone());
        if let Ok(standing) = HeaderValue::try_from(standing) {
            headers.insert("ratelimit", standing);
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket or stream that is open; it counts until it is dropped.
pub(super) struct Line {
    guests: Arc<Guests>,
    key: Name,
    crowd: Crowd,
}

impl Line {
    /// Whose it is.
    pub(super) fn key(&self) -> &Name {
        &self.key
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let mut book = self.guests.book();
        if let Some(guest) = book.guests.get_mut(&self.key) {
            guest.lines = guest.lines.saturating_sub(1);
        }
        // Also of a key that was forgotten meanwhile: its line was open until now.
        if let Entry::Occupied(mut together) = book.crowds.entry(self.crowd) {
            *together.get_mut() = together.get().saturating_sub(1);
            if *together.get() == 0 {
                together.remove();
            }
        }
    }
}

/// `None` if the period is no time at all: then there is no limit.
fn quota(rate: Rate) -> Option<Quota> {
    Some(Quota::with_period(rate.period)?.allow_burst(rate.burst))
}

/// `q` operations in every `w` seconds: the whole bucket, and how long it takes to fill.
fn policy(rate: Rate) -> Option<HeaderValue> {
    let window = whole_seconds(rate.period.saturating_mul(rate.burst.get()));
    HeaderValue::try_from(format!("\"key\";q={};w={window}", rate.burst)).ok()
}

fn whole_seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}
