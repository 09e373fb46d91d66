//! Health: a server that stands still says so, and receivers that do are not its fault.

use std::time::Duration;

use postern::service::delivery;
use postern::service::readiness::LONGEST_STILL;
use serde_json::{Value, json};

use crate::house::{House, http};

stories! {
    a_server_with_nothing_to_do_is_ready,
    a_hub_that_stands_still_is_not_ready_until_it_moves,
    a_reason_is_not_kept_when_the_clock_is_set_back,
    receivers_that_only_fail_are_no_reason,
    endpoints_that_are_left_out_are_no_reason,
    a_paused_endpoint_is_no_reason,
    a_reader_of_the_log_that_stands_still_is_not_ready,
    a_server_without_its_database_lives_and_is_not_ready,
}

stories_on_postgres! {
    a_node_that_has_not_said_that_it_lives_is_not_ready,
}

const A_SECOND: Duration = Duration::from_secs(1);

/// Time passes in which everything moves but the hub.
async fn stand_still(house: &House) {
    house.pass(LONGEST_STILL + A_SECOND);
    house.beat().await;
    house.tell().await;
}

async fn health(house: &House, of: &str) -> (u16, Value) {
    let answer = http().get(house.url(&format!("/health/{of}"))).send().await.unwrap();
    (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

/// The reasons why it is not ready.
async fn reasons(house: &House) -> Vec<String> {
    let (status, body) = health(house, "ready").await;
    let reasons = body["reasons"].as_array().cloned().unwrap_or_default();
    assert_eq!(
        (status, body["status"].as_str()),
        match reasons.len() {
            0 => (200, Some("ready")),
            _ => (503, Some("not ready")),
        }
    );
    reasons.iter().map(|reason| reason.as_str().unwrap().to_owned()).collect()
}

async fn a_server_with_nothing_to_do_is_ready(house: &mut House) {
    stand_still(house).await;

    assert!(reasons(house).await.is_empty());
    assert_eq!(health(house, "live").await, (200, json!({ "status": "live" })));
}

async fn a_hub_that_stands_still_is_not_ready_until_it_moves(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;
    house.partner.create_link().await;
    house.pass(LONGEST_STILL);
    house.beat().await;
    house.tell().await;
    assert!(reasons(house).await.is_empty(), "it may still come");

    stand_still(house).await;
    assert_eq!(
        reasons(house).await,
        ["deliveries stand still: one has been due for 121 s, and none is sent"]
    );

    house.deliver().await;
    house.pass(A_SECOND);
    assert!(reasons(house).await.is_empty());
    receiver.saw([204]);
}

async fn a_reason_is_not_kept_when_the_clock_is_set_back(house: &mut House) {
    house.subscribe(["link.created"]).await;
    house.partner.create_link().await;
    stand_still(house).await;
    assert_eq!(reasons(house).await.len(), 1);

    house.deliver().await;
    house.turn_back(Duration::from_hours(1));

    assert!(reasons(house).await.is_empty());
}

async fn receivers_that_only_fail_are_no_reason(house: &mut House) {
    house.subscribe(["link.created"]).answering([500]).await;
    house.subscribe(["link.created"]).answering([204]).await;
    house.partner.create_link().await;
    stand_still(house).await;

    house.deliver().await;
    // The retry is due, and has been for nearly a minute.
    house.pass(LONGEST_STILL);
    house.beat().await;
    house.tell().await;

    assert!(reasons(house).await.is_empty());
}

async fn endpoints_that_are_left_out_are_no_reason(house: &mut House) {
    let hanging = house.subscribe(["link.created"]).await;
    house.partner.create_link().await;
    stand_still(house).await;
    assert_eq!(reasons(house).await.len(), 1);

    // The hub looks, and leaves out the one endpoint that has enough to do.
    let except = vec![hanging.id.parse().unwrap()];
    let claimed = delivery::claim(house.app(), 10, except).await.unwrap();
    house.pass(A_SECOND);

    assert!(claimed.sendings.is_empty());
    assert!(reasons(house).await.is_empty());
}

async fn a_paused_endpoint_is_no_reason(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;
    house.partner.create_link().await;
    let paused = json!({ "id": receiver.id, "status": "PAUSED" });
    house.partner.mutate("updateWebhookEndpoint", paused).await;

    stand_still(house).await;

    assert!(reasons(house).await.is_empty());
}

async fn a_reader_of_the_log_that_stands_still_is_not_ready(house: &mut House) {
    let mut socket = house.partner.socket().await;
    socket.follow_status(json!({ "after": house.partner.cursor().await })).await;
    house.partner.create_link().await;
    assert_eq!(socket.hears_soon().await, None, "nobody tells");

    house.pass(LONGEST_STILL + A_SECOND);
    house.beat().await;
    assert_eq!(reasons(house).await, ["the reader of the event log stands still: an event has waited 61 s"]);

    house.tell().await;
    house.pass(A_SECOND);
    assert!(reasons(house).await.is_empty());
}

async fn a_server_without_its_database_lives_and_is_not_ready(house: &mut House) {
    house.app().db.close().await;

    assert_eq!(reasons(house).await, ["the database does not answer"]);
    assert_eq!(health(house, "live").await.0, 200);
}

async fn a_node_that_has_not_said_that_it_lives_is_not_ready(house: &mut House) {
    house.pass(Duration::from_secs(7));
    assert_eq!(reasons(house).await, ["this node has not been able to say that it lives for 7 s"]);

    house.beat().await;
    house.pass(A_SECOND);
    assert!(reasons(house).await.is_empty());
}
