//! Subscriptions: replay, then follow; no gap and no double at the seam.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::allowances::say_no_more_than_a_reference;
use crate::house::{Ear, House, Link, Socket, Stream, Told};

stories! {
    a_subscriber_without_a_cursor_hears_what_comes_from_now_on,
    a_subscriber_with_a_cursor_hears_what_was_missed_and_then_what_comes,
    a_subscriber_to_one_link_is_told_that_it_is_over,
    a_link_that_ended_before_is_replayed_and_over,
    a_link_with_nothing_left_to_say_is_over_at_once,
    a_link_that_is_not_there_is_refused,
    nothing_is_missed_or_doubled_where_replay_meets_what_is_new,
    a_subscriber_who_comes_back_again_and_again_misses_nothing,
    a_subscriber_hears_only_what_was_asked_for,
    nobody_hears_of_another_workspace,
    a_cursor_works_after_a_restart,
    a_cursor_that_was_never_given_is_refused,
    every_event_can_be_followed,
    server_sent_events_go_on_where_they_broke_off,
    a_log_that_cannot_be_read_ends_what_follows_it_and_nothing_is_missed,
}

async fn a_subscriber_without_a_cursor_hears_what_comes_from_now_on(house: &mut House) {
    let before = house.partner.create_link().await;
    house.tell().await;
    let mut socket = house.partner.socket().await;
    socket.follow_status(json!({})).await;

    let (mut made, mut heard) = (Vec::new(), None);
    while heard.is_none() {
        made.push(house.partner.create_link().await.id);
        house.tell().await;
        heard = socket.hears_soon().await;
    }

    let event = heard.unwrap();
    let link = event["link"]["id"].as_str().unwrap().to_owned();
    assert!(link != before.id && made.contains(&link));
    assert_eq!((&event["status"], &event["previousStatus"]), (&json!("CREATED"), &Value::Null));
}

async fn a_subscriber_with_a_cursor_hears_what_was_missed_and_then_what_comes(house: &mut House) {
    let link = house.partner.create_link().await;
    expire(house, &link).await;
    house.tell().await;

    let mut socket = house.partner.socket().await;
    socket.follow_status(json!({ "after": link.cursor })).await;
    let missed = socket.event().await;
    let next = house.partner.create_link().await;
    house.tell().await;
    let live = socket.event().await;

    assert_eq!((&missed["status"], &missed["previousStatus"]), (&json!("EXPIRED"), &json!("CREATED")));
    assert_eq!((&live["link"]["id"], &live["cursor"]), (&json!(next.id), &json!(next.cursor)));
}

async fn expire(house: &House, link: &Link) {
    let expired = house.partner.mutate("expireLink", json!({ "id": link.id })).await;
    assert_eq!(expired["userErrors"], json!([]));
}

async fn a_subscriber_to_one_link_is_told_that_it_is_over(house: &mut House) {
    let (link, other) = (house.partner.create_link().await, house.partner.create_link().await);
    let mut socket = house.partner.socket().await;
    socket.follow_status(json!({ "linkId": link.id, "after": link.cursor })).await;

    expire(house, &other).await;
    expire(house, &link).await;
    house.tell().await;

    assert_eq!(socket.statuses(1).await, [format!("{} EXPIRED", link.id)]);
    assert_eq!(socket.next().await, Told::Complete);
}

async fn a_link_with_nothing_left_to_say_is_over_at_once(house: &mut House) {
    let link = house.partner.create_link().await;
    expire(house, &link).await;
    house.tell().await;

    for after in [json!(null), json!(house.partner.cursor().await)] {
        let mut socket = house.partner.socket().await;
        socket.follow_status(json!({ "linkId": link.id, "after": after })).await;
        assert_eq!(socket.next().await, Told::Complete);
    }
}

async fn a_link_that_is_not_there_is_refused(house: &mut House) {
    let mut socket = house.partner.socket().await;
    socket.follow_status(json!({ "linkId": format!("lnk_{}", "0".repeat(32)) })).await;

    let Told::Error(refused) = socket.next().await else { panic!("it was not refused") };
    assert_eq!(refused[0]["extensions"]["code"], "BAD_REQUEST");
}

async fn a_link_that_ended_before_is_replayed_and_over(house: &mut House) {
    let start = house.partner.cursor().await;
    let link = house.partner.create_link().await;
    expire(house, &link).await;
    house.tell().await;

    let mut socket = house.partner.socket().await;
    socket.follow_status(json!({ "linkId": link.id, "after": start })).await;

    assert_eq!(socket.statuses(2).await, [format!("{} CREATED", link.id), format!("{} EXPIRED", link.id)]);
    assert_eq!(socket.next().await, Told::Complete);
}

/// Makes links as fast as it can and tells of them, until it has made `count`; returns their cursors.
async fn make_links(house: &House, count: usize) -> Vec<String> {
    let mut cursors = Vec::with_capacity(count);
    while cursors.len() < count {
        let made = join_all((0..10).map(|_| house.partner.create_link())).await;
        cursors.extend(made.into_iter().map(|link| link.cursor));
        house.tell().await;
    }
    cursors.sort_by_key(place);
    cursors
}

/// Where in the log a cursor stands: cursors of one length sort by their bytes, not by their letters.
fn place(cursor: &String) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(cursor).unwrap()
}

async fn nothing_is_missed_or_doubled_where_replay_meets_what_is_new(house: &mut House) {
    let start = house.partner.cursor().await;
    let mut made = make_links(house, 130).await;
    let mut socket = house.partner.socket().await;

    socket.follow_status(json!({ "after": start })).await;
    let (more, heard) = tokio::join!(make_links(house, 100), async {
        let mut heard = Vec::new();
        for _ in 0..230 {
            heard.push(cursor(&socket.event().await));
        }
        heard
    });

    made.extend(more);
    made.sort_by_key(place);
    assert_eq!(heard, made);
}

fn cursor(event: &Value) -> String {
    event["cursor"].as_str().unwrap().to_owned()
}

async fn a_subscriber_who_comes_back_again_and_again_misses_nothing(house: &mut House) {
    let start = house.partner.cursor().await;

    let (made, heard) = tokio::join!(make_links(house, 120), async {
        let mut heard = vec![start];
        for stay in (1..8).cycle() {
            let mut socket = house.partner.socket().await;
            socket.follow_status(json!({ "after": heard.last() })).await;
            for _ in 0..stay.min(121 - heard.len()) {
                heard.push(cursor(&socket.event().await));
            }
            if heard.len() == 121 {
                break;
            }
        }
        heard.split_off(1)
    });

    assert_eq!(heard, made);
}

async fn a_subscriber_hears_only_what_was_asked_for(house: &mut House) {
    let job = house.partner.job_at(&format!("{}/login", house.bank.origin)).await;
    let start = house.partner.cursor().await;
    let anna = house.partner.create_link_with(json!({ "externalId": "anna" })).await;
    let ben = house.partner.create_link_with(json!({ "externalId": "ben", "jobId": job })).await;
    house.tell().await;

    for (wanted, link) in [
        (json!({ "externalId": "ben" }), &ben),
        (json!({ "jobId": job }), &ben),
        (json!({ "externalId": "anna" }), &anna),
    ] {
        let mut socket = house.partner.socket().await;
        let mut arguments = wanted.clone();
        arguments["after"] = json!(start);
        socket.follow_status(arguments).await;
        assert_eq!(socket.statuses(1).await, [format!("{} CREATED", link.id)], "{wanted}");

        let last = house.partner.create_link_with(wanted.clone()).await;
        house.tell().await;
        assert_eq!(socket.statuses(1).await, [format!("{} CREATED", last.id)], "{wanted}");
    }
}

async fn nobody_hears_of_another_workspace(house: &mut House) {
    let stranger = house.stranger().await;
    let start = house.partner.cursor().await;
    let theirs = stranger.create_link().await;
    let ours = house.partner.create_link().await;

    let mut everything = house.partner.socket().await;
    everything.follow_status(json!({ "externalId": "customer-1", "after": start })).await;
    let mut their_link = house.partner.socket().await;
    their_link.follow_status(json!({ "linkId": theirs.id, "after": start })).await;
    let mut their_job = house.partner.socket().await;
    their_job.follow_status(json!({ "jobId": stranger.job, "after": start })).await;
    stranger.mutate("expireLink", json!({ "id": theirs.id })).await;
    expire(house, &ours).await;
    house.tell().await;

    let both = [format!("{} CREATED", ours.id), format!("{} EXPIRED", ours.id)];
    assert_eq!(everything.statuses(2).await, both);
    assert!(matches!(their_link.next().await, Told::Error(_)), "it is not there");
    assert_eq!(their_job.hears_soon().await, None);
}

async fn a_cursor_works_after_a_restart(house: &mut House) {
    let link = house.partner.create_link().await;
    expire(house, &link).await;

    house.restart().await;

    let mut socket = house.partner.socket().await;
    socket.follow_status(json!({ "after": link.cursor })).await;
    assert_eq!(socket.statuses(1).await, [format!("{} EXPIRED", link.id)]);
}

async fn a_cursor_that_was_never_given_is_refused(house: &mut House) {
    for bad in ["nonsense", "", "AQ", "AgAAAAAAAAAB"] {
        let mut socket = house.partner.socket().await;
        socket.follow_status(json!({ "after": bad })).await;

        let Told::Error(errors) = socket.next().await else { panic!("{bad} is taken") };
        assert_eq!(errors[0]["extensions"]["code"], "BAD_REQUEST", "{errors}");
    }
}

async fn every_event_can_be_followed(house: &mut House) {
    let start = house.partner.cursor().await;
    let mut socket = house.partner.socket().await;
    let query = "subscription($types: [String!], $after: EventCursor) {
        events(types: $types, after: $after) { id type sequence data } }";
    socket.subscribe(query, json!({ "types": ["link.*"], "after": start })).await;

    let link = house.partner.create_link().await;
    house.tell().await;

    let event = socket.event().await;
    assert_eq!((&event["type"], &event["sequence"]), (&json!("link.created"), &json!(1)));
    assert_eq!(event["data"]["link"]["id"], link.id);
}

async fn server_sent_events_go_on_where_they_broke_off(house: &mut House) {
    let query = "subscription($id: ID, $after: EventCursor) {
        linkStatusChanged(linkId: $id, after: $after) { cursor status } }";
    let start = house.partner.cursor().await;
    let link = house.partner.create_link().await;
    let variables = json!({ "id": link.id, "after": start });
    let mut stream = house.partner.stream(query, variables.clone(), None).await;
    let first = stream.next().await.unwrap();
    drop(stream);
    expire(house, &link).await;
    let mut stream = house.partner.stream(query, variables, first.id.as_deref()).await;
    let (second, last) = (stream.next().await.unwrap(), stream.next().await.unwrap());

    let change = |sent: &Value| sent["data"]["linkStatusChanged"].clone();
    assert_eq!(change(&first.data), json!({ "cursor": link.cursor, "status": "CREATED" }));
    assert_eq!((first.name.as_str(), first.id), ("next", Some(link.cursor)));
    assert_eq!(change(&second.data)["status"], "EXPIRED");
    assert_eq!((last.name.as_str(), stream.next().await), ("complete", None));
}

/// Takes from the log, under everybody's feet, what its readers need and its tailer does not; or gives it back.
async fn rename_facts(house: &House, from: &str, to: &str) {
    let statement = format!("ALTER TABLE event RENAME COLUMN {from} TO {to}");
    house.database.open().await.execute_unprepared(&statement).await.unwrap();
}

/// Follows the log after a cursor both ways: on the socket, and on a stream that this opens.
async fn follow(house: &House, socket: &mut Socket, after: &str) -> Stream {
    let query = "subscription($after: EventCursor) { events(types: [\"link.*\"], after: $after) { cursor } }";
    socket.subscribe(query, json!({ "after": after })).await;
    house.partner.stream(query, json!({}), Some(after)).await
}

/// Whether both tell of these next, each of them once and in order.
async fn both_tell(socket: &mut Socket, stream: &mut Stream, cursors: &[String]) {
    for told in cursors {
        assert_eq!(cursor(&socket.event().await), *told);
        assert_eq!(stream.next().await.unwrap().id.as_ref(), Some(told));
    }
}

async fn a_log_that_cannot_be_read_ends_what_follows_it_and_nothing_is_missed(house: &mut House) {
    let start = house.partner.cursor().await;
    let mut socket = house.partner.socket().await;
    let mut stream = follow(house, &mut socket, &start).await;
    let before = make_links(house, 1).await;
    both_tell(&mut socket, &mut stream, &before).await;

    let mut missed = vec![house.partner.create_link().await.cursor];
    let ear = Ear::listen().await;
    rename_facts(house, "facts", "hidden_facts").await;
    house.tell().await;
    let Told::Error(by_socket) = socket.next().await else { panic!("the subscription goes on") };
    let by_stream = stream.next().await.unwrap().data;
    let log = ear.heard();
    say_no_more_than_a_reference(&by_socket, &log);
    say_no_more_than_a_reference(&by_stream["errors"], &log);
    assert_eq!((stream.next().await.unwrap().name.as_str(), stream.next().await), ("complete", None));
    assert_eq!(socket.hears_soon().await, None, "its error was its last word");

    rename_facts(house, "hidden_facts", "facts").await;
    missed.extend(make_links(house, 1).await);
    let mut stream = follow(house, &mut socket, before.last().unwrap()).await;
    both_tell(&mut socket, &mut stream, &missed).await;
    assert_eq!(socket.hears_soon().await, None);
}
