//! Creates that are asked for twice: one object for one key.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::house::House;

stories! {
    what_a_key_that_ends_by_itself_has_made_may_be_asked_for_again,
    the_same_key_and_input_give_the_same_link,
    the_same_key_with_another_input_is_a_conflict,
    fifty_at_once_with_one_key_make_one_link,
    fifty_at_once_without_a_key_make_fifty_links,
    a_key_is_free_again_after_a_day,
    a_replay_says_where_the_link_stands_now,
    the_same_key_in_two_workspaces_makes_two_links,
    every_create_can_be_asked_for_twice,
}

async fn the_same_key_and_input_give_the_same_link(house: &mut House) {
    let order = json!({ "idempotencyKey": "order-7", "metadata": { "order": 7 } });

    let first = house.partner.try_create_link(order.clone()).await;
    let again = house.partner.try_create_link(order).await;

    assert_eq!((&first["replayed"], &again["replayed"]), (&json!(false), &json!(true)));
    assert_eq!(first["link"], again["link"]);
    assert_eq!(first["eventCursor"], again["eventCursor"]);
    assert_eq!(house.inventory().await["links"], 1);
}

async fn the_same_key_with_another_input_is_a_conflict(house: &mut House) {
    house.partner.create_link_with(json!({ "idempotencyKey": "order-7" })).await;
    let before = house.inventory().await;

    for other in [
        json!({ "externalId": "customer-2" }),
        json!({ "expiresIn": "PT1H" }),
        json!({ "metadata": { "a": 1 } }),
    ] {
        let mut fields = other.clone();
        fields["idempotencyKey"] = json!("order-7");
        let refused = house.partner.try_create_link(fields).await;

        assert_eq!(refused["userErrors"][0]["code"], "CONFLICT", "{other}");
        assert_eq!(refused["link"], Value::Null);
    }
    assert_eq!(house.inventory().await, before);
}

async fn fifty_at_once_with_one_key_make_one_link(house: &mut House) {
    let order = || house.partner.try_create_link(json!({ "idempotencyKey": "order-7" }));

    let made = join_all((0..50).map(|_| order())).await;

    let ids: HashSet<_> = made.iter().map(|one| one["link"]["id"].as_str().unwrap()).collect();
    let fresh = made.iter().filter(|one| one["replayed"] == false).count();
    assert_eq!((ids.len(), fresh), (1, 1));
    let inventory = house.inventory().await;
    assert_eq!((&inventory["links"], &inventory["events"]), (&json!(1), &json!(1)));
}

async fn fifty_at_once_without_a_key_make_fifty_links(house: &mut House) {
    let made = join_all((0..50).map(|_| house.partner.create_link())).await;

    let ids: HashSet<_> = made.iter().map(|link| &link.id).collect();
    let cursors: HashSet<_> = made.iter().map(|link| &link.cursor).collect();
    assert_eq!((ids.len(), cursors.len()), (50, 50));
    let inventory = house.inventory().await;
    assert_eq!((&inventory["links"], &inventory["events"]), (&json!(50), &json!(50)));
}

async fn a_key_is_free_again_after_a_day(house: &mut House) {
    let order = json!({ "idempotencyKey": "order-7" });
    let first = house.partner.create_link_with(order.clone()).await;

    house.pass(Duration::from_hours(24) - Duration::from_secs(1));
    let just_before = house.partner.create_link_with(order.clone()).await;
    house.pass(Duration::from_secs(2));
    let after = house.partner.try_create_link(order.clone()).await;
    house.sweep().await;
    let again = house.partner.try_create_link(order).await;

    assert_eq!(just_before.id, first.id);
    assert_eq!((&after["replayed"], &again["replayed"]), (&json!(false), &json!(true)));
    assert_ne!(after["link"]["id"], first.id);
    assert_eq!(after["link"]["id"], again["link"]["id"]);
}

async fn a_replay_says_where_the_link_stands_now(house: &mut House) {
    let order = json!({ "idempotencyKey": "order-7" });
    let link = house.partner.create_link_with(order.clone()).await;
    house.partner.mutate("expireLink", json!({ "id": link.id })).await;

    let replay = house.partner.try_create_link(order).await;

    assert_eq!((&replay["link"]["status"], &replay["link"]["sequence"]), (&json!("EXPIRED"), &json!(2)));
    assert_eq!(replay["eventCursor"], replay["link"]["eventCursor"]);
}

async fn the_same_key_in_two_workspaces_makes_two_links(house: &mut House) {
    let (partner, stranger) = (&house.partner, house.stranger().await);
    let order = json!({ "idempotencyKey": "order-7" });

    let ours = partner.try_create_link(order.clone()).await;
    let theirs = stranger.try_create_link(order).await;

    assert_eq!((&ours["replayed"], &theirs["replayed"]), (&json!(false), &json!(false)));
    assert_ne!(ours["link"]["id"], theirs["link"]["id"]);
}

async fn every_create_can_be_asked_for_twice(house: &mut House) {
    let login_url = format!("{}/login", house.bank.origin);
    let source =
        house.partner.mutate("createSourceSystem", json!({ "name": "Bank", "loginUrl": login_url })).await;
    let source = &source["sourceSystem"]["id"];
    for (mutation, object, named, mut input) in [
        ("createSourceSystem", "sourceSystem", "name", json!({ "name": "Bank", "loginUrl": login_url })),
        ("createJob", "job", "name", json!({ "name": "Nothing", "sourceSystemId": source })),
        ("createApiKey", "apiKey", "name", json!({ "name": "backend", "scopes": ["LINKS_READ"] })),
        (
            "createWebhookEndpoint",
            "endpoint",
            "description",
            json!({ "url": format!("{}/hook", house.bank.origin) }),
        ),
    ] {
        input["idempotencyKey"] = json!("once");
        let first = house.partner.mutate(mutation, input.clone()).await;
        let again = house.partner.mutate(mutation, input.clone()).await;
        input[named] = json!("another");
        let other = house.partner.mutate(mutation, input).await;

        assert_eq!(first[object], again[object], "{mutation}");
        assert_eq!(other["userErrors"][0]["code"], "CONFLICT", "{mutation}: {other}");
    }
}

async fn what_a_key_that_ends_by_itself_has_made_may_be_asked_for_again(house: &mut House) {
    let lent = json!({ "name": "for an hour", "scopes": ["ADMIN"], "expiresIn": "PT1H" });
    let lent = house.partner.mutate("createApiKey", lent).await;
    let lent = house.partner.with_key(lent["secret"].as_str().unwrap());
    let input =
        json!({ "name": "for less", "scopes": ["ADMIN"], "expiresIn": "PT50M", "idempotencyKey": "k" });
    let made = lent.mutate("createApiKey", input.clone()).await;

    house.pass(Duration::from_mins(30));
    let again = lent.mutate("createApiKey", input).await;

    assert_eq!((&again["apiKey"]["id"], &again["userErrors"]), (&made["apiKey"]["id"], &json!([])));
}
