//! Recovery: what did not arrive is sent again, one by one or in bulk.

use std::collections::HashSet;
use std::time::Duration;

use postern::service::recovery::{BATCH, PAUSE};
use serde_json::{Value, json};

use crate::house::{House, Receiver, texts};

stories! {
    a_delivery_that_arrived_can_be_sent_again,
    a_delivery_that_was_given_up_begins_its_schedule_anew,
    a_retry_can_be_brought_forward,
    a_resend_to_a_paused_endpoint_waits_with_the_others,
    a_delivery_of_a_deleted_endpoint_cannot_be_sent_again,
    two_hundred_given_up_deliveries_are_recovered_across_a_crash,
    what_arrived_is_not_sent_again_and_a_later_retry_is,
    a_new_endpoint_gets_what_was_before_it,
    a_recovery_keeps_to_its_period_and_its_types,
    a_dry_run_counts_and_does_nothing,
    a_recovery_never_sends_an_event_about_the_endpoint_itself_or_a_test,
    a_recovery_of_a_paused_endpoint_waits_for_its_end,
    one_recovery_of_an_endpoint_at_a_time,
    deleting_an_endpoint_ends_its_recovery,
    a_recovery_that_cannot_be_is_told_by_its_field,
    deliveries_are_found_by_type_and_time,
}

/// The beginning of every story.
const SINCE: &str = "2026-11-22T10:00:00Z";

async fn recover(house: &House, receiver: &Receiver, fields: Value) -> Value {
    let mut input = json!({ "endpointId": receiver.id, "since": SINCE });
    input.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    house.partner.mutate("recoverDeliveries", input).await
}

/// Carries out what is recovered, and sends it.
async fn carry_out(house: &House) {
    while house.recover().await {
        house.deliver().await;
        house.pass(PAUSE);
    }
    house.deliver().await;
}

async fn only_delivery(house: &House, receiver: &Receiver) -> Value {
    let query = "query($id: ID) { webhookDeliveries(filter: { endpointId: $id }) {
        nodes { id status attemptCount nextAttemptAt attempts { nodes { number } } } } }";
    let data = house.partner.call(query, json!({ "id": receiver.id })).await;
    let nodes = data["webhookDeliveries"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 1, "{data}");
    nodes[0].clone()
}

async fn resend(house: &House, receiver: &Receiver) -> Value {
    let delivery = only_delivery(house, receiver).await;
    house.partner.mutate("resendDelivery", json!({ "id": delivery["id"] })).await
}

async fn a_delivery_that_arrived_can_be_sent_again(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;
    house.create_links(1).await;
    house.deliver().await;
    house.pass(Duration::from_hours(1));

    let resent = resend(house, &receiver).await;
    house.deliver().await;

    assert_eq!(
        (&resent["delivery"]["status"], &resent["delivery"]["attemptCount"]),
        (&json!("PENDING"), &json!(1))
    );
    receiver.saw([204, 204]).with_one_id().with_valid_signatures();
    let delivery = only_delivery(house, &receiver).await;
    assert_eq!((&delivery["status"], &delivery["attemptCount"]), (&json!("DELIVERED"), &json!(2)));
    assert_eq!(delivery["attempts"]["nodes"], json!([{ "number": 1 }, { "number": 2 }]));
}

async fn a_delivery_that_was_given_up_begins_its_schedule_anew(house: &mut House) {
    let receiver =
        house.subscribe(["link.created"]).with("retrySchedule", json!(["PT1M"])).answering([500]).await;
    house.create_links(1).await;
    for _ in 0..2 {
        house.deliver().await;
        house.pass(Duration::from_secs(73));
    }
    assert_eq!(only_delivery(house, &receiver).await["status"], "EXHAUSTED");

    resend(house, &receiver).await;
    for _ in 0..3 {
        house.deliver().await;
        house.pass(Duration::from_secs(73));
    }

    receiver.saw([500; 4]).with_one_id();
    let delivery = only_delivery(house, &receiver).await;
    assert_eq!((&delivery["status"], &delivery["attemptCount"]), (&json!("EXHAUSTED"), &json!(4)));
}

async fn a_retry_can_be_brought_forward(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).answering([500, 204]).await;
    house.create_links(1).await;
    house.deliver().await;

    resend(house, &receiver).await;
    house.deliver().await;

    receiver.saw([500, 204]).with_one_id();
}

async fn a_resend_to_a_paused_endpoint_waits_with_the_others(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;
    house.create_links(1).await;
    house.deliver().await;
    let paused = json!({ "id": receiver.id, "status": "PAUSED" });
    house.partner.mutate("updateWebhookEndpoint", paused).await;

    let resent = resend(house, &receiver).await;
    house.deliver().await;
    receiver.saw([204]);
    let enabled = json!({ "id": receiver.id, "status": "ENABLED" });
    house.partner.mutate("updateWebhookEndpoint", enabled).await;
    house.deliver().await;

    assert_eq!(
        (&resent["delivery"]["status"], &resent["delivery"]["nextAttemptAt"]),
        (&json!("PENDING"), &Value::Null)
    );
    receiver.saw([204, 204]);
}

async fn a_delivery_of_a_deleted_endpoint_cannot_be_sent_again(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;
    house.create_links(1).await;
    house.partner.mutate("deleteWebhookEndpoint", json!({ "id": receiver.id })).await;

    let refused = resend(house, &receiver).await;
    house.deliver().await;

    assert_eq!((&refused["userErrors"][0]["code"], &refused["delivery"]), (&json!("CONFLICT"), &Value::Null));
    receiver.saw([]);
}

async fn two_hundred_given_up_deliveries_are_recovered_across_a_crash(house: &mut House) {
    let refusals = std::iter::repeat_n(500, 200).chain([204]);
    let receiver =
        house.subscribe(["link.created"]).with("retrySchedule", json!([])).answering(refusals).await;
    let mut made = house.create_links(200).await;
    assert_eq!(house.deliver().await, 200);

    let asked = recover(house, &receiver, json!({})).await;
    assert!(house.recover().await);
    assert_eq!(house.deliver().await as u64, BATCH);
    house.crash().await;
    assert_eq!(house.deliver().await, 0, "the next batch has its time");
    house.pass(PAUSE);
    carry_out(house).await;

    assert_eq!(asked["count"], 200);
    let mut recovered = receiver.links().split_off(200);
    recovered.sort_unstable();
    made.sort_unstable();
    assert_eq!(recovered, made, "each once, none missing");
    assert!(!house.recover().await);
}

async fn what_arrived_is_not_sent_again_and_a_later_retry_is(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).answering([204, 500, 204]).await;
    let arrived = house.create_links(1).await;
    house.deliver().await;
    let retried = house.create_links(1).await;
    house.deliver().await;

    let asked = recover(house, &receiver, json!({})).await;
    carry_out(house).await;

    assert_eq!(asked["count"], 1);
    assert_eq!(receiver.links(), [&arrived[..], &retried, &retried].concat());
}

async fn a_new_endpoint_gets_what_was_before_it(house: &mut House) {
    let before = house.create_links(3).await;
    house.pass(Duration::from_secs(1));
    let receiver = house.subscribe(["link.created"]).await;
    house.partner.mutate("expireLink", json!({ "id": before[0] })).await;

    let asked = recover(house, &receiver, json!({})).await;
    carry_out(house).await;
    let again = recover(house, &receiver, json!({})).await;

    assert_eq!((&asked["count"], &again["count"]), (&json!(3), &json!(0)));
    let sent: HashSet<_> = receiver.links().into_iter().collect();
    assert_eq!(sent, before.into_iter().collect());
    assert_eq!(receiver.types(), ["link.created"; 3]);
}

async fn a_recovery_keeps_to_its_period_and_its_types(house: &mut House) {
    let first = house.create_links(1).await;
    house.pass(Duration::from_secs(10));
    let second = house.create_links(1).await;
    house.partner.mutate("expireLink", json!({ "id": second[0] })).await;
    house.pass(Duration::from_secs(10));
    house.create_links(1).await;
    let receiver = house.subscribe([]).await;

    let count = async |fields| recover(house, &receiver, fields).await["count"].clone();
    let dry = |mut fields: Value| {
        fields["dryRun"] = json!(true);
        fields
    };
    assert_eq!(count(dry(json!({}))).await, 4);
    assert_eq!(count(dry(json!({ "since": "2026-11-22T10:00:05Z" }))).await, 3);
    assert_eq!(count(dry(json!({ "until": "2026-11-22T10:00:15Z" }))).await, 3);
    assert_eq!(count(dry(json!({ "eventTypes": ["link.expired", "run.*"] }))).await, 1);
    let period = json!({ "until": "2026-11-22T10:00:15Z", "eventTypes": ["link.created"] });
    assert_eq!(count(period).await, 2);
    carry_out(house).await;

    let sent: HashSet<_> = receiver.links().into_iter().collect();
    assert_eq!(sent, [first, second].concat().into_iter().collect());
}

async fn a_dry_run_counts_and_does_nothing(house: &mut House) {
    house.create_links(2).await;
    let receiver = house.subscribe([]).await;
    let before = house.inventory().await;

    let asked = recover(house, &receiver, json!({ "dryRun": true })).await;

    assert_eq!(asked["count"], 2);
    assert!(!house.recover().await);
    assert_eq!(house.inventory().await, before);
}

async fn a_recovery_never_sends_an_event_about_the_endpoint_itself_or_a_test(house: &mut House) {
    let receiver = house.subscribe([]).with("retrySchedule", json!([])).answering([500, 204]).await;
    let other = house.subscribe(["run.*"]).await;
    let given_up = house.create_links(1).await;
    house.deliver().await;
    house.partner.mutate("sendTestEvent", json!({ "id": other.id })).await;
    house.deliver().await;

    let asked = recover(house, &receiver, json!({})).await;
    carry_out(house).await;

    assert_eq!(asked["count"], 1, "neither delivery.exhausted nor the other's webhook.test");
    assert_eq!(receiver.links(), [&given_up[..], &given_up].concat());
}

async fn a_recovery_of_a_paused_endpoint_waits_for_its_end(house: &mut House) {
    house.create_links(2).await;
    let receiver = house.subscribe([]).await;
    let paused = json!({ "id": receiver.id, "status": "PAUSED" });
    house.partner.mutate("updateWebhookEndpoint", paused).await;

    recover(house, &receiver, json!({})).await;
    carry_out(house).await;
    receiver.saw([]);
    let enabled = json!({ "id": receiver.id, "status": "ENABLED" });
    house.partner.mutate("updateWebhookEndpoint", enabled).await;
    house.deliver().await;

    receiver.saw([204, 204]);
}

async fn one_recovery_of_an_endpoint_at_a_time(house: &mut House) {
    house.create_links(2).await;
    let (receiver, other) = (house.subscribe([]).await, house.subscribe([]).await);

    recover(house, &receiver, json!({})).await;
    let second = recover(house, &receiver, json!({})).await;
    let elsewhere = recover(house, &other, json!({})).await;
    carry_out(house).await;

    assert_eq!((&second["userErrors"][0]["code"], &second["count"]), (&json!("CONFLICT"), &Value::Null));
    assert_eq!(elsewhere["count"], 2);
    receiver.saw([204, 204]);
    other.saw([204, 204]);
}

async fn deleting_an_endpoint_ends_its_recovery(house: &mut House) {
    house.create_links(2).await;
    let receiver = house.subscribe([]).await;
    recover(house, &receiver, json!({})).await;

    house.partner.mutate("deleteWebhookEndpoint", json!({ "id": receiver.id })).await;

    assert!(!house.recover().await);
    assert_eq!(house.deliver().await, 0);
}

async fn a_recovery_that_cannot_be_is_told_by_its_field(house: &mut House) {
    house.create_links(1).await;
    let receiver = house.subscribe([]).await;

    for (fields, code, field) in [
        (json!({ "since": "2026-11-23T00:00:00Z" }), "INVALID", json!(["since"])),
        (json!({ "until": SINCE }), "INVALID", json!(["since"])),
        (json!({ "eventTypes": ["link.creatd"] }), "INVALID", json!(["eventTypes", "0"])),
        (json!({ "endpointId": "ep_0193b5a0000070008000000000000000" }), "NOT_FOUND", json!(["endpointId"])),
        (json!({ "endpointId": "nonsense" }), "NOT_FOUND", json!(["endpointId"])),
    ] {
        let refused = recover(house, &receiver, fields.clone()).await;

        let error = &refused["userErrors"][0];
        assert_eq!((&error["code"], &error["field"]), (&json!(code), &field), "{fields}: {refused}");
        assert_eq!(refused["count"], Value::Null);
    }
    assert!(!house.recover().await);
}

async fn deliveries_are_found_by_type_and_time(house: &mut House) {
    let receiver = house.subscribe([]).await;
    let other = house.subscribe(["link.created"]).await;
    let early = house.create_links(3).await;
    house.partner.mutate("expireLink", json!({ "id": early[0] })).await;
    house.pass(Duration::from_hours(1));
    house.create_links(2).await;
    let query = "query($filter: DeliveryFilter, $first: Int, $after: String) {
        webhookDeliveries(filter: $filter, first: $first, after: $after) {
            nodes { id } pageInfo { hasNextPage endCursor } } }";
    let found = async |filter: Value| {
        let data = house.partner.call(query, json!({ "filter": filter, "first": 100 })).await;
        data["webhookDeliveries"]["nodes"].as_array().unwrap().len()
    };

    let noon = "2026-11-22T10:30:00Z";
    assert_eq!(found(json!({})).await, 11);
    assert_eq!(found(json!({ "endpointId": receiver.id })).await, 6);
    assert_eq!(found(json!({ "endpointId": other.id, "createdBefore": noon })).await, 3);
    assert_eq!(found(json!({ "endpointId": receiver.id, "createdAfter": noon })).await, 2);
    assert_eq!(found(json!({ "createdAfter": noon })).await, 4);
    assert_eq!(found(json!({ "eventTypes": ["link.expired", "run.*"] })).await, 1);
    assert_eq!(found(json!({ "eventTypes": ["link.*"], "createdBefore": noon })).await, 7);
    let mut pages = Vec::new();
    let mut arguments = json!({ "filter": { "endpointId": receiver.id }, "first": 4 });
    loop {
        let page = house.partner.call(query, arguments.clone()).await["webhookDeliveries"].clone();
        pages.extend(texts(&page["nodes"], "id"));
        arguments["after"] = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(pages.iter().collect::<HashSet<_>>().len(), 6);
    assert_eq!(pages.len(), 6);
}
