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
