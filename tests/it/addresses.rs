//! Addresses: one rule at every door. What may not be registered may not be changed to, tried out or sent to,
//! however it is written.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::house::House;

stories! {
    a_forbidden_place_is_refused_with_the_same_words_at_each_door,
    a_public_place_is_registered_however_it_looks,
}

/// The forms, which the way out is tested with as well.
fn table() -> Value {
    serde_json::from_str(include_str!("../addresses.json")).unwrap()
}

fn forms(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|form| form.as_str().unwrap().to_owned()).collect()
}

async fn a_forbidden_place_is_refused_with_the_same_words_at_each_door(house: &mut House) {
    let forbidden: Vec<_> = table()["forbidden"].as_object().unwrap().values().flat_map(forms).collect();
    let places = endpoints(house, &forbidden).await;
    house.close_the_ways_out().await;
    for (endpoint, form) in &places {
        house.partner.mutate("sendTestEvent", json!({ "id": endpoint })).await;
        let update = json!({ "id": endpoint, "url": form });
        let refusals = [
            refusal(house, "createWebhookEndpoint", json!({ "url": form })).await,
            refusal(house, "updateWebhookEndpoint", update).await,
        ];
        assert_eq!(refusals[0], refusals[1], "{form:?}");
    }
    house.partner.create_link().await;

    assert_eq!(house.deliver().await, 2 * forbidden.len(), "a test and a link for each");

    for (endpoint, form) in &places {
        let (code, words) = refusal(house, "createWebhookEndpoint", json!({ "url": form })).await;
        for (outcome, said) in attempts(house, endpoint).await {
            assert_eq!(outcome, "REFUSED_BY_POLICY", "{form:?}");
            // What is no text for an address at all is refused before anybody looks where it leads.
            assert!(code != "FORBIDDEN_URL" || said.ends_with(&words), "{form:?}: {words} / {said}");
        }
    }
}

async fn a_public_place_is_registered_however_it_looks(house: &mut House) {
    house.close_the_ways_out().await;

    for form in forms(&table()["public"]) {
        let made = house.partner.mutate("createWebhookEndpoint", json!({ "url": form })).await;

        assert_eq!((&made["endpoint"]["url"], &made["userErrors"]), (&json!(form), &json!([])), "{form}");
    }
}

/// An endpoint for each form, registered at a place that was allowed; the form is what its row says, as if
/// the policy had changed since.
async fn endpoints(house: &House, forms: &[String]) -> BTreeMap<String, String> {
    let database = house.database.open().await;
    let mut made = BTreeMap::new();
    for form in forms {
        let input =
            json!({ "url": "http://127.0.0.1:9/hook", "eventTypes": ["link.created"], "retrySchedule": [] });
        let endpoint = house.partner.mutate("createWebhookEndpoint", input).await["endpoint"]["id"].clone();
        made.insert(endpoint.as_str().unwrap().to_owned(), form.clone());
        let sql = "UPDATE endpoint SET url = $1 WHERE url = 'http://127.0.0.1:9/hook'";
        let sql =
            Statement::from_sql_and_values(database.get_database_backend(), sql, [form.as_str().into()]);
        assert_eq!(database.execute_raw(sql).await.unwrap().rows_affected(), 1);
    }
    made
}

/// The code and the words with which a door refuses an address.
async fn refusal(house: &House, mutation: &str, input: Value) -> (String, String) {
    let refused = house.partner.mutate(mutation, input.clone()).await;
    let error = &refused["userErrors"][0];
    let told = (&refused["endpoint"], &error["field"]);
    assert_eq!(told, (&Value::Null, &json!(["url"])), "{mutation} {input}: {refused}");
    ["code", "message"].map(|part| error[part].as_str().unwrap().to_owned()).into()
}

/// Outcome and words of the two attempts at an endpoint.
async fn attempts(house: &House, endpoint: &str) -> [(String, String); 2] {
    let query = "query($id: ID) { webhookDeliveries(filter: { endpointId: $id }) { nodes {
        attempts { nodes { outcome error } } } } }";
    let data = house.partner.call(query, json!({ "id": endpoint })).await;
    let deliveries = data["webhookDeliveries"]["nodes"].as_array().unwrap();
    let attempts = deliveries.iter().flat_map(|delivery| delivery["attempts"]["nodes"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let told: Vec<_> = attempts.map(|one| (text(&one["outcome"]), text(&one["error"]))).collect();
    told.try_into().unwrap()
}
