//! Who sends next: a lane for each endpoint, so that one that hangs holds up nobody else.
//!
//! A lane has a few attempts out at a time and takes its turn among the others. First tries go before
//! retries. Nobody knows yet whether what was sent since a lane's last success will ever be answered, so
//! of that no more is out than the lane's share: lanes that hang hold half of all places at most,
//! however many they are. A lane that only fails is closed by its breaker for a growing while; then one
//! attempt is let out as a probe, and its success opens the lane again. Lanes that have enough to do are
//! named to the next claim, which leaves their deliveries in the database. A lane may have a pace, and
//! what is in a lane can be withdrawn. What has been put in never overtakes another of its kind. Time is
//! this process's own here: a clock that is set back must not keep a lane closed.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use entity::EndpointId;
use tokio::time::Instant;

use super::pace::Pace;
use crate::domain::retry;

/// How many attempts one endpoint has out at a time.
const OUT: usize = 16;
/// How many attempts that nobody has answered for yet are out at a time, shared by all busy lanes.
const UNPROVEN: usize = 256;
/// With so many of them, since lanes got busy one after another, each further lane has one.
const CROWDED: usize = 384;
/// How many claimed deliveries wait for one endpoint before it is left out of claims.
const WAITING: usize = 64;
/// How many failures in a row close a lane.
const FAILURES: u32 = 8;
/// How long a lane is closed the first time; it doubles with each probe that fails.
const CLOSED: Duration = Duration::from_secs(1);
/// The longest a lane is closed at a time.
const LONGEST_CLOSED: Duration = Duration::from_mins(1);

/// All lanes of one worker, with what waits in them.
pub(super) struct Lanes<T> {
    lanes: HashMap<EndpointId, Lane<T>>,
    /// Lanes that have something waiting, the next one first.
    turns: VecDeque<EndpointId>,
}

struct Lane<T> {
    first: VecDeque<T>,
    again: VecDeque<T>,
    out: usize,
    /// How many of them were sent since the last success.
    unproven: usize,
    failures: u32,
    /// Until when the breaker keeps it closed; then one probe at a time.
    closed_until: Option<Instant>,
    pace: Option<Pace>,
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        let (first, again) = (VecDeque::new(), VecDeque::new());
        Self { first, again, out: 0, unproven: 0, failures: 0, closed_until: None, pace: None }
    }
}

impl<T> Lane<T> {
    fn waiting(&self) -> usize {
        self.first.len() + self.again.len()
    }

    /// How many more it may have out, of which `share` may be unproven.
    fn places(&self, share: usize) -> usize {
        match self.closed_until {
            Some(_) => 1_usize.saturating_sub(self.out),
            None => OUT.saturating_sub(self.out).min(share.saturating_sub(self.unproven)),
        }
    }

    fn may_send(&self, share: usize, now: Instant) -> bool {
        let is_open = self.closed_until.is_none_or(|until| until <= now);
        is_open && self.places(share) > 0 && self.pace.is_none_or(|pace| pace.is_free(now))
    }

    /// When it may send again if nothing comes back until then.
    fn free_at(&self, share: usize) -> Option<Instant> {
        if self.places(share) == 0 {
            return None;
        }
        self.closed_until.into_iter().chain(self.pace.and_then(Pace::free_at)).max()
    }

    /// How many may wait here: with a pace, what goes in a second.
    fn room(&self) -> usize {
        let at_pace = self.pace.and_then(|pace| usize::try_from(pace.per_second()).ok());
        at_pace.map_or(WAITING, |most| most.min(WAITING))
    }

    fn is_closed(&self, now: Instant) -> bool {
        self.closed_until.is_some_and(|until| until > now || self.out > 0)
    }

    /// Whether another claim would bring it nothing to send.
    fn has_enough(&self, share: usize, now: Instant) -> bool {
        let is_held = self.unproven >= share && self.waiting() >= share;
        self.waiting() >= self.room() || is_held || self.is_closed(now)
    }

    fn is_idle(&self, now: Instant) -> bool {
        let is_used = self.waiting() > 0 || self.out > 0 || self.failures > 0;
        !is_used && self.pace.is_none_or(|pace| pace.is_free(now))
    }
}

/// Whether something has been tried before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Try {
    /// It has not.
    First,
    /// It has.
    Again,
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self { lanes: HashMap::new(), turns: VecDeque::new() }
    }
}

impl<T> Lanes<T> {
    /// Puts something into the lane of `endpoint`, which lets out at most `rate` a second from now on.
    pub(super) fn put(&mut self, endpoint: EndpointId, (which, rate): (Try, Option<u32>), thing: T) {
        let lane = self.lanes.entry(endpoint).or_default();
        lane.pace = rate.map(|rate| lane.pace.unwrap_or_default().at_rate(rate));
        if lane.waiting() == 0 {
            self.turns.push_back(endpoint);
        }
        match which {
            Try::First => lane.first.push_back(thing),
            Try::Again => lane.again.push_back(thing),
        }
    }

    /// How many unproven attempts each lane may have out.
    fn share(&self) -> usize {
        let busy = self.lanes.values().filter(|lane| lane.waiting() > 0 || lane.out > 0).count();
        let unproven: usize = self.lanes.values().map(|lane| lane.unproven).sum();
        if unproven < CROWDED { (UNPROVEN / busy.max(1)).clamp(1, OUT) } else { 1 }
    }

    /// Takes the next thing to send, from the lane whose turn it is.
    pub(super) fn next(&mut self, now: Instant) -> Option<T> {
        let share = self.share();
        for _ in 0..self.turns.len() {
            let endpoint = self.turns.pop_front()?;
            let Some(lane) = self.lanes.get_mut(&endpoint) else { continue };
            let may_send = lane.may_send(share, now);
            let thing = may_send.then(|| lane.first.pop_front().or_else(|| lane.again.pop_front())).flatten();
            if thing.is_some() {
                lane.out += 1;
                lane.unproven += 1;
                if let Some(pace) = &mut lane.pace {
                    pace.take(now);
                }
            }
            if lane.waiting() > 0 {
                self.turns.push_back(endpoint);
            }
            if thing.is_some() {
                return thing;
            }
        }
        None
    }

    /// Takes back everything that waits in the lane of `endpoint`.
    pub(super) fn withdraw(&mut self, endpoint: EndpointId) -> Vec<T> {
        let Some(lane) = self.lanes.get_mut(&endpoint) else { return Vec::new() };
        self.turns.retain(|waiting| *waiting != endpoint);
        lane.first.drain(..).chain(lane.again.drain(..)).collect()
    }

    /// The endpoints for which something waits.
    pub(super) fn endpoints(&self) -> Vec<EndpointId> {
        self.turns.iter().copied().collect()
    }

    /// When the first lane that may not send now may do so, if nothing comes back until then.
    pub(super) fn next_free(&self) -> Option<Instant> {
        let share = self.share();
        self.turns.iter().filter_map(|endpoint| self.lanes.get(endpoint)?.free_at(share)).min()
    }

    /// Notes how an attempt ended.
    pub(super) fn done(&mut self, endpoint: EndpointId, well: bool, now: Instant) {
        let Some(lane) = self.lanes.get_mut(&endpoint) else { return };
        lane.out = lane.out.saturating_sub(1);
        if well {
            (lane.unproven, lane.failures, lane.closed_until) = (0, 0, None);
        } else {
            lane.unproven = lane.unproven.saturating_sub(1);
            lane.failures = lane.failures.saturating_add(1);
            if let Some(beyond) = lane.failures.checked_sub(FAILURES) {
                lane.closed_until = Some(now + retry::growing(CLOSED, LONGEST_CLOSED, beyond + 1));
            }
        }
        if lane.is_idle(now) {
            self.lanes.remove(&endpoint);
        }
    }

    /// How much waits in all lanes.
    pub(super) fn waiting(&self) -> usize {
        self.lanes.values().map(Lane::waiting).sum()
    }

    /// How much of it waits for nothing but its turn; what lanes that hang hold back is not in it.
    pub(super) fn ready(&self, now: Instant) -> usize {
        let share = self.share();
        self.lanes.values().filter(|lane| lane.may_send(share, now)).map(Lane::waiting).sum()
    }

    /// The endpoints that have enough to do, or are closed.
    pub(super) fn full(&self, now: Instant) -> Vec<EndpointId> {
        let share = self.share();
        let full = self.lanes.iter().filter(|(_, lane)| lane.has_enough(share, now));
        full.map(|(endpoint, _)| *endpoint).collect()
    }

    /// How many lanes are closed by their breaker.
    pub(super) fn closed(&self) -> usize {
        self.lanes.values().filter(|lane| lane.closed_until.is_some()).count()
    }

    /// Whether a lane that had enough to do would soon be empty without another claim.
    pub(super) fn wants_more(&self, endpoint: EndpointId, now: Instant) -> bool {
        let has_enough = |lane: &Lane<T>| {
            lane.waiting() > lane.room() / 2 || lane.closed_until.is_some_and(|until| until > now)
        };
        !self.lanes.get(&endpoint).is_some_and(has_enough)
    }

    /// When the first closed lane may send its probe.
    pub(super) fn next_probe(&self) -> Option<Instant> {
        self.lanes.values().filter(|lane| lane.out == 0).filter_map(|lane| lane.closed_until).min()
    }
}

#[cfg(test)]
mod tests;
