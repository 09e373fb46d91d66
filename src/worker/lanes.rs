//! Who sends next: a lane for each endpoint, so that one that hangs holds up nobody else.
//!
//! A lane has a few attempts out at a time and takes its turn among the others. First tries go before
//! retries. A lane that only fails is closed by its breaker for a growing while; then one attempt is
//! let out as a probe, and its success opens the lane again. Lanes that have enough to do are named to
//! the next claim, which leaves their deliveries in the database. A lane may have a pace, and what is in
//! a lane can be withdrawn. What has been put in never overtakes another of its kind. Time is this
//! process's own here: a clock that is set back must not keep a lane closed.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use entity::EndpointId;
use tokio::time::Instant;

use super::pace::Pace;
use crate::domain::retry;

/// How many attempts one endpoint has out at a time.
const OUT: usize = 16;
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
    failures: u32,
    /// Until when the breaker keeps it closed; then one probe at a time.
    closed_until: Option<Instant>,
    pace: Option<Pace>,
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        let (first, again) = (VecDeque::new(), VecDeque::new());
        Self { first, again, out: 0, failures: 0, closed_until: None, pace: None }
    }
}

impl<T> Lane<T> {
    fn waiting(&self) -> usize {
        self.first.len() + self.again.len()
    }

    fn may_send(&self, now: Instant) -> bool {
        let is_free = match self.closed_until {
            Some(until) => until <= now && self.out == 0,
            None => self.out < OUT,
        };
        is_free && self.pace.is_none_or(|pace| pace.is_free(now))
    }

    /// When it may send again if nothing comes back until then.
    fn free_at(&self) -> Option<Instant> {
        let room = if self.closed_until.is_some() { 1 } else { OUT };
        if self.out >= room {
            return None;
        }
        self.closed_until.into_iter().chain(self.pace.and_then(Pace::free_at)).max()
    }

    /// How many may wait here: with a pace, what goes in a second.
    fn room(&self) -> usize {
        let at_pace = self.pace.and_then(|pace| usize::try_from(pace.per_second()).ok());
        at_pace.map_or(WAITING, |most| most.min(WAITING))
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

    /// Takes the next thing to send, from the lane whose turn it is.
    pub(super) fn next(&mut self, now: Instant) -> Option<T> {
        for _ in 0..self.turns.len() {
            let endpoint = self.turns.pop_front()?;
            let Some(lane) = self.lanes.get_mut(&endpoint) else { continue };
            let thing = lane.may_send(now).then(|| lane.first.pop_front().or_else(|| lane.again.pop_front()));
            if let Some(Some(_)) = thing {
                lane.out += 1;
                if let Some(pace) = &mut lane.pace {
                    pace.take(now);
                }
            }
            if lane.waiting() > 0 {
                self.turns.push_back(endpoint);
            }
            if let Some(Some(thing)) = thing {
                return Some(thing);
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
        self.turns.iter().filter_map(|endpoint| self.lanes.get(endpoint)?.free_at()).min()
    }

    /// Notes how an attempt ended.
    pub(super) fn done(&mut self, endpoint: EndpointId, well: bool, now: Instant) {
        let Some(lane) = self.lanes.get_mut(&endpoint) else { return };
        lane.out = lane.out.saturating_sub(1);
        if well {
            (lane.failures, lane.closed_until) = (0, None);
        } else {
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

    /// The endpoints that have enough to do, or are closed.
    pub(super) fn full(&self, now: Instant) -> Vec<EndpointId> {
        let is_full = |lane: &Lane<T>| {
            lane.waiting() >= lane.room()
                || lane.closed_until.is_some_and(|until| until > now || lane.out > 0)
        };
        self.lanes.iter().filter(|(_, lane)| is_full(lane)).map(|(endpoint, _)| *endpoint).collect()
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
mod tests {
    use entity::Timestamp;

    use super::*;

    const FIRST: (Try, Option<u32>) = (Try::First, None);

    fn endpoint() -> EndpointId {
        EndpointId::new(Timestamp(1_000_000))
    }

    fn drain<T>(lanes: &mut Lanes<T>, now: Instant) -> Vec<T> {
        std::iter::from_fn(|| lanes.next(now)).collect()
    }

    #[test]
    fn a_lane_has_only_so_many_out_and_the_others_go_on() {
        let now = Instant::now();
        let (hanging, well, mut lanes) = (endpoint(), endpoint(), Lanes::default());
        for number in 0..100 {
            lanes.put(hanging, FIRST, (hanging, number));
        }
        for number in 0..3 {
            lanes.put(well, FIRST, (well, number));
        }

        let sent = drain(&mut lanes, now);

        assert_eq!(sent.iter().filter(|(lane, _)| *lane == hanging).count(), OUT);
        assert_eq!(sent.iter().filter(|(lane, _)| *lane == well).count(), 3);
        assert_eq!(sent[1].0, well, "they take turns");
        assert_eq!(lanes.full(now), [hanging]);
    }

    #[test]
    fn first_tries_go_before_retries() {
        let now = Instant::now();
        let (one, mut lanes) = (endpoint(), Lanes::default());
        lanes.put(one, (Try::Again, None), "retry");
        lanes.put(one, FIRST, "first");

        assert_eq!(drain(&mut lanes, now), ["first", "retry"]);
    }

    #[test]
    fn failures_close_a_lane_and_one_probe_opens_it_again() {
        let now = Instant::now();
        let (one, mut lanes) = (endpoint(), Lanes::default());
        for number in 0..40 {
            lanes.put(one, FIRST, number);
        }
        for _ in drain(&mut lanes, now) {
            lanes.done(one, false, now);
        }
        assert_eq!(lanes.next(now), None);
        assert_eq!(lanes.full(now), [one]);

        let later = lanes.next_probe().expect("it is closed for a while");
        assert!(lanes.next(later).is_some());
        assert_eq!(lanes.next(later), None, "one probe at a time");

        lanes.done(one, true, later);
        assert!(lanes.next(later).is_some() && lanes.next(later).is_some());
        assert_eq!(lanes.next_probe(), None);
    }

    #[test]
    fn a_lane_with_a_pace_keeps_it_and_the_others_go_on() {
        let now = Instant::now();
        let (slow, well, mut lanes) = (endpoint(), endpoint(), Lanes::default());
        for number in 0..10 {
            lanes.put(slow, (Try::First, Some(2)), (slow, number));
            lanes.put(well, FIRST, (well, number));
        }

        let sent = drain(&mut lanes, now);

        assert_eq!(sent.iter().filter(|(lane, _)| *lane == slow).count(), 1);
        assert_eq!(sent.iter().filter(|(lane, _)| *lane == well).count(), 10);
        assert_eq!(lanes.full(now), [slow]);
        let later = lanes.next_free().expect("the next one goes in half a second");
        assert_eq!(later - now, Duration::from_millis(500));
        assert!(lanes.next(later).is_some() && lanes.next(later).is_none());
    }

    #[test]
    fn what_is_withdrawn_is_not_sent() {
        let (one, other, mut lanes) = (endpoint(), endpoint(), Lanes::default());
        for lane in [one, one, other] {
            lanes.put(lane, FIRST, lane);
        }

        assert_eq!(lanes.withdraw(one), [one, one]);
        assert_eq!(lanes.withdraw(one), []);
        lanes.put(one, FIRST, one);

        assert_eq!(drain(&mut lanes, Instant::now()), [other, one]);
    }

    #[test]
    fn a_lane_that_is_done_is_forgotten() {
        let now = Instant::now();
        let (one, mut lanes) = (endpoint(), Lanes::default());
        lanes.put(one, FIRST, ());
        drain(&mut lanes, now);
        lanes.done(one, true, now);

        assert!(lanes.lanes.is_empty() && lanes.turns.is_empty());
    }
}
