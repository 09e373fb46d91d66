//! The clock jumps, by hours and in both directions: nothing is sent twice, nothing is forgotten.

use std::sync::Arc;
use std::time::Duration;

use postern::service::clock::SystemClock;
use postern::service::recovery::PAUSE;
use postern::service::{App, Clock};
use postern::store;
use serde_json::json;

use crate::house::{Act, House};

const HOURS: Duration = Duration::from_hours(5);

mod by_hand {
    use super::*;

    stories! {
        a_machine_whose_clock_is_wrong_works_by_the_databases,
        a_jump_ahead_brings_each_retry_once,
        a_jump_back_delays_retries_and_nothing_else,
        a_jump_during_an_attempt_settles_it_all_the_same,
        a_recovery_goes_on_after_a_jump_back,
    }
}

mod by_itself {
    use super::*;

    stories_of_life! {
        a_receiver_that_is_well_again_is_told_at_once_though_the_clock_went_back,
    }
}

async fn links(house: &House, count: usize) {
    futures_util::future::join_all((0..count).map(|_| house.partner.create_link())).await;
}

async fn a_machine_whose_clock_is_wrong_works_by_the_databases(house: &mut House) {
    let clock = Arc::new(SystemClock::start());
    let real = clock.now();
    for wrong in [real.plus(HOURS), real.minus(HOURS)] {
        clock.adjust(wrong);
        let app: App = house.beside(Arc::clone(&clock) as _).await;

        let database = store::node::database_time(&app.db).await.unwrap();

        let off = clock.now().0.abs_diff(database.0);
        assert!(off < 1_000, "{off} ms");
        app.db.close().await;
    }
}

async fn a_jump_ahead_brings_each_retry_once(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).answering([500]).await;
    links(house, 10).await;
    assert_eq!(house.deliver().await, 10);

    // Longer than the first four pauses together.
    house.pass(HOURS);
    let after_the_jump = [house.deliver().await, house.deliver().await];
    house.pass(Duration::from_mins(6));
    let after_the_next_pause = [house.deliver().await, house.deliver().await];

    assert_eq!((after_the_jump, after_the_next_pause), ([10, 0], [10, 0]));
    receiver.saw([500; 30]).with_valid_signatures();
}

async fn a_jump_back_delays_retries_and_nothing_else(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).answering([500, 204]).await;
    house.partner.create_link().await;
    house.deliver().await;

    house.turn_back(HOURS);
    let new = house.partner.create_link().await;
    assert_eq!(house.deliver().await, 1, "what happens now is told now");
    house.restart().await;
    assert_eq!(house.deliver().await, 0);
    house.pass(HOURS + Duration::from_secs(6));
    assert_eq!(house.deliver().await, 1);

    receiver.saw([500, 204, 204]).with_valid_signatures();
    assert_eq!(receiver.links()[1], new.id);
    assert_eq!(house.deliver().await, 0);
}

async fn a_jump_during_an_attempt_settles_it_all_the_same(house: &mut House) {
    let soon = json!(["PT1M"]);
    for jump in ["ahead", "back"] {
        let late = Act::Late(Duration::from_millis(300));
        let receiver =
            house.subscribe(["link.created"]).with("retrySchedule", soon.clone()).answering([late]).await;
        house.partner.create_link().await;

        let (sent, ()) = tokio::join!(house.deliver(), async {
            receiver.peer.has_seen(1).await;
            if jump == "ahead" { house.pass(HOURS) } else { house.turn_back(HOURS) }
        });

        assert_eq!((sent, house.deliver().await), (1, 0), "{jump}");
        receiver.saw([200]);
        house.partner.mutate("deleteWebhookEndpoint", json!({ "id": receiver.id })).await;
    }
}

async fn a_recovery_goes_on_after_a_jump_back(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).with("retrySchedule", json!([])).answering([500]).await;
    links(house, 150).await;
    assert_eq!(house.deliver().await, 150);
    let since = json!({ "endpointId": receiver.id, "since": "2026-11-22T00:00:00Z" });
    let recovered = house.partner.mutate("recoverDeliveries", since).await;
    assert_eq!(recovered["count"], 150);
    assert!(house.recover().await);

    house.turn_back(HOURS);
    // Two batches, and a look that finds nothing more.
    for _ in 0..3 {
        house.recover().await;
        house.pass(PAUSE);
    }
    house.pass(HOURS);
    house.deliver().await;

    assert_eq!(receiver.peer.seen().len(), 300);
}

/// With the clock of the machine the lane would stay closed for five hours.
async fn a_receiver_that_is_well_again_is_told_at_once_though_the_clock_went_back(house: &mut House) {
    let mut script = vec![Act::Status(500); 10];
    script.push(Act::Status(204));
    let receiver = house.subscribe(["link.created"]).with("retrySchedule", json!([])).answering(script).await;
    links(house, 10).await;
    receiver.peer.has_seen(10).await;

    house.turn_back(HOURS);
    let link = house.partner.create_link().await;
    receiver.peer.has_seen(11).await;

    assert_eq!(receiver.links()[10], link.id);
}
