//! Which lane sends next.

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

/// Lanes in which so much waits.
fn busy(lanes: &mut Lanes<EndpointId>, count: usize, things: usize) -> Vec<EndpointId> {
    let busy: Vec<_> = (0..count).map(|_| endpoint()).collect();
    for endpoint in busy.iter().flat_map(|endpoint| std::iter::repeat_n(*endpoint, things)) {
        lanes.put(endpoint, FIRST, endpoint);
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
    assert_eq!(lanes.ready(now), 100, "what the lanes that hang hold back keeps no claim from being made");
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
