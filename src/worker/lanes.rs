//! Who sends next: a lane for each endpoint, so that one that hangs holds up nobody else.
//!
//! A lane has a few attempts out at a time and takes its turn among the others. First tries go before
//! retries. Nobody knows yet whether what was sent since a lane's last success will ever be answered, so
//! of that no more is out than the lane's share: lanes that hang hold half of all places at most,
//! however many they are. A lane that only fails is closed by its breaker for a growing while; then one
//! attempt is let out as a probe, and its success opens the lane again. Lanes that have enough to do are
//! named to the next claim, which leaves their deliveries in the database. Time is this process's own here:
//! a clock that is set back must not keep a lane closed.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use entity::EndpointId;
use tokio::time::Instant;

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
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        let (first, again) = (VecDeque::new(), VecDeque::new());
        Self { first, again, out: 0, unproven: 0, failures: 0, closed_until: None }
    }
}

impl<T> Lane<T> {
    fn waiting(&self) -> usize {
        self.first.len() + self.again.len()
    }

    /// How much it may send now.
    fn room(&self, share: usize, now: Instant) -> usize {
        match self.closed_until {
            Some(until) => usize::from(until <= now && self.out == 0),
            None => OUT.saturating_sub(self.out).min(share.saturating_sub(self.unproven)),
        }
    }

    fn is_closed(&self, now: Instant) -> bool {
        self.closed_until.is_some_and(|until| until > now || self.out > 0)
    }

    /// Whether another claim would bring it nothing to send.
    fn has_enough(&self, share: usize, now: Instant) -> bool {
        let is_held = self.unproven >= share && self.waiting() >= share;
        self.waiting() >= WAITING || is_held || self.is_closed(now)
    }

    fn is_idle(&self) -> bool {
        self.waiting() == 0 && self.out == 0 && self.failures == 0
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
    /// Puts something into the lane of `endpoint`.
    pub(super) fn put(&mut self, endpoint: EndpointId, which: Try, thing: T) {
        let lane = self.lanes.entry(endpoint).or_default();
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
            let may_send = lane.room(share, now) > 0;
            let thing = may_send.then(|| lane.first.pop_front().or_else(|| lane.again.pop_front())).flatten();
            if thing.is_some() {
                lane.out += 1;
                lane.unproven += 1;
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
        if lane.is_idle() {
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
        self.lanes.values().map(|lane| if lane.room(share, now) > 0 { lane.waiting() } else { 0 }).sum()
    }

    /// The endpoints that have enough to do, or are closed.
    pub(super) fn full(&self, now: Instant) -> Vec<EndpointId> {
        let share = self.share();
        let full = self.lanes.iter().filter(|(_, lane)| lane.has_enough(share, now));
        full.map(|(endpoint, _)| *endpoint).collect()
    }

    /// Whether a lane that had enough to do would soon be empty without another claim.
    pub(super) fn wants_more(&self, endpoint: EndpointId, now: Instant) -> bool {
        let has_enough = |lane: &Lane<T>| {
            lane.waiting() > WAITING / 2 || lane.closed_until.is_some_and(|until| until > now)
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
            lanes.put(hanging, Try::First, (hanging, number));
        }
        for number in 0..3 {
            lanes.put(well, Try::First, (well, number));
        }

        let sent = drain(&mut lanes, now);

        assert_eq!(sent.iter().filter(|(lane, _)| *lane == hanging).count(), OUT);
        assert_eq!(sent.iter().filter(|(lane, _)| *lane == well).count(), 3);
        assert_eq!(sent[1].0, well, "they take turns");
        assert_eq!(lanes.full(now), [hanging]);
    }

    /// Lanes in which so much waits.
    fn busy(lanes: &mut Lanes<EndpointId>, count: usize, things: usize) -> Vec<EndpointId> {
        let busy: Vec<_> = (0..count).map(|_| endpoint()).collect();
        for endpoint in busy.iter().flat_map(|endpoint| std::iter::repeat_n(*endpoint, things)) {
            lanes.put(endpoint, Try::First, endpoint);
        }
        busy
    }

    #[test]
    fn lanes_that_hang_leave_half_of_all_places_and_every_claim_to_the_others() {
        let now = Instant::now();
        let mut lanes = Lanes::default();
        let hanging = busy(&mut lanes, 50, 64);

        let held = drain(&mut lanes, now).len();
        let well = busy(&mut lanes, 50, 2);

        assert!(held <= UNPROVEN, "{held} places are taken");
        assert_eq!(
            lanes.ready(now),
            100,
            "what the lanes that hang hold back keeps no claim from being made"
        );
        assert_eq!(lanes.full(now).len(), hanging.len());
        let sent = drain(&mut lanes, now);
        assert!(sent.len() == 100 && sent.iter().all(|lane| well.contains(lane)));
    }

    #[test]
    fn lanes_that_begin_to_hang_one_after_another_leave_places_too() {
        let now = Instant::now();
        let mut lanes = Lanes::default();
        let mut held = 0;
        for _ in 0..100 {
            busy(&mut lanes, 1, 64);
            held += drain(&mut lanes, now).len();
        }

        assert!(held <= CROWDED + 100, "{held} places are taken");
    }

    #[test]
    fn a_lane_that_answers_well_gets_all_its_places_in_a_crowd() {
        let now = Instant::now();
        let mut lanes = Lanes::default();
        let well = busy(&mut lanes, 128, 64)[0];
        let mut out = drain(&mut lanes, now).into_iter().filter(|lane| *lane == well).count();
        assert_eq!(out, 2);

        for _ in 0..OUT {
            lanes.done(well, true, now);
            out += drain(&mut lanes, now).len() - 1;
        }

        assert_eq!(out, OUT);
    }

    #[test]
    fn first_tries_go_before_retries() {
        let now = Instant::now();
        let (one, mut lanes) = (endpoint(), Lanes::default());
        lanes.put(one, Try::Again, "retry");
        lanes.put(one, Try::First, "first");

        assert_eq!(drain(&mut lanes, now), ["first", "retry"]);
    }

    #[test]
    fn failures_close_a_lane_and_one_probe_opens_it_again() {
        let now = Instant::now();
        let (one, mut lanes) = (endpoint(), Lanes::default());
        for number in 0..40 {
            lanes.put(one, Try::First, number);
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
    fn a_lane_that_is_done_is_forgotten() {
        let now = Instant::now();
        let (one, mut lanes) = (endpoint(), Lanes::default());
        lanes.put(one, Try::First, ());
        drain(&mut lanes, now);
        lanes.done(one, true, now);

        assert!(lanes.lanes.is_empty() && lanes.turns.is_empty());
    }
}
