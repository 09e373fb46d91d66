//! The contract with receivers: what each type of event carries.

use std::collections::BTreeMap;
use std::time::Duration;

use postern::domain::event::Kind;
use serde_json::{Value, json};

use crate::house::bank::PASSWORD;
use crate::house::{House, Receiver};

stories! {
    every_type_of_event_has_its_payload,
    what_is_sent_at_once_says_what_a_later_attempt_says,
}

async fn every_type_of_event_has_its_payload(house: &mut House) {
    let all = house.subscribe([]).await;
    a_link_that_is_completed(house).await;
    links_that_end_otherwise(house).await;
    endpoints_that_fail(house).await;
    an_endpoint_that_recovers(house).await;
    house.partner.mutate("sendTestEvent", json!({ "id": all.id })).await;
    house.deliver().await;
    house.deliver().await;

    let payloads = one_of_each(&all);

    let types: Vec<_> = payloads.keys().map(String::as_str).collect();
    let mut known = Kind::ALL.map(Kind::as_str);
    known.sort_unstable();
    assert_eq!(types, known);
    for (kind, payload) in payloads {
        insta::assert_json_snapshot!(kind.clone(), payload);
    }
}

/// The first attempt has its rows from the transaction that made the link, a later one reads them.
async fn what_is_sent_at_once_says_what_a_later_attempt_says(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).answering([500, 204]).await;
    house.app().bus.desk.open();

    let metadata = json!({ "order": 17, "names": ["Zoë", "a \"b\""] });
    house.partner.create_link_with(json!({ "externalId": "Zoë 1", "metadata": metadata })).await;
    house.deliver().await;
    house.app().bus.desk.close();
    house.pass(Duration::from_secs(8));
    house.deliver().await;

    receiver.saw([500, 204]).with_one_id();
    let [first, second] = receiver.payloads().try_into().unwrap();
    assert_eq!(first["data"]["link"]["externalId"], "Zoë 1");
    assert_eq!(first, second);
}

/// The last payload of each type, its ids redacted.
fn one_of_each(receiver: &Receiver) -> BTreeMap<String, Value> {
    let mut payloads: Vec<_> = receiver.payloads();
    // Deliveries of one moment come in any order; the most telling payload of a type is its longest.
    payloads.sort_by_key(|payload| payload.to_string().len());
    let named = |payload: Value| (payload["type"].as_str().unwrap().to_owned(), redacted(payload));
    payloads.into_iter().map(named).collect()
}

/// `lnk_0193…` becomes `lnk_…`: the rest of a payload is the same each time.
fn redacted(value: Value) -> Value {
    match value {
        Value::String(text) => match text.rsplit_once('_') {
            Some((prefix, id)) if id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                json!(format!("{prefix}_…"))
            }
            _ => json!(text),
        },
        Value::Array(items) => items.into_iter().map(redacted).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, redacted(value))).collect(),
        other => other,
    }
}

/// With a wrong password on the way.
async fn a_link_that_is_completed(house: &mut House) {
    let link = house.partner.create_link_with(json!({ "metadata": { "order": 7 } })).await;
    let mut customer = house.customer();
    let opening = customer.begin(&link.url).await;
    house.engage().await;
    let asked = customer.wait(&opening).await;
    let name = ("User name", "good");
    let again = customer.press(&asked, "Sign in", &[name, ("Password", "wrong")]).await;
    customer.press(&again, "Sign in", &[name, ("Password", PASSWORD)]).await;
    house.run().await;
}

/// One account is locked, one job finds nothing, one link is revoked.
async fn links_that_end_otherwise(house: &mut House) {
    let locked = house.partner.create_link().await;
    house.sign_in(&locked, "locked", PASSWORD).await;
    let source = json!({ "name": "Bank", "loginUrl": format!("{}/login", house.bank.origin) });
    let steps = json!([{ "extract": { "name": "x", "selector": "#nothing", "timeout": "PT1S" } }]);
    let job = house.partner.job_of(source, "work", steps).await;
    let failed = house.partner.create_link_with(json!({ "jobId": job })).await;
    house.sign_in(&failed, "good", PASSWORD).await;
    house.run().await;
    let revoked = house.partner.create_link().await;
    house.partner.mutate("expireLink", json!({ "id": revoked.id })).await;
}

/// One receiver gives up at once, one is gone.
async fn endpoints_that_fail(house: &mut House) {
    let _once = house.subscribe(["link.created"]).with("retrySchedule", json!([])).answering([500]).await;
    let _gone = house.subscribe(["link.created"]).answering([410]).await;
    house.partner.create_link().await;
    house.deliver().await;
}

/// Its receiver is away for a quarter of an hour.
async fn an_endpoint_that_recovers(house: &mut House) {
    let away = house.subscribe(["link.created"]).with("retrySchedule", json!([])).answering([500, 500, 204]);
    let _away = away.await;
    for _ in 0..3 {
        house.partner.create_link().await;
        house.deliver().await;
        house.pass(Duration::from_mins(15));
    }
}
