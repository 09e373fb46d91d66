//! Lists: every link once, in order, whichever way one pages.

use std::time::Duration;

use serde_json::{Value, json};

use crate::house::{House, texts};

stories! {
    paging_in_either_direction_shows_every_link_once,
    a_page_says_whether_there_is_more,
    new_links_do_not_disturb_who_pages,
    filters_show_exactly_what_fits,
    a_page_that_cannot_be_is_refused,
    every_list_refuses_a_page_that_cannot_be,
    filters_that_leave_nothing_are_empty_lists,
    deliveries_are_found_by_everything_they_are,
    a_page_between_two_cursors_is_what_lies_between,
}

const LINKS: &str = "query($first: Int, $after: String, $last: Int, $before: String, $filter: LinkFilter) {
    links(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
        nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

async fn page(house: &House, arguments: Value) -> (Vec<String>, Value) {
    let links = house.partner.call(LINKS, arguments).await["links"].clone();
    (texts(&links["nodes"], "id"), links["pageInfo"].clone())
}

/// Makes links a millisecond apart and returns their ids, newest first.
async fn links(house: &House, count: usize) -> Vec<String> {
    let mut ids = Vec::with_capacity(count);
    for _ in 0..count {
        house.pass(Duration::from_millis(1));
        ids.insert(0, house.partner.create_link().await.id);
    }
    ids
}

async fn paging_in_either_direction_shows_every_link_once(house: &mut House) {
    let made = links(house, 11).await;
    let (size, from, cursor, more) = (0, 1, 2, 3);

    for way in
        [["first", "after", "endCursor", "hasNextPage"], ["last", "before", "startCursor", "hasPreviousPage"]]
    {
        let mut seen = Vec::new();
        let mut arguments = json!({ way[size]: 3 });
        loop {
            let (ids, info) = page(house, arguments.clone()).await;
            if way[size] == "first" {
                seen.extend(ids);
            } else {
                seen = [ids, seen].concat();
            }
            arguments[way[from]] = info[way[cursor]].clone();
            if info[way[more]] == false {
                break;
            }
        }
        assert_eq!(seen, made, "{way:?}");
    }
}

async fn a_page_says_whether_there_is_more(house: &mut House) {
    let made = links(house, 4).await;

    let (_, all) = page(house, json!({ "first": 4 })).await;
    let (ids, some) = page(house, json!({ "first": 3 })).await;
    let (none, _) = page(house, json!({ "first": 0 })).await;
    let (rest, end) = page(house, json!({ "first": 3, "after": some["endCursor"] })).await;

    assert_eq!(
        (&all["hasNextPage"], &some["hasNextPage"], &end["hasNextPage"]),
        (&json!(false), &json!(true), &json!(false))
    );
    assert_eq!((&some["hasPreviousPage"], &end["hasPreviousPage"]), (&json!(false), &json!(true)));
    assert_eq!((ids, rest, none.len()), (made[..3].to_vec(), made[3..].to_vec(), 0));
}

async fn new_links_do_not_disturb_who_pages(house: &mut House) {
    let made = links(house, 6).await;

    let (first, info) = page(house, json!({ "first": 3 })).await;
    links(house, 2).await;
    let (second, _) = page(house, json!({ "first": 3, "after": info["endCursor"] })).await;

    assert_eq!([first, second].concat(), made);
}

async fn filters_show_exactly_what_fits(house: &mut House) {
    let job = house.partner.job_at(&format!("{}/login", house.bank.origin)).await;
    let early = house.partner.create_link_with(json!({ "externalId": "anna" })).await.id;
    house.pass(Duration::from_mins(1));
    let late = house.partner.create_link_with(json!({ "externalId": "ben", "jobId": job })).await.id;
    house.partner.mutate("expireLink", json!({ "id": late })).await;

    for (filter, expected) in [
        (json!({}), vec![&late, &early]),
        (json!({ "statuses": ["CREATED"] }), vec![&early]),
        (json!({ "statuses": ["CREATED", "EXPIRED"] }), vec![&late, &early]),
        (json!({ "statuses": [] }), vec![]),
        (json!({ "externalId": "anna" }), vec![&early]),
        (json!({ "externalId": "nobody" }), vec![]),
        (json!({ "jobId": job }), vec![&late]),
        (json!({ "createdAfter": "2026-11-22T10:01:00Z" }), vec![&late]),
        (json!({ "createdBefore": "2026-11-22T10:01:00Z" }), vec![&early]),
        (json!({ "externalId": "ben", "statuses": ["CREATED"] }), vec![]),
    ] {
        assert_eq!(
            page(house, json!({ "filter": filter })).await.0.iter().collect::<Vec<_>>(),
            expected,
            "{filter}"
        );
    }
}

async fn a_page_that_cannot_be_is_refused(house: &mut House) {
    for arguments in [
        json!({ "first": -1 }),
        json!({ "first": 101 }),
        json!({ "last": 101 }),
        json!({ "first": 1, "last": 1 }),
        json!({ "after": "nonsense" }),
        json!({ "before": "" }),
        json!({ "filter": { "jobId": "nonsense" } }),
        json!({ "filter": { "createdAfter": "yesterday" } }),
    ] {
        let answer = house.partner.ask(LINKS, arguments.clone()).await;

        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_REQUEST", "{arguments}: {answer}");
    }
}

/// Every list that is read from its beginning, and what is left out before its arguments.
const FORWARD: [(&str, &str); 8] = [
    ("sourceSystems", "{ sourceSystems($) { nodes { id } } }"),
    ("jobs", "{ jobs($) { nodes { id } } }"),
    ("events", "{ events($) { nodes { id } } }"),
    ("webhookEndpoints", "{ webhookEndpoints($) { nodes { id } } }"),
    ("webhookDeliveries", "{ webhookDeliveries($) { nodes { id } } }"),
    ("attempts", "{ webhookDeliveries { nodes { attempts($) { nodes { number } } } } }"),
    ("link events", "{ links { nodes { events($) { nodes { id } } } } }"),
    ("link logins", "{ links { nodes { logins($) { nodes { id } } } } }"),
];

async fn every_list_refuses_a_page_that_cannot_be(house: &mut House) {
    house.subscribe([]).await;
    house.partner.create_link().await;

    for (list, query) in FORWARD {
        for (arguments, message) in [
            ("first: -1", "first and last must be from 0 to 100"),
            ("first: 101", "first and last must be from 0 to 100"),
            ("after: \"nonsense\"", "cursor"),
            ("after: \"\"", "cursor"),
        ] {
            let answer = house.partner.ask(&query.replace('$', arguments), json!({})).await;
            let error = &answer["errors"][0];

            assert_eq!(error["extensions"]["code"], "BAD_REQUEST", "{list} {arguments}: {answer}");
            assert!(
                error["message"].as_str().unwrap().to_lowercase().contains(message),
                "{list} {arguments}: {answer}"
            );
        }
        let none = house.partner.call(&query.replace('$', "first: 0"), json!({})).await;
        assert!(none.to_string().contains("\"nodes\":[]"), "{list}: {none}");
    }
}

async fn filters_that_leave_nothing_are_empty_lists(house: &mut House) {
    let nobody = house.stranger().await;
    let id = house.partner.create_link().await.id;

    for filter in [
        json!({ "externalId": "" }),
        json!({ "jobId": nobody.job }),
        json!({ "createdAfter": "2026-11-22T10:00:00.001Z" }),
        json!({ "createdBefore": "2026-11-22T10:00:00Z" }),
        json!({ "createdAfter": "2026-11-23T00:00:00Z", "createdBefore": "2026-11-21T00:00:00Z" }),
        json!({ "createdAfter": "9999-12-31T23:59:59Z" }),
        json!({ "createdBefore": "0001-01-01T00:00:00Z" }),
        json!({ "jobId": house.partner.job, "statuses": [] }),
    ] {
        let (ids, info) = page(house, json!({ "filter": filter })).await;
        assert_eq!((ids.len(), &info["hasNextPage"]), (0, &json!(false)), "{filter}");
    }
    for filter in [
        Value::Null,
        json!({ "statuses": null, "externalId": null, "jobId": null, "createdAfter": null }),
        json!({ "statuses": ["CREATED", "CREATED", "EXPIRED"] }),
        json!({ "jobId": house.partner.job, "createdAfter": "2026-11-22T10:00:00Z" }),
        json!({ "createdBefore": "2026-11-22T10:00:00.001Z", "externalId": "customer-1" }),
    ] {
        assert_eq!(page(house, json!({ "filter": filter })).await.0, [id.as_str()], "{filter}");
    }
}

async fn deliveries_are_found_by_everything_they_are(house: &mut House) {
    let one = house.subscribe(["link.created"]).await;
    house.subscribe(["link.*"]).answering([500]).await;
    let link = house.partner.create_link().await.id;
    house.partner.mutate("expireLink", json!({ "id": link })).await;
    house.partner.create_link().await;
    house.deliver().await;

    let query = "query($filter: DeliveryFilter) { webhookDeliveries(filter: $filter) { nodes { id } } }";
    for (filter, expected) in [
        (json!({}), 5),
        (json!({ "statuses": ["DELIVERED"] }), 2),
        (json!({ "statuses": ["PENDING", "DELIVERED", "PENDING"] }), 5),
        (json!({ "statuses": ["CANCELLED", "EXHAUSTED"] }), 0),
        (json!({ "statuses": [] }), 0),
        (json!({ "endpointId": one.id }), 2),
        (json!({ "endpointId": one.id, "statuses": ["PENDING", "DELIVERED"] }), 2),
        (json!({ "linkId": link }), 3),
        (json!({ "linkId": link, "endpointId": one.id }), 1),
        (json!({ "linkId": link, "statuses": ["PENDING"] }), 2),
        (json!({ "linkId": "lnk_0193b5a0000070008000000000000000" }), 0),
        (json!({ "eventTypes": [] }), 5),
        (json!({ "eventTypes": ["link.expired"] }), 1),
        (json!({ "eventTypes": ["run.*"] }), 0),
        (json!({ "createdAfter": "2026-11-22T10:00:00Z", "createdBefore": "2026-11-22T10:00:00.001Z" }), 5),
        (json!({ "createdBefore": "2026-11-22T10:00:00Z" }), 0),
    ] {
        let found = house.partner.call(query, json!({ "filter": filter })).await;
        let ids: std::collections::HashSet<_> =
            texts(&found["webhookDeliveries"]["nodes"], "id").into_iter().collect();
        assert_eq!(ids.len(), expected, "{filter}");
        assert_eq!(found["webhookDeliveries"]["nodes"].as_array().unwrap().len(), expected, "{filter}");
    }
    for filter in [json!({ "linkId": "x" }), json!({ "endpointId": "x" }), json!({ "eventTypes": ["x"] })] {
        let answer = house.partner.ask(query, json!({ "filter": filter })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_REQUEST", "{answer}");
    }
}

async fn a_page_between_two_cursors_is_what_lies_between(house: &mut House) {
    let made = links(house, 6).await;
    let (_, all) = page(house, json!({ "first": 1 })).await;
    let (_, end) = page(house, json!({ "last": 1 })).await;
    let between = json!({ "after": all["endCursor"], "before": end["startCursor"] });

    for filter in
        [json!({}), json!({ "statuses": ["CREATED", "FAILED"] }), json!({ "jobId": house.partner.job })]
    {
        for (size, expected) in [("first", &made[1..3]), ("last", &made[3..5])] {
            let mut arguments = between.clone();
            (arguments["filter"], arguments[size]) = (filter.clone(), json!(2));
            let (ids, info) = page(house, arguments).await;

            assert_eq!(ids, expected, "{filter} {size}");
            let more = if size == "first" { "hasNextPage" } else { "hasPreviousPage" };
            assert_eq!(info[more], true, "{filter} {size}");
        }
    }
}
