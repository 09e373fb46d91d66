//! Retention: what is old goes, what is young stays, and nobody is left with a gap unaware.

use std::time::Duration;

use entity::{attempt, event, horizon, idempotency, login, prompt, submit};
use futures_util::future::join_all;
use postern::domain::Secret;
use postern::service::event::Wanted;
use postern::service::log::Follower;
use postern::service::retention::{self, Stage};
use postern::service::{Error, key};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::house::bank::PASSWORD;
use crate::house::{House, Partner, RETENTION, Told, texts};

stories! {
    what_is_old_goes_and_what_is_young_stays,
    nothing_goes_when_retention_is_off,
    a_cursor_before_what_is_kept_is_refused_by_every_reader,
    the_earliest_cursor_misses_nothing,
    a_follower_who_is_too_slow_is_told,
    a_cursor_is_good_while_nothing_of_its_workspace_after_it_is_gone,
    a_link_without_kept_events_can_still_be_followed,
    what_is_still_to_be_sent_stays_with_its_event,
    what_waits_for_a_paused_endpoint_is_cancelled_and_then_goes,
    a_server_that_is_killed_in_the_middle_goes_on,
    what_hangs_on_old_logins_goes_with_them,
    the_end_of_the_log_is_known_when_everything_in_it_is_old,
}

const A_DAY: Duration = Duration::from_hours(24);

const LOG: &str =
    "query($after: EventCursor) { events(after: $after, first: 100) { nodes { cursor link { id } } } }";

/// The links of the events that a reader finds after `after`.
async fn links(partner: &Partner, after: Value) -> Vec<String> {
    let page = partner.call(LOG, json!({ "after": after })).await["events"]["nodes"].clone();
    page.as_array().unwrap().iter().map(|node| node["link"]["id"].as_str().unwrap().to_owned()).collect()
}

async fn rows<E: EntityTrait>(house: &House) -> u64
where
    E::Model: Sync,
{
    E::find().count(&house.app().db).await.unwrap()
}

/// An event that is young whatever happened before: the last of the log always stays.
async fn another_link(house: &House) -> String {
    house.partner.create_link().await.id
}

async fn what_is_old_goes_and_what_is_young_stays(house: &mut House) {
    let receiver = house.subscribe(["link.*"]).await;
    let old = house.partner.create_link().await;
    house.deliver().await;
    house.pass(A_DAY * 89);
    let young = another_link(house).await;
    house.deliver().await;
    house.pass(A_DAY + Duration::from_secs(1));

    house.sweep().await;

    let query = "{ webhookDeliveries { nodes { event { link { id } } attempts { nodes { number } } } } }";
    let kept = house.partner.call(query, json!({})).await["webhookDeliveries"]["nodes"].clone();
    let attempts = json!({ "nodes": [{ "number": 1 }] });
    assert_eq!(kept, json!([{ "event": { "link": { "id": young } }, "attempts": attempts }]));
    assert_eq!(links(&house.partner, Value::Null).await, [young]);
    assert_eq!((rows::<attempt::Entity>(house).await, rows::<event::Entity>(house).await), (1, 1));
    let shown = house.partner.link(&old.id, "status sequence events { nodes { id } }").await;
    assert_eq!(shown, json!({ "status": "CREATED", "sequence": 1, "events": { "nodes": [] } }));
    receiver.saw([204, 204]);
}

async fn nothing_goes_when_retention_is_off(house: &mut House) {
    house.keep_events_for(None).await;
    let old = house.partner.create_link().await;
    house.pass(RETENTION * 10);
    let young = another_link(house).await;

    house.sweep().await;

    assert_eq!(links(&house.partner, Value::Null).await, [old.id, young]);
}

/// Old and young events, and the cursors before, at and after the last old one.
async fn half_gone(house: &House) -> [String; 3] {
    let cursors = [house.partner.create_link().await.cursor, house.partner.create_link().await.cursor];
    house.pass(RETENTION + A_DAY);
    let young = house.partner.create_link().await.cursor;
    house.partner.create_link().await;
    house.sweep().await;
    let [old, last_old] = cursors;
    [old, last_old, young]
}

async fn a_cursor_before_what_is_kept_is_refused_by_every_reader(house: &mut House) {
    let [old, last_old, young] = half_gone(house).await;

    let refused = house.partner.ask(LOG, json!({ "after": old })).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "CURSOR_EXPIRED", "{refused}");
    for subscription in [
        "subscription($after: EventCursor) { events(after: $after) { id } }",
        "subscription($after: EventCursor) { linkStatusChanged(after: $after) { cursor } }",
    ] {
        let mut socket = house.partner.socket().await;
        socket.subscribe(subscription, json!({ "after": old })).await;
        let Told::Error(errors) = socket.next().await else { panic!("it is taken") };
        assert_eq!(errors[0]["extensions"]["code"], "CURSOR_EXPIRED", "{errors}");
    }
    assert_eq!(links(&house.partner, json!(last_old)).await.len(), 2, "it has read all that is gone");
    assert_eq!(links(&house.partner, json!(young)).await.len(), 1);
}

async fn the_earliest_cursor_misses_nothing(house: &mut House) {
    let earliest = async || {
        let data = house.partner.call("{ workspace { eventCursorEarliest } }", json!({})).await;
        data["workspace"]["eventCursorEarliest"].clone()
    };
    let at_first = earliest().await;
    let [_, last_old, young] = half_gone(house).await;
    let mut socket = house.partner.socket().await;

    socket
        .subscribe(
            "subscription($after: EventCursor) { events(after: $after) { cursor } }",
            json!({ "after": earliest().await }),
        )
        .await;

    assert_eq!(earliest().await, json!(last_old));
    assert_eq!(socket.event().await["cursor"], json!(young));
    let refused = house.partner.ask(LOG, json!({ "after": at_first })).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "CURSOR_EXPIRED");
}

async fn a_follower_who_is_too_slow_is_told(house: &mut House) {
    let start = house.partner.cursor().await;
    join_all((0..130).map(|_| house.partner.create_link())).await;
    let key = Secret::new(house.partner.key.clone());
    let caller = key::authenticate(house.app(), &key).await.unwrap().unwrap();
    let mut follower = Follower::start(house.app(), &caller, Wanted::default(), Some(0)).await.unwrap();
    let first = follower.next().await.unwrap();
    house.pass(RETENTION + A_DAY);
    another_link(house).await;

    house.sweep().await;

    assert_eq!(first.len(), 100);
    assert!(matches!(follower.next().await, Err(Error::Gone)), "thirty events are gone");
    assert!(house.partner.ask(LOG, json!({ "after": start })).await.get("errors").is_some());
}

async fn a_cursor_is_good_while_nothing_of_its_workspace_after_it_is_gone(house: &mut House) {
    let stranger = house.stranger().await;
    let theirs = stranger.create_link().await;
    house.partner.create_link().await;
    house.pass(RETENTION + A_DAY);
    let young = stranger.create_link().await;

    house.sweep().await;

    assert_eq!(rows::<event::Entity>(house).await, 1, "both old ones are gone");
    assert_eq!(links(&stranger, json!(theirs.cursor)).await, [young.id]);
}

async fn a_link_without_kept_events_can_still_be_followed(house: &mut House) {
    let life = json!({ "expiresIn": "P90D" });
    let old = house.partner.create_link_with(life).await;
    house.keep_events_for(Some(A_DAY)).await;
    house.pass(A_DAY * 2);
    another_link(house).await;
    house.sweep().await;

    let cursor = house.partner.link(&old.id, "eventCursor").await["eventCursor"].clone();
    house.pass(A_DAY / 2);
    house.sweep().await;
    let mut socket = house.partner.socket().await;
    socket.follow_status(json!({ "linkId": old.id, "after": cursor })).await;
    house.partner.mutate("expireLink", json!({ "id": old.id })).await;
    house.tell().await;

    assert_eq!(socket.statuses(1).await, [format!("{} EXPIRED", old.id)]);
    assert_eq!(socket.next().await, Told::Complete);
}

async fn what_is_still_to_be_sent_stays_with_its_event(house: &mut House) {
    house.keep_events_for(Some(A_DAY)).await;
    let receiver = house.subscribe(["link.created"]).answering([500, 204]).await;
    let failing = house.partner.create_link().await;
    house.deliver().await;
    house.pass(A_DAY * 2);
    another_link(house).await;

    house.sweep().await;
    house.deliver().await;
    let sent: Vec<String> = receiver.links();
    house.sweep().await;

    assert_eq!(sent[0], failing.id);
    assert!(sent[1..].contains(&failing.id), "{sent:?}");
    assert_eq!(rows::<event::Entity>(house).await, 1, "it has arrived, and then it goes");
}

async fn what_waits_for_a_paused_endpoint_is_cancelled_and_then_goes(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;
    let paused = json!({ "id": receiver.id, "status": "PAUSED" });
    house.partner.mutate("updateWebhookEndpoint", paused).await;
    house.partner.create_link().await;
    house.pass(RETENTION + A_DAY);
    another_link(house).await;

    let statuses = async || {
        let data =
            house.partner.call("{ webhookDeliveries { nodes { status event { id } } } }", json!({})).await;
        texts(&data["webhookDeliveries"]["nodes"], "status")
    };
    let before = statuses().await;
    house.sweep().await;
    let first = statuses().await;
    house.sweep().await;

    assert_eq!(
        (before, first),
        (vec!["PENDING".to_owned(); 2], vec!["PENDING".to_owned(), "CANCELLED".to_owned()])
    );
    assert_eq!((statuses().await, rows::<event::Entity>(house).await), (vec!["PENDING".to_owned()], 1));
    receiver.saw([]);
}

async fn a_server_that_is_killed_in_the_middle_goes_on(house: &mut House) {
    house.subscribe(["link.created"]).await;
    join_all((0..250).map(|_| house.partner.create_link())).await;
    house.deliver().await;
    house.pass(RETENTION + A_DAY);
    another_link(house).await;
    let mut stage = Stage::first(house.app());
    while !matches!(stage, Stage::Events(after) if after > 0) {
        stage = retention::step(house.app(), stage).await.unwrap().next.unwrap();
    }
    let (left, known) = (rows::<event::Entity>(house).await, rows::<horizon::Entity>(house).await);

    house.crash().await;
    house.sweep().await;

    assert_eq!((left, known), (151, 1), "one batch of events is gone, and known to be");
    assert_eq!((rows::<event::Entity>(house).await, rows::<attempt::Entity>(house).await), (1, 0));
}

async fn what_hangs_on_old_logins_goes_with_them(house: &mut House) {
    let link = house.partner.create_link_with(json!({ "idempotencyKey": "one" })).await;
    house.sign_in(&link, "good", PASSWORD).await.says("You are signed in");
    house.run().await;
    assert!(rows::<prompt::Entity>(house).await > 0 && rows::<submit::Entity>(house).await > 0);
    house.pass(Duration::from_hours(49));
    house.sweep().await;
    let after_two_days = [rows::<submit::Entity>(house).await, rows::<idempotency::Entity>(house).await];
    let prompts = rows::<prompt::Entity>(house).await;

    house.pass(RETENTION);
    another_link(house).await;
    house.sweep().await;

    assert_eq!((after_two_days, prompts), ([0, 0], 1));
    assert_eq!((rows::<prompt::Entity>(house).await, rows::<login::Entity>(house).await), (0, 1));
    let shown = house.partner.link(&link.id, "status logins { nodes { outcome prompts { kind } } }").await;
    let logins = json!({ "nodes": [{ "outcome": "SIGNED_IN", "prompts": [] }] });
    assert_eq!(shown, json!({ "status": "COMPLETED", "logins": logins }));
}

async fn the_end_of_the_log_is_known_when_everything_in_it_is_old(house: &mut House) {
    house.partner.create_link().await;
    house.partner.create_link().await;
    house.pass(RETENTION + A_DAY);
    house.sweep().await;
    house.restart().await;

    let cursor = house.partner.cursor().await;
    let next = another_link(house).await;

    assert_eq!(links(&house.partner, json!(cursor)).await, [next]);
}
