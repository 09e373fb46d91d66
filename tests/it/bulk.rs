//! Many links at once: all of them, in order, or none.

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::house::{House, texts};

stories! {
    many_links_are_made_in_the_order_of_the_input,
    links_made_together_sign_in_like_any_other,
    one_bad_link_and_none_is_made,
    what_only_the_database_knows_is_told_by_its_number_too,
    there_are_one_to_five_hundred,
    keys_are_those_of_create_link,
    a_key_twice_in_one_call_is_one_link,
    the_same_keys_at_once_in_another_order_make_each_link_once,
}

/// What comes of `createLinks`.
async fn create(house: &House, links: Vec<Value>) -> Value {
    house.partner.mutate("createLinks", json!({ "links": links })).await
}

/// The inputs of links for customers of these names.
fn wanted(house: &House, names: impl IntoIterator<Item = String>) -> Vec<Value> {
    names.into_iter().map(|name| house.partner.link_input(json!({ "externalId": name }))).collect()
}

/// Where each user error is, and what kind it is.
fn errors(made: &Value) -> Vec<(String, String)> {
    let path = |error: &Value| {
        error["field"].as_array().map_or_else(String::new, |path| {
            path.iter().map(|part| part.as_str().unwrap()).collect::<Vec<_>>().join(".")
        })
    };
    let told = made["userErrors"].as_array().unwrap().iter();
    told.map(|error| (path(error), error["code"].as_str().unwrap().to_owned())).collect()
}

async fn many_links_are_made_in_the_order_of_the_input(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;
    // Some customers come more than once.
    let names: Vec<String> = (0..60).map(|number| format!("customer-{}", number * 7 % 40)).collect();

    let made = create(house, wanted(house, names.clone())).await;

    assert_eq!(texts(&made["links"], "externalId"), names);
    let ids = texts(&made["links"], "id");
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 60);
    let listed = house.partner.call("{ links(first: 100) { nodes { id } } }", json!({})).await;
    let newest_first: Vec<_> = ids.iter().rev().cloned().collect();
    assert_eq!(texts(&listed["links"]["nodes"], "id"), newest_first);
    let events = "{ events(first: 100) { nodes { type sequence link { id } } } }";
    let events = house.partner.call(events, json!({})).await["events"]["nodes"].clone();
    let of: Vec<_> = events.as_array().unwrap().iter().map(|event| event["link"]["id"].clone()).collect();
    assert_eq!(json!(of), json!(ids));
    while house.deliver().await > 0 {}
    assert_eq!(receiver.links().into_iter().collect::<HashSet<_>>(), ids.into_iter().collect());
    let told: HashSet<_> =
        receiver.payloads().iter().map(|told| told["data"]["link"]["externalId"].to_string()).collect();
    assert_eq!(told.len(), 40);
}

async fn links_made_together_sign_in_like_any_other(house: &mut House) {
    let made = create(house, wanted(house, ["anna", "ben"].map(str::to_owned))).await;

    let url = made["links"][1]["linkUrl"].as_str().unwrap().to_owned();
    let page = house.customer().begin(&url).await;
    assert_eq!((page.status, house.engage().await), (200, 1));
    let ben = made["links"][1]["id"].as_str().unwrap();
    assert_eq!(house.partner.status(ben).await, "ACCESSED");
    assert_eq!(made["links"][0]["eventCursor"].as_str().unwrap().len(), 12);
}

async fn one_bad_link_and_none_is_made(house: &mut House) {
    let before = house.inventory().await;
    let mut links = wanted(house, (0..6).map(|number| format!("customer-{number}")));
    links[1]["externalId"] = json!("");
    links[2]["jobId"] = json!("nonsense");
    links[4]["expiresIn"] = json!("PT1S");
    links[5]["relogin"] = json!("run_x");

    let refused = create(house, links).await;

    let told = [
        ("links.1.externalId", "INVALID"),
        ("links.2.jobId", "NOT_FOUND"),
        ("links.4.expiresIn", "INVALID"),
        ("links.5.relogin", "NOT_FOUND"),
    ];
    let told = told.map(|(path, code)| (path.to_owned(), code.to_owned()));
    assert_eq!((&refused["links"], errors(&refused)), (&Value::Null, told.to_vec()));
    assert_eq!(house.inventory().await, before);
}

async fn what_only_the_database_knows_is_told_by_its_number_too(house: &mut House) {
    let stranger = house.stranger().await;
    house.partner.create_link_with(json!({ "idempotencyKey": "taken" })).await;
    let before = house.inventory().await;
    let mut links = wanted(house, (0..4).map(|number| format!("customer-{number}")));
    links[1]["jobId"] = json!(stranger.job);
    links[3]["idempotencyKey"] = json!("taken");

    let refused = create(house, links).await;

    let told = [("links.1.jobId", "NOT_FOUND"), ("links.3.idempotencyKey", "CONFLICT")];
    let told = told.map(|(path, code)| (path.to_owned(), code.to_owned()));
    assert_eq!((&refused["links"], errors(&refused)), (&Value::Null, told.to_vec()));
    assert_eq!(house.inventory().await, before);
}

async fn there_are_one_to_five_hundred(house: &mut House) {
    let most = create(house, wanted(house, (0..500).map(|number| format!("customer-{number}")))).await;
    assert_eq!(texts(&most["links"], "id").len(), 500);

    for links in [0, 501] {
        let refused = create(house, wanted(house, (0..links).map(|number| number.to_string()))).await;

        assert_eq!(errors(&refused), [("links".to_owned(), "LIMIT_EXCEEDED".to_owned())], "{links}");
        assert_eq!(refused["userErrors"][0]["message"], "must be 1 to 500 links");
    }
    assert_eq!(house.rows_of(&["link", "event"]).await, [500, 500]);
}

async fn keys_are_those_of_create_link(house: &mut House) {
    let with_key =
        |name: &str| house.partner.link_input(json!({ "externalId": name, "idempotencyKey": name }));
    let single = house.partner.create_link_with(with_key("anna")).await;

    let first = create(house, vec![with_key("ben"), with_key("anna"), with_key("cleo")]).await;
    let again = create(house, vec![with_key("ben"), with_key("anna"), with_key("cleo")]).await;
    let one = house.partner.try_create_link(with_key("cleo")).await;

    assert_eq!(first["links"][1]["id"], single.id);
    assert_eq!(first["links"], again["links"]);
    assert_eq!((&one["link"]["id"], &one["replayed"]), (&first["links"][2]["id"], &json!(true)));
    assert_eq!(house.rows_of(&["link", "event", "customer"]).await, [3, 3, 3]);
}

async fn a_key_twice_in_one_call_is_one_link(house: &mut House) {
    let link = |name: &str, key: &str| {
        house.partner.link_input(json!({ "externalId": name, "idempotencyKey": key }))
    };

    let twice =
        create(house, vec![link("anna", "a"), link("ben", "b"), link("anna", "a"), link("anna", "a")]).await;
    assert_eq!(texts(&twice["links"], "externalId"), ["anna", "ben", "anna", "anna"]);
    assert_eq!(house.rows_of(&["link", "event"]).await, [2, 2]);

    let refused = create(house, vec![link("cleo", "c"), link("dora", "c")]).await;
    assert_eq!(errors(&refused), [("links.1.idempotencyKey".to_owned(), "CONFLICT".to_owned())]);
    assert_eq!(house.rows_of(&["link", "event"]).await, [2, 2]);
}

async fn the_same_keys_at_once_in_another_order_make_each_link_once(house: &mut House) {
    let links = |numbers: Vec<usize>| -> Vec<Value> {
        let link = |number| json!({ "externalId": format!("customer-{number}"), "idempotencyKey": format!("key-{number}") });
        numbers.into_iter().map(|number| house.partner.link_input(link(number))).collect()
    };
    let orders = (0..8).map(|turn| match turn % 2 {
        0 => links((0..40).collect()),
        _ => links((0..40).rev().collect()),
    });

    let made = join_all(orders.map(|order| create(house, order))).await;

    let ids: HashSet<_> = made.iter().flat_map(|made| texts(&made["links"], "id")).collect();
    assert_eq!((ids.len(), house.rows_of(&["link"]).await), (40, vec![40]));
}
