//! Webhooks: told at once, told again when refused, and never told twice as two things.

use std::time::Duration;

use postern::domain::retry::DEFAULT_SCHEDULE;
use serde_json::{Value, json};

use crate::house::{Act, House, Peer, Receiver};

stories! {
    a_delivery_is_made_at_once_and_signed,
    a_refused_delivery_is_tried_again_after_the_first_delay,
    each_failure_waits_for_its_own_delay,
    a_receiver_that_asks_to_wait_is_waited_for,
    a_torn_connection_is_a_failure_like_any_other,
    a_redirect_is_not_followed,
    a_delivery_is_given_up_when_its_schedule_is_over,
    a_schedule_of_its_own_is_kept_to,
    a_receiver_that_is_gone_is_disabled_and_not_told_so_itself,
    a_receiver_that_took_one_and_is_gone_for_the_next_is_disabled,
    a_receiver_that_failed_for_five_days_is_disabled,
    what_an_endpoint_missed_while_it_was_disabled_is_still_there,
    an_endpoint_gets_only_the_types_it_asked_for,
    an_endpoint_hears_nothing_of_what_was_before_it,
    two_endpoints_do_not_disturb_each_other,
    headers_of_the_partners_are_sent_along,
    each_attempt_is_on_record,
    a_cloud_event_has_the_same_id_and_data,
}

/// The first delay with all its jitter, ±20 %.
const FIRST_DELAY: Duration = Duration::from_secs(6);
const BEFORE_FIRST_DELAY: Duration = Duration::from_millis(3_999);

async fn a_delivery_is_made_at_once_and_signed(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;

    let link = house.partner.create_link().await;
    let sent = house.deliver().await;

    assert_eq!(sent, 1);
    let seen = receiver.saw([204]).with_one_id().with_valid_signatures();
    assert_eq!(seen.signed_at(), [house.now().seconds()]);
    let payload = &receiver.payloads()[0];
    assert_eq!((&payload["type"], &payload["data"]["link"]["id"]), (&json!("link.created"), &json!(link.id)));
    assert_eq!(house.deliver().await, 0);
}

async fn a_refused_delivery_is_tried_again_after_the_first_delay(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).answering([500, 200]).await;

    house.partner.create_link().await;
    house.deliver().await;
    house.pass(BEFORE_FIRST_DELAY);
    house.deliver().await;
    receiver.saw([500]);
    house.pass(FIRST_DELAY.abs_diff(BEFORE_FIRST_DELAY));
    house.deliver().await;

    let seen = receiver.saw([500, 200]).with_one_id().with_valid_signatures();
    assert_eq!(seen.signed_at(), [house.now().seconds() - 6, house.now().seconds()]);
}

async fn each_failure_waits_for_its_own_delay(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).answering([503, 404, 302, 200]).await;
    house.partner.create_link().await;
    house.deliver().await;

    for (number, delay) in
        [(2, Duration::from_secs(5)), (3, Duration::from_mins(5)), (4, Duration::from_mins(30))]
    {
        house.pass(delay * 79 / 100);
        assert_eq!(house.deliver().await, 0, "attempt {number} comes too early");
        house.pass(delay * 42 / 100);
        assert_eq!(house.deliver().await, 1, "attempt {number} does not come");
    }

    receiver.saw([503, 404, 302, 200]).with_one_id().with_valid_signatures();
}

async fn a_receiver_that_asks_to_wait_is_waited_for(house: &mut House) {
    let later = Act::StatusWith(429, "retry-after: 3600".to_owned());
    let receiver = house.subscribe(["link.created"]).answering([later, Act::Status(200)]).await;

    house.partner.create_link().await;
    house.deliver().await;
    house.pass(Duration::from_mins(59));
    house.deliver().await;
    receiver.saw([429]);
    house.pass(Duration::from_mins(1));
    house.deliver().await;

    receiver.saw([429, 200]).with_one_id();
}

async fn a_torn_connection_is_a_failure_like_any_other(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).answering([Act::Reset, Act::Status(200)]).await;

    house.partner.create_link().await;
    house.deliver().await;
    house.pass(FIRST_DELAY);
    house.deliver().await;

    receiver.saw([0, 200]).with_one_id().with_valid_signatures();
    assert_eq!(deliveries(house).await[0]["attempts"]["nodes"][0]["outcome"], "CONNECTION_ERROR");
}

async fn a_redirect_is_not_followed(house: &mut House) {
    let canary = Peer::start([Act::Status(200)]).await;
    for status in 300..=308 {
        let elsewhere = Act::StatusWith(status, format!("location: {}", canary.url("/hook")));
        let receiver = house.subscribe(["link.created"]).answering([elsewhere]).await;

        house.partner.create_link().await;
        house.deliver().await;

        receiver.saw([status]);
        assert!(canary.seen().is_empty(), "{status} was followed");
    }
}

async fn a_delivery_is_given_up_when_its_schedule_is_over(house: &mut House) {
    let receiver = house.subscribe(["link.created", "delivery.exhausted"]).answering([500]).await;
    let watcher = house.subscribe(["delivery.exhausted"]).await;
    house.partner.create_link().await;

    for delay in DEFAULT_SCHEDULE {
        house.deliver().await;
        house.pass(delay * 121 / 100);
    }
    // The last attempt, and what is told about it.
    house.deliver().await;
    house.deliver().await;

    receiver.saw([500; 10]).with_one_id().with_valid_signatures();
    let given_up = &deliveries_to(house, &receiver).await[0];
    assert_eq!((&given_up["status"], &given_up["attemptCount"]), (&json!("EXHAUSTED"), &json!(10)));
    assert_eq!(given_up["nextAttemptAt"], Value::Null);
    let told = &watcher.payloads()[0]["data"];
    assert_eq!((&told["delivery"]["id"], &told["endpoint"]["id"]), (&given_up["id"], &json!(receiver.id)));
}

async fn a_schedule_of_its_own_is_kept_to(house: &mut House) {
    let own = json!(["PT1M"]);
    let receiver = house.subscribe(["link.created"]).with("retrySchedule", own).answering([500]).await;
    house.partner.create_link().await;

    for _ in 0..4 {
        house.deliver().await;
        house.pass(Duration::from_secs(73));
    }

    receiver.saw([500, 500]).with_one_id();
    assert_eq!(deliveries_to(house, &receiver).await[0]["status"], "EXHAUSTED");
}

async fn a_receiver_that_is_gone_is_disabled_and_not_told_so_itself(house: &mut House) {
    let receiver = house.subscribe([]).answering([410, 200]).await;
    let watcher = house.subscribe(["endpoint.*"]).await;

    house.partner.create_link().await;
    house.deliver().await;
    house.deliver().await;
    house.pass(Duration::from_hours(48));
    house.deliver().await;

    receiver.saw([410]);
    assert_eq!(watcher.types(), ["endpoint.disabled"]);
    let told = &watcher.payloads()[0]["data"];
    assert_eq!((&told["endpoint"]["id"], &told["reason"]), (&json!(receiver.id), &json!("gone")));
    assert_eq!(deliveries_to(house, &receiver).await.len(), 1);
    let query = "query($id: ID!) { webhookEndpoint(id: $id) { status disabledReason } }";
    let shown = house.partner.call(query, json!({ "id": receiver.id })).await;
    assert_eq!(shown["webhookEndpoint"], json!({ "status": "DISABLED", "disabledReason": "gone" }));
}

async fn a_receiver_that_took_one_and_is_gone_for_the_next_is_disabled(house: &mut House) {
    let receiver = house.subscribe([]).answering([200, 410]).await;
    house.partner.create_link().await;
    house.partner.create_link().await;

    house.deliver().await;

    let query = "query($id: ID!) { webhookEndpoint(id: $id) { status } }";
    let shown = house.partner.call(query, json!({ "id": receiver.id })).await;
    assert_eq!(shown["webhookEndpoint"]["status"], "DISABLED");
}

async fn a_receiver_that_failed_for_five_days_is_disabled(house: &mut House) {
    let pauses = json!(["P4D", "P1D", "P1D"]);
    let receiver = house.subscribe(["link.created"]).with("retrySchedule", pauses).answering([500]).await;
    let watcher = house.subscribe(["endpoint.disabled"]).await;
    house.partner.create_link().await;

    for days in [0, 5, 2] {
        house.pass(Duration::from_hours(24 * days));
        house.deliver().await;
    }

    receiver.saw([500, 500]).with_one_id();
    assert_eq!(watcher.payloads()[0]["data"]["reason"], "failing");
}

async fn what_an_endpoint_missed_while_it_was_disabled_is_still_there(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).answering([410]).await;
    house.partner.create_link().await;
    house.deliver().await;

    house.partner.create_link().await;
    house.deliver().await;

    receiver.saw([410]);
    let waiting = deliveries_to(house, &receiver).await;
    assert_eq!(waiting.len(), 2);
    for delivery in waiting {
        assert_eq!((&delivery["status"], &delivery["nextAttemptAt"]), (&json!("PENDING"), &Value::Null));
    }
}

async fn an_endpoint_gets_only_the_types_it_asked_for(house: &mut House) {
    let one = house.subscribe(["link.expired"]).await;
    let family = house.subscribe(["link.*"]).await;
    let all = house.subscribe([]).await;
    let none = house.subscribe(["run.*", "login.prompted"]).await;

    let link = house.partner.create_link().await;
    house.deliver().await;
    house.partner.mutate("expireLink", json!({ "id": link.id })).await;
    house.deliver().await;

    assert_eq!(one.types(), ["link.expired"]);
    assert_eq!(family.types(), ["link.created", "link.expired"]);
    assert_eq!(all.types(), ["link.created", "link.expired"]);
    none.saw([]);
}

async fn an_endpoint_hears_nothing_of_what_was_before_it(house: &mut House) {
    house.partner.create_link().await;
    let receiver = house.subscribe([]).await;

    assert_eq!(house.deliver().await, 0);
    receiver.saw([]);
}

async fn two_endpoints_do_not_disturb_each_other(house: &mut House) {
    let bad = house.subscribe(["link.created"]).answering([500]).await;
    let good = house.subscribe(["link.created"]).await;

    house.partner.create_link().await;
    house.deliver().await;
    house.pass(FIRST_DELAY);
    house.deliver().await;

    bad.saw([500, 500]).with_one_id().with_valid_signatures();
    let seen = good.saw([204]).with_valid_signatures();
    assert_ne!(bad.secret, good.secret);
    assert_eq!(seen.signed_at().len(), 1);
}

async fn headers_of_the_partners_are_sent_along(house: &mut House) {
    let headers = json!({ "X-Tenant": "acme", "authorization": "Bearer theirs" });
    let receiver = house.subscribe(["link.created"]).with("headers", headers).await;

    house.partner.create_link().await;
    house.deliver().await;

    receiver.saw([204]).with_valid_signatures();
    let request = &receiver.peer.seen()[0];
    assert_eq!((request.header("x-tenant"), request.header("authorization")), ("acme", "Bearer theirs"));
}

async fn each_attempt_is_on_record(house: &mut House) {
    let late = Act::Late(Duration::from_millis(30));
    let receiver = house.subscribe(["link.created"]).answering([Act::Status(500), late]).await;
    house.partner.create_link().await;
    house.deliver().await;
    house.pass(FIRST_DELAY);
    house.deliver().await;

    let delivery = &deliveries_to(house, &receiver).await[0];
    assert_eq!((&delivery["status"], &delivery["attemptCount"]), (&json!("DELIVERED"), &json!(2)));
    let [first, second] = delivery["attempts"]["nodes"].as_array().unwrap().as_slice() else {
        panic!("{delivery}")
    };
    assert_eq!(
        [&first["number"], &first["outcome"], &first["responseStatus"]],
        [&json!(1), &json!("HTTP_ERROR"), &json!(500)]
    );
    assert_eq!(
        [&second["number"], &second["outcome"], &second["responseStatus"]],
        [&json!(2), &json!("DELIVERED"), &json!(200)]
    );
    assert!(second["durationMs"].as_u64().unwrap() >= 30, "{second}");
}

async fn a_cloud_event_has_the_same_id_and_data(house: &mut House) {
    let thin = house.subscribe(["link.created"]).await;
    let cloud = house.subscribe(["link.created"]).with("format", json!("CLOUDEVENTS")).await;

    house.partner.create_link().await;
    house.deliver().await;

    cloud.saw([204]).with_valid_signatures();
    let (request, event) = (&cloud.peer.seen()[0], &cloud.payloads()[0]);
    assert_eq!(request.header("content-type"), "application/cloudevents+json");
    assert_eq!((&event["specversion"], &event["id"]), (&json!("1.0"), &json!(request.header("webhook-id"))));
    assert_eq!((&event["type"], &event["data"]), (&json!("link.created"), &thin.payloads()[0]["data"]));
    assert_eq!(request.header("webhook-id"), thin.peer.seen()[0].header("webhook-id"));
}

const DELIVERIES: &str = "query($endpoint: ID) { webhookDeliveries(first: 100, filter: { endpointId: $endpoint }) {
    nodes { id status attemptCount nextAttemptAt attempts { nodes { number outcome responseStatus durationMs } } } } }";

async fn deliveries(house: &House) -> Vec<Value> {
    let data = house.partner.call(DELIVERIES, json!({})).await;
    data["webhookDeliveries"]["nodes"].as_array().unwrap().clone()
}

async fn deliveries_to(house: &House, receiver: &Receiver) -> Vec<Value> {
    let data = house.partner.call(DELIVERIES, json!({ "endpoint": receiver.id })).await;
    data["webhookDeliveries"]["nodes"].as_array().unwrap().clone()
}
