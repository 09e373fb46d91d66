//! How endpoints are: counted, warned of, and told of when they are well again.

use std::time::Duration;

use serde_json::{Value, json};

use crate::house::{House, Receiver};

stories! {
    an_endpoint_that_fails_for_a_while_is_told_of_once_and_its_recovery_too,
    a_short_trouble_is_not_told_of,
    enabling_an_endpoint_gives_it_another_five_days,
    stats_count_a_day_and_what_waits,
}

const MINUTES_10: Duration = Duration::from_mins(10);

async fn stats(house: &House, receiver: &Receiver) -> Value {
    let query = "query($id: ID!) { webhookEndpoint(id: $id) {
        stats { delivered failed failedAttempts pending oldestPendingAt } } }";
    house.partner.call(query, json!({ "id": receiver.id })).await["webhookEndpoint"]["stats"].clone()
}

/// Something happens, and everything that is due is sent, news about it too.
async fn happens(house: &House) {
    house.partner.create_link().await;
    house.deliver().await;
    house.deliver().await;
}

async fn an_endpoint_that_fails_for_a_while_is_told_of_once_and_its_recovery_too(house: &mut House) {
    let receiver = house
        .subscribe(["link.created"])
        .with("retrySchedule", json!([]))
        .answering([500, 500, 500, 500, 204])
        .await;
    let watcher = house.subscribe(["endpoint.*"]).await;

    happens(house).await;
    house.pass(MINUTES_10);
    happens(house).await;
    watcher.saw([]);
    for _ in 0..2 {
        house.pass(MINUTES_10);
        happens(house).await;
        assert_eq!(watcher.types(), ["endpoint.failing"]);
    }
    house.pass(MINUTES_10);
    happens(house).await;
    happens(house).await;

    receiver.saw([500, 500, 500, 500, 204, 204]);
    assert_eq!(watcher.types(), ["endpoint.failing", "endpoint.recovered"]);
    let told = watcher.payloads();
    assert!(told.iter().all(|event| event["data"]["endpoint"]["id"] == json!(receiver.id)), "{told:?}");
}

async fn a_short_trouble_is_not_told_of(house: &mut House) {
    let receiver = house
        .subscribe(["link.created"])
        .with("retrySchedule", json!([]))
        .answering([500, 500, 204, 500, 204])
        .await;
    let watcher = house.subscribe(["endpoint.*"]).await;

    for _ in 0..5 {
        happens(house).await;
        house.pass(MINUTES_10);
    }

    receiver.saw([500, 500, 204, 500, 204]);
    watcher.saw([]);
}

async fn enabling_an_endpoint_gives_it_another_five_days(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).with("retrySchedule", json!([])).answering([500]).await;
    let watcher = house.subscribe(["endpoint.disabled"]).await;
    happens(house).await;
    house.pass(Duration::from_hours(5 * 24));
    happens(house).await;
    assert_eq!(watcher.types().len(), 1);

    let enabled = json!({ "id": receiver.id, "status": "ENABLED" });
    house.partner.mutate("updateWebhookEndpoint", enabled).await;
    happens(house).await;
    house.pass(Duration::from_hours(5 * 24) - Duration::from_millis(1));
    happens(house).await;
    assert_eq!(watcher.types().len(), 1);
    house.pass(Duration::from_millis(1));
    happens(house).await;

    assert_eq!(watcher.types().len(), 2);
}

async fn stats_count_a_day_and_what_waits(house: &mut House) {
    let short = json!(["PT1M"]);
    let receiver = house
        .subscribe(["link.created"])
        .with("retrySchedule", short)
        .answering([204, 500, 500, 500, 204])
        .await;
    let nothing =
        json!({ "delivered": 0, "failed": 0, "failedAttempts": 0, "pending": 0, "oldestPendingAt": null });
    assert_eq!(stats(house, &receiver).await, nothing);

    happens(house).await;
    happens(house).await;
    house.pass(Duration::from_secs(73));
    house.deliver().await;
    house.pass(Duration::from_mins(1));
    happens(house).await;
    let waiting = stats(house, &receiver).await;
    house.pass(Duration::from_secs(73));
    house.deliver().await;
    let done = stats(house, &receiver).await;
    house.pass(Duration::from_hours(24) + MINUTES_10);
    let day_later = stats(house, &receiver).await;
    house.sweep().await;

    assert_eq!([&waiting["delivered"], &waiting["failed"], &waiting["failedAttempts"]], [1, 1, 3]);
    assert_eq!(
        (&waiting["pending"], &waiting["oldestPendingAt"]),
        (&json!(1), &json!("2026-11-22T10:02:13.000Z"))
    );
    assert_eq!(
        [&done["delivered"], &done["failed"], &done["failedAttempts"], &done["pending"]],
        [2, 1, 3, 0]
    );
    assert_eq!(day_later, nothing);
    assert_eq!(stats(house, &receiver).await, nothing);
}
