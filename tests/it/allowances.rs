//! What a partner may ask for: how often, how much at a time, which documents, and for how long.

use std::num::NonZeroU32;
use std::time::Duration;

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use serde_json::{Value, json};

use crate::house::{Ear, House, Told, document};

stories! {
    a_key_that_asks_too_often_waits_and_others_do_not,
    the_keys_of_a_workspace_keep_no_more_open_together_than_it_may,
    by_default_thousands_of_requests_a_second_are_not_too_many,
    what_an_operation_costs_is_told_and_limited,
    only_listed_documents_are_carried_out_if_the_operator_says_so,
    fields_come_in_the_order_of_the_selection,
    what_breaks_is_told_by_a_reference_that_is_in_the_log,
    a_position_that_was_never_given_is_refused_on_an_event_stream,
    a_query_that_takes_too_long_is_ended_and_keeps_nobody_else_waiting,
}

const VIEWER: &str = "{ viewer { id } }";

async fn a_key_that_asks_too_often_waits_and_others_do_not(house: &mut House) {
    let [one, three] = [1, 3].map(|count| NonZeroU32::new(count).unwrap());
    house.set_api(|api| api.rate = Some((one, three))).await;
    let stranger = house.partner_with(entity::Scope::ALL).await;
    let asked = || async {
        house.partner.request().body(json!({ "query": VIEWER }).to_string()).send().await.unwrap()
    };

    let answers = join_all((0..20).map(|_| asked())).await;

    let (taken, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status() == 200);
    assert!(taken.len() >= 3, "the burst");
    assert!(!refused.is_empty());
    for answer in refused {
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["retry-after"]),
            (429, &"1".parse().unwrap())
        );
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "RATE_LIMITED");
    }
    stranger.call(VIEWER, json!({})).await;
}

async fn the_keys_of_a_workspace_keep_no_more_open_together_than_it_may(house: &mut House) {
    let another = json!({ "name": "another", "scopes": ["LINKS_READ"] });
    let another = house.partner.mutate("createApiKey", another).await;
    let another = house.partner.with_key(another["secret"].as_str().unwrap());
    let stranger = house.stranger().await;
    house.set_api(|api| api.workspace_connections = 2).await;
    let _sockets = (house.partner.socket().await, another.socket().await);

    assert_eq!(another.try_socket().await.err(), Some(1013));
    assert_eq!(house.partner.try_socket().await.err(), Some(1013));
    another.call(VIEWER, json!({})).await;
    stranger.socket().await;
}

async fn by_default_thousands_of_requests_a_second_are_not_too_many(house: &mut House) {
    let asked = || async {
        house.partner.request().body(json!({ "query": VIEWER }).to_string()).send().await.unwrap()
    };

    let answers = join_all((0..500).map(|_| asked())).await;

    assert!(answers.iter().all(|answer| answer.status() == 200));
    assert_eq!(answers[0].headers()["ratelimit-policy"], "\"key\";q=10000;w=1");
}

async fn what_an_operation_costs_is_told_and_limited(house: &mut House) {
    let ask = async |house: &House, query: &str, variables: Value| {
        let body = json!({ "query": query, "variables": variables, "extensions": { "cost": true } });
        let answer = house.partner.request().body(body.to_string()).send().await.unwrap();
        serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap()
    };
    let create = document("createLink");
    let input = json!({ "input": house.partner.link_input(json!({})) });
    let made = ask(house, &create, input.clone()).await;
    assert_eq!(made["extensions"]["cost"], json!({ "requested": 61, "limit": 100_000 }), "{made}");
    let before = house.inventory().await;

    house.set_api(|api| api.cost = 50).await;
    let refused = ask(house, &create, input).await;

    let error = &refused["errors"][0];
    assert_eq!(error["extensions"]["code"], "QUERY_TOO_COMPLEX");
    assert_eq!(error["extensions"]["cost"], json!({ "requested": 61, "limit": 50 }));
    assert_eq!(refused.get("data"), None);
    house.set_api(|api| api.cost = 100_000).await;
    assert_eq!(house.inventory().await, before);
}

async fn only_listed_documents_are_carried_out_if_the_operator_says_so(house: &mut House) {
    let list = house.data_dir().join("documents.json");
    std::fs::write(&list, json!({ "who": VIEWER }).to_string()).unwrap();
    house.set_api(|api| (api.documents, api.documents_only) = (Some(list), true)).await;

    let named =
        house.partner.request().body(r#"{"documentId":"who"}"#).send().await.unwrap().text().await.unwrap();
    let sent = house.partner.ask(VIEWER, json!({})).await;

    assert!(named.contains("key_"), "{named}");
    assert_eq!(sent["errors"][0]["extensions"]["code"], "DOCUMENT_NOT_TRUSTED");
}

/// What is read from the database is ready last.
async fn fields_come_in_the_order_of_the_selection(house: &mut House) {
    let link = house.partner.create_link().await;
    let query = "query($id: ID!) { b: link(id: $id) { job { name id } id externalId } a: __typename
        viewer { scopes name } }";
    let body = json!({ "query": query, "variables": { "id": link.id } }).to_string();

    let answer = house.partner.request().body(body).send().await.unwrap().text().await.unwrap();

    let places =
        ["\"b\"", "\"job\"", "\"name\"", "\"id\"", "\"externalId\"", "\"a\"", "\"viewer\"", "\"scopes\""];
    let places = places.map(|key| answer.find(key).unwrap());
    assert!(places.is_sorted(), "{answer}");
}

async fn what_breaks_is_told_by_a_reference_that_is_in_the_log(house: &mut House) {
    let link = house.partner.create_link().await;
    let mut socket = house.partner.socket().await;
    socket.follow_status(json!({ "after": link.cursor })).await;
    assert_eq!(socket.hears_soon().await, None);
    let ear = Ear::listen().await;
    let database = house.database.open().await;
    for statement in ["ALTER TABLE link RENAME TO hidden_link", "ALTER TABLE event RENAME TO hidden_event"] {
        database.execute_unprepared(statement).await.unwrap();
    }

    let query = house.partner.ask("query($id: ID!) { link(id: $id) { id } }", json!({ "id": link.id })).await;
    let mutation = house.partner.try_mutate("expireLink", json!({ "id": link.id })).await;
    let mut late = house.partner.socket().await;
    late.follow_status(json!({ "after": link.cursor })).await;
    let Told::Error(subscription) = late.next().await else { panic!("the subscription goes on") };

    let log = ear.heard();
    for errors in [&query["errors"], &mutation["errors"], &subscription] {
        say_no_more_than_a_reference(errors, &log);
    }
}

/// Whether these errors are one that is ours, told by nothing but a reference that is in the log.
pub(crate) fn say_no_more_than_a_reference(errors: &Value, log: &str) {
    let [error] = errors.as_array().unwrap().as_slice() else { panic!("not one error: {errors}") };
    assert_eq!(error["extensions"]["code"], "INTERNAL", "{errors}");
    let reference = error["extensions"]["reference"].as_str().unwrap();
    assert!(error["message"].as_str().unwrap().contains(reference));
    assert!(log.contains(reference), "{reference} is not in the log");
    for internal in ["hidden", "facts", "relation", "table", "SELECT", "sqlx", "Database"] {
        assert!(!errors.to_string().contains(internal), "{errors}");
    }
}

async fn a_position_that_was_never_given_is_refused_on_an_event_stream(house: &mut House) {
    let query = "subscription { linkStatusChanged { status } }";
    for bad in ["nonsense", "AQ", "7", "AgAAAAAAAAAB"] {
        let mut stream = house.partner.stream(query, json!({}), Some(bad)).await;

        let refused = stream.next().await.unwrap();
        assert_eq!(refused.data["errors"][0]["extensions"]["code"], "BAD_REQUEST", "{bad}");
        assert_eq!(refused.data["errors"][0]["message"], "Last-Event-ID must be a cursor");
        assert_eq!(stream.next().await.unwrap().name, "complete");
    }
}

/// On SQLite nobody can make a reader wait.
async fn a_query_that_takes_too_long_is_ended_and_keeps_nobody_else_waiting(house: &mut House) {
    if house.app().db.is_embedded() {
        return;
    }
    let link = house.partner.create_link().await;
    house.set_api(|api| api.timeout = Duration::from_secs(1)).await;
    house.partner.status(&link.id).await;
    let holder = house.database.open().await;
    let lock = holder.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE link IN ACCESS EXCLUSIVE MODE").await.unwrap();

    let answer =
        house.partner.ask("query($id: ID!) { link(id: $id) { status } }", json!({ "id": link.id })).await;

    assert_eq!(answer["errors"][0]["extensions"]["code"], "TIMEOUT", "{answer}");
    house.partner.call(VIEWER, json!({})).await;
    // What nobody waits for any more is ended by the database.
    let bound = Statement::from_string(holder.get_database_backend(), "SHOW statement_timeout");
    let bound = house.app().db.query_one_raw(bound).await.unwrap().unwrap();
    assert_eq!(bound.try_get::<String>("", "statement_timeout").unwrap(), "15s");
    lock.rollback().await.unwrap();
    assert_eq!(house.partner.status(&link.id).await, "CREATED");
}
