//! Endpoints as partners look after them: changed, paused, enabled, tried out, deleted.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::house::{House, Receiver};

stories! {
    what_is_left_out_of_a_change_stays_and_what_is_null_is_cleared,
    a_change_that_cannot_be_is_told_by_its_field_and_changes_nothing,
    what_waits_goes_to_the_new_address,
    a_pause_makes_everything_wait_and_its_end_sends_it_in_order,
    an_endpoint_that_was_disabled_gets_what_it_missed_once_it_is_enabled,
    a_failure_that_comes_in_after_the_pause_is_not_retried_during_it,
    what_was_parked_by_mistake_is_found,
    a_deleted_endpoint_gets_nothing_more_and_leaves_no_secret,
    a_test_event_goes_to_its_endpoint_alone,
    a_test_of_an_endpoint_that_is_not_enabled_is_refused,
    a_test_event_that_is_given_up_is_not_told_of,
    pausing_and_enabling_while_it_is_busy_loses_nothing,
    attempts_can_be_watched_as_they_are_made,
}

async fn update(house: &House, receiver: &Receiver, mut fields: Value) -> Value {
    fields["id"] = json!(receiver.id);
    house.partner.mutate("updateWebhookEndpoint", fields).await
}

/// Status and due time of each delivery to an endpoint, oldest first.
async fn deliveries(house: &House, receiver: &Receiver) -> Vec<(String, Value)> {
    let query = "query($id: ID) { webhookDeliveries(first: 100, filter: { endpointId: $id }) {
        nodes { status nextAttemptAt } } }";
    let data = house.partner.call(query, json!({ "id": receiver.id })).await;
    let nodes = data["webhookDeliveries"]["nodes"].as_array().unwrap().iter().rev();
    nodes.map(|node| (node["status"].as_str().unwrap().to_owned(), node["nextAttemptAt"].clone())).collect()
}

async fn what_is_left_out_of_a_change_stays_and_what_is_null_is_cleared(house: &mut House) {
    let receiver = house
        .subscribe(["link.*"])
        .with("description", json!("orders"))
        .with("headers", json!({ "x-tenant": "acme" }))
        .await;

    let kept = update(house, &receiver, json!({ "eventTypes": ["link.created"] })).await["endpoint"].clone();
    let cleared = update(house, &receiver, json!({ "description": null, "headers": null })).await;
    house.partner.create_link().await;
    house.deliver().await;

    assert_eq!((&kept["description"], &kept["headerNames"]), (&json!("orders"), &json!(["x-tenant"])));
    assert_eq!(kept["eventTypes"], json!(["link.created"]));
    let cleared = &cleared["endpoint"];
    assert_eq!((&cleared["description"], &cleared["headerNames"]), (&Value::Null, &json!([])));
    assert_eq!((&cleared["url"], &cleared["eventTypes"]), (&kept["url"], &kept["eventTypes"]));
    receiver.saw([204]).with_valid_signatures();
    assert_eq!(receiver.peer.seen()[0].header("x-tenant"), "");
}

async fn a_change_that_cannot_be_is_told_by_its_field_and_changes_nothing(house: &mut House) {
    let receiver = house.subscribe([]).await;
    let query = "query($id: ID!) { webhookEndpoint(id: $id) {
        url description status eventTypes headerNames format ordering rateLimit } }";
    let before = house.partner.call(query, json!({ "id": receiver.id })).await;

    for (field, value, code) in [
        ("url", json!("https://10.0.0.1/hook"), "FORBIDDEN_URL"),
        ("url", Value::Null, "INVALID"),
        ("description", json!("x".repeat(1_001)), "TOO_LONG"),
        ("eventTypes", Value::Null, "INVALID"),
        ("eventTypes", json!(vec!["link.created"; 51]), "LIMIT_EXCEEDED"),
        ("status", json!("DISABLED"), "INVALID"),
        ("status", Value::Null, "INVALID"),
        ("format", Value::Null, "INVALID"),
        ("rateLimit", json!(0), "INVALID"),
        ("rateLimit", json!(10_001), "INVALID"),
        ("headers", json!({ "webhook-id": "geheim" }), "INVALID"),
        ("headers", json!({ "x-a": ["geheim"] }), "INVALID"),
        ("retrySchedule", json!(["P8D"]), "INVALID"),
        ("id", json!("ep_0193b5a0000070008000000000000000"), "NOT_FOUND"),
        ("id", json!("nonsense"), "NOT_FOUND"),
    ] {
        let mut input = json!({ "id": receiver.id, "description": "changed" });
        input[field] = value.clone();
        let refused = house.partner.mutate("updateWebhookEndpoint", input).await;

        let error = &refused["userErrors"][0];
        assert_eq!((&error["code"], &error["field"]), (&json!(code), &json!([field])), "{value}: {refused}");
        assert_eq!(refused["endpoint"], Value::Null);
        assert!(!refused.to_string().contains("geheim"), "{refused}");
    }
    assert_eq!(house.partner.call(query, json!({ "id": receiver.id })).await, before);
}

async fn what_waits_goes_to_the_new_address(house: &mut House) {
    let old = house.subscribe(["link.created"]).answering([500]).await;
    let new = house.subscribe(["run.*"]).await;
    house.partner.create_link().await;
    house.deliver().await;

    update(house, &old, json!({ "url": new.peer.url("/hook") })).await;
    house.pass(Duration::from_secs(6));
    house.deliver().await;

    old.saw([500]);
    assert_eq!(new.types(), ["link.created"]);
}

async fn a_pause_makes_everything_wait_and_its_end_sends_it_in_order(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).answering([500, 204]).await;
    let mut made = house.create_links(1).await;
    house.deliver().await;

    let paused = update(house, &receiver, json!({ "status": "PAUSED" })).await;
    made.extend(house.create_links(20).await);
    house.pass(Duration::from_hours(48));
    assert_eq!(house.deliver().await, 0);
    let waiting = deliveries(house, &receiver).await;
    made.extend(house.create_links(379).await);
    let enabled = update(house, &receiver, json!({ "status": "ENABLED" })).await;
    house.deliver().await;

    assert_eq!(
        (&paused["endpoint"]["status"], &enabled["endpoint"]["status"]),
        (&json!("PAUSED"), &json!("ENABLED"))
    );
    assert_eq!(waiting, vec![("PENDING".to_owned(), Value::Null); 21]);
    let sent = receiver.links().split_off(1);
    let place = |link: &String| sent.iter().position(|sent| sent == link).unwrap();
    let (oldest, newest) = (made[..100].iter().map(place).max(), made[300..].iter().map(place).min());
    assert_eq!(sent.len(), 400, "each once");
    // What is claimed together is sent side by side.
    assert!(oldest < newest, "{oldest:?} {newest:?}");
}

async fn an_endpoint_that_was_disabled_gets_what_it_missed_once_it_is_enabled(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).answering([410, 204]).await;
    house.create_links(1).await;
    house.deliver().await;
    house.create_links(3).await;
    assert_eq!(house.deliver().await, 0);

    let enabled = update(house, &receiver, json!({ "status": "ENABLED" })).await;
    house.deliver().await;

    assert_eq!(
        (&enabled["endpoint"]["status"], &enabled["endpoint"]["disabledReason"]),
        (&json!("ENABLED"), &Value::Null)
    );
    receiver.saw([410, 204, 204, 204, 204]).with_valid_signatures();
}

async fn a_failure_that_comes_in_after_the_pause_is_not_retried_during_it(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).answering([500, 204]).await;
    house.create_links(1).await;
    house.deliver().await;
    update(house, &receiver, json!({ "status": "PAUSED" })).await;
    // As if the verdict had been written the moment after the pause.
    let database = house.database.open().await;
    database.execute_unprepared("UPDATE delivery SET next_attempt_at = 0").await.unwrap();

    house.deliver().await;
    receiver.saw([500]);
    assert_eq!(deliveries(house, &receiver).await, [("PENDING".to_owned(), Value::Null)]);
    update(house, &receiver, json!({ "status": "ENABLED" })).await;
    house.deliver().await;

    receiver.saw([500, 204]).with_one_id();
}

async fn what_was_parked_by_mistake_is_found(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;
    house.create_links(3).await;
    // As if the events had been recorded the moment before the endpoint was enabled.
    let database = house.database.open().await;
    database.execute_unprepared("UPDATE delivery SET next_attempt_at = NULL").await.unwrap();
    assert_eq!(house.deliver().await, 0);

    let moved = house.straighten().await;
    house.deliver().await;

    assert_eq!(moved, 3);
    receiver.saw([204, 204, 204]);
    assert_eq!(house.straighten().await, 0);
}

async fn a_deleted_endpoint_gets_nothing_more_and_leaves_no_secret(house: &mut House) {
    let receiver = house.subscribe([]).answering([500]).with("headers", json!({ "x-a": "geheim" })).await;
    house.create_links(2).await;
    house.deliver().await;
    house.create_links(1).await;

    let deleted = house.partner.mutate("deleteWebhookEndpoint", json!({ "id": receiver.id })).await;
    let again = house.partner.mutate("deleteWebhookEndpoint", json!({ "id": receiver.id })).await;
    assert_eq!(deliveries(house, &receiver).await, vec![("CANCELLED".to_owned(), Value::Null); 3]);
    house.create_links(1).await;
    house.pass(Duration::from_hours(24));
    house.deliver().await;

    assert_eq!(deleted["endpoint"]["id"], json!(receiver.id));
    assert_eq!(again["userErrors"][0]["code"], "NOT_FOUND");
    receiver.saw([500, 500]);
    assert_eq!(deliveries(house, &receiver).await, vec![("CANCELLED".to_owned(), Value::Null); 3]);
    let query = "query($id: ID!) { webhookEndpoint(id: $id) { id } webhookEndpoints { nodes { id } } }";
    let shown = house.partner.call(query, json!({ "id": receiver.id })).await;
    assert_eq!(shown, json!({ "webhookEndpoint": null, "webhookEndpoints": { "nodes": [] } }));
    let database = house.database.open().await;
    let left = "SELECT (SELECT COUNT(*) FROM endpoint_secret) + (SELECT COUNT(headers) FROM endpoint) AS n";
    let left = sea_orm::Statement::from_string(database.get_database_backend(), left);
    let left = database.query_one_raw(left).await.unwrap().unwrap();
    assert_eq!(left.try_get::<i64>("", "n").unwrap(), 0);
}

async fn a_test_event_goes_to_its_endpoint_alone(house: &mut House) {
    let receiver = house.subscribe(["run.*"]).await;
    let other = house.subscribe([]).await;

    let sent = house.partner.mutate("sendTestEvent", json!({ "id": receiver.id })).await;
    house.deliver().await;

    receiver.saw([204]).with_valid_signatures();
    other.saw([]);
    let payload = &receiver.payloads()[0];
    assert_eq!(
        (&payload["type"], &payload["data"]["endpoint"]["id"]),
        (&json!("webhook.test"), &json!(receiver.id))
    );
    let delivery = &sent["delivery"];
    assert_eq!(
        (&delivery["event"]["type"], &delivery["event"]["data"]),
        (&payload["type"], &payload["data"])
    );
    assert_eq!((&delivery["status"], &delivery["endpoint"]["id"]), (&json!("PENDING"), &json!(receiver.id)));
    house.tell().await;
    let log = house.partner.call("{ events { nodes { type } } }", json!({})).await;
    assert_eq!(log["events"]["nodes"], json!([{ "type": "webhook.test" }]));
}

async fn a_test_of_an_endpoint_that_is_not_enabled_is_refused(house: &mut House) {
    let receiver = house.subscribe([]).await;
    update(house, &receiver, json!({ "status": "PAUSED" })).await;
    let before = house.inventory().await;

    let refused = house.partner.mutate("sendTestEvent", json!({ "id": receiver.id })).await;

    assert_eq!(refused["userErrors"][0]["code"], "CONFLICT", "{refused}");
    assert_eq!(house.inventory().await, before);
}

async fn a_test_event_that_is_given_up_is_not_told_of(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).with("retrySchedule", json!([])).answering([500]).await;
    let watcher = house.subscribe(["delivery.*"]).await;

    house.partner.mutate("sendTestEvent", json!({ "id": receiver.id })).await;
    house.deliver().await;
    house.deliver().await;
    watcher.saw([]);
    house.create_links(1).await;
    house.deliver().await;
    house.deliver().await;

    receiver.saw([500, 500]);
    assert_eq!(watcher.types(), ["delivery.exhausted"]);
}

async fn pausing_and_enabling_while_it_is_busy_loses_nothing(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;

    let made = async { house.create_links(100).await };
    let toggled = async {
        for _ in 0..25 {
            for status in ["PAUSED", "ENABLED"] {
                update(house, &receiver, json!({ "status": status })).await;
            }
        }
    };
    let sent = async {
        for _ in 0..50 {
            house.deliver().await;
        }
    };
    let (mut made, (), ()) = tokio::join!(made, toggled, sent);
    house.straighten().await;
    house.deliver().await;

    let mut arrived = receiver.links();
    made.sort_unstable();
    arrived.sort_unstable();
    assert_eq!(arrived, made);
}

async fn attempts_can_be_watched_as_they_are_made(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).answering([500, 204]).await;
    let other = house.subscribe(["link.created"]).await;
    let (mut ours, mut theirs) = (house.partner.socket().await, house.stranger().await.socket().await);
    let query = "subscription($id: ID) { deliveryAttempted(endpointId: $id) {
        number outcome responseStatus delivery { status endpoint { id } } } }";
    ours.subscribe(query, json!({ "id": receiver.id })).await;
    theirs.subscribe(query, json!({})).await;
    // What was subscribed to before is under way once something else has been answered.
    assert_eq!((ours.hears_soon().await, theirs.hears_soon().await), (None, None));

    house.create_links(1).await;
    house.deliver().await;
    let first = ours.event().await;
    house.pass(Duration::from_secs(6));
    house.deliver().await;
    let second = ours.event().await;

    assert_eq!((&first["number"], &first["responseStatus"]), (&json!(1), &json!(500)));
    assert_eq!((&second["number"], &second["outcome"]), (&json!(2), &json!("DELIVERED")));
    let of = json!({ "status": "DELIVERED", "endpoint": { "id": receiver.id } });
    assert_eq!(second["delivery"], of);
    assert_eq!((ours.hears_soon().await, theirs.hears_soon().await), (None, None));
    other.saw([204]);
}
