//! Lists that no index has by type: a page looks through so many rows, and the next goes on behind them.

use std::collections::BTreeSet;
use std::time::Duration;

use entity::{DeliveryId, DeliveryStatus, DeliveryTurn, EndpointId, EventId, WorkspaceId, delivery};
use postern::store;
use postern::store::event::NewEvent;
use postern::store::page::MOST_LOOKED_THROUGH;
use serde_json::{Value, json};

use crate::house::{House, texts};

stories! {
    what_is_rare_and_far_is_found_over_pages_that_end_before,
    who_follows_what_is_rare_misses_nothing_behind_much_else,
}

/// Of so many events in a row the first few are rare: so that a page of a hundred goes through several steps, and the
/// rows at whose ends these come to lie are rare ones too, sooner or later.
const ROW: u64 = 50;
const RARE: u64 = 3;

/// Many events with a delivery each, most of them of one type, a millisecond apart.
async fn fill(house: &House, endpoint: EndpointId) {
    let (now, inventory) = (house.now(), house.partner.call("{ workspace { id } }", json!({})).await);
    let workspace: WorkspaceId = inventory["workspace"]["id"].as_str().unwrap().parse().unwrap();
    let event = |number| NewEvent {
        id: EventId::new(now.plus(Duration::from_millis(number))),
        workspace,
        link: None,
        kind: if number % ROW < RARE { "link.failed" } else { "run.started" },
        facts: json!({}),
        occurred_at: now.plus(Duration::from_millis(number)),
    };
    let events: Vec<_> = (0..MOST_LOOKED_THROUGH + ROW).map(event).collect();
    for some in events.chunks(2_000) {
        let some = some.to_vec();
        let written = store::transact(&house.app().db, async move |tx| {
            store::event::insert_many(&tx, &some).await?;
            let rows = some.iter().map(|event| delivered(event, endpoint).into()).collect();
            store::delivery::insert_many(&tx, rows).await
        });
        written.await.unwrap();
    }
}

fn delivered(event: &NewEvent, endpoint_id: EndpointId) -> delivery::Model {
    delivery::Model {
        id: DeliveryId::new(event.occurred_at),
        workspace_id: event.workspace,
        endpoint_id,
        event_id: event.id,
        link_id: None,
        sequence: None,
        status: DeliveryStatus::Delivered,
        attempt_count: 1,
        attempts_before: 0,
        turn: DeliveryTurn::Next,
        next_attempt_at: None,
        claimed_by: None,
        created_at: event.occurred_at,
    }
}

const DELIVERIES: &str = "query($wanted: DeliveryFilter, $first: Int, $after: String) {
    list: webhookDeliveries(filter: $wanted, first: $first, after: $after) {
        nodes { id } pageInfo { hasNextPage endCursor } } }";
const EVENTS: &str = "query($wanted: [String!], $first: Int, $after: EventCursor) {
    list: events(types: $wanted, first: $first, after: $after) {
        nodes { id } pageInfo { hasNextPage endCursor } } }";

/// All ids of a list, page by page, and how many rows each page had.
async fn walk(house: &House, query: &str, wanted: Value, first: usize) -> (Vec<String>, Vec<usize>) {
    let (mut ids, mut sizes, mut after) = (Vec::new(), Vec::new(), Value::Null);
    loop {
        let list = house
            .partner
            .call(query, json!({ "wanted": wanted, "first": first, "after": after }))
            .await["list"]
            .clone();
        let page = texts(&list["nodes"], "id");
        sizes.push(page.len());
        ids.extend(page);
        after = list["pageInfo"]["endCursor"].clone();
        if list["pageInfo"]["hasNextPage"] == false {
            return (ids, sizes);
        }
    }
}

async fn what_is_rare_and_far_is_found_over_pages_that_end_before(house: &mut House) {
    assert_eq!(MOST_LOOKED_THROUGH, 20_000, "as docs/graphql.md and the schema tell");
    let endpoint = house.subscribe(["link.*"]).await;
    let link = house.partner.create_link().await;
    house.deliver().await;
    house.pass(Duration::from_secs(1));
    fill(house, endpoint.id.parse().unwrap()).await;
    house.pass(Duration::from_mins(1));
    house.partner.mutate("expireLink", json!({ "id": link.id })).await;
    house.deliver().await;

    let to = |filter: Value| {
        let mut filter = filter;
        filter["endpointId"] = json!(endpoint.id);
        filter
    };
    // The oldest delivery, for who begins with the newest.
    for filter in [json!({}), to(json!({})), json!({ "statuses": ["EXHAUSTED", "DELIVERED"] })] {
        let mut filter = filter;
        filter["eventTypes"] = json!(["link.created"]);
        let (ids, sizes) = walk(house, DELIVERIES, filter.clone(), 20).await;
        assert_eq!((ids.len(), sizes), (1, vec![0, 1]), "{filter}");
    }
    // The newest event, for who begins with the oldest.
    let (ids, sizes) = walk(house, EVENTS, json!(["link.expired"]), 20).await;
    assert_eq!((ids.len(), sizes), (1, vec![0, 1]));

    let rare = usize::try_from((MOST_LOOKED_THROUGH + ROW) / ROW * RARE).unwrap();
    for (query, wanted) in [
        (DELIVERIES, json!({ "eventTypes": ["link.failed"] })),
        (DELIVERIES, to(json!({ "eventTypes": ["link.failed"] }))),
        (EVENTS, json!(["link.failed"])),
    ] {
        let (ids, sizes) = walk(house, query, wanted.clone(), 100).await;
        let once: BTreeSet<_> = ids.iter().collect();
        assert_eq!((ids.len(), once.len(), sizes[0]), (rare, rare, 100), "{query} {wanted}");
    }
    // What is not rare fills every page but the last ones, and no step between two pages loses any.
    let most = usize::try_from(MOST_LOOKED_THROUGH + ROW).unwrap() - rare;
    for (query, wanted) in
        [(DELIVERIES, json!({ "eventTypes": ["run.*"] })), (EVENTS, json!(["run.started"]))]
    {
        let (ids, sizes) = walk(house, query, wanted.clone(), 100).await;
        let once: BTreeSet<_> = ids.iter().collect();
        assert_eq!((ids.len(), once.len()), (most, most), "{query} {wanted}");
        assert!(sizes[..sizes.len() - 2].iter().all(|size| *size == 100), "{query} {wanted}: {sizes:?}");
    }
}

async fn who_follows_what_is_rare_misses_nothing_behind_much_else(house: &mut House) {
    let endpoint = house.subscribe(["link.created"]).await;
    let start = house.partner.cursor().await;
    let before = house.partner.create_link().await;
    fill(house, endpoint.id.parse().unwrap()).await;
    let behind = house.partner.create_link().await;

    let query =
        "subscription($after: EventCursor) { events(types: [\"link.created\"], after: $after) { cursor } }";
    let mut stream = house.partner.stream(query, json!({ "after": start }), None).await;
    let first = stream.next().await.unwrap();
    let second = stream.next().await.unwrap();
    let third = house.partner.create_link().await;
    house.tell().await;

    assert_eq!((first.id, second.id), (Some(before.cursor), Some(behind.cursor)));
    assert_eq!(stream.next().await.unwrap().id, Some(third.cursor));
}
