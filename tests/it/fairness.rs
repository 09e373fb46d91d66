//! Fairness: nobody waits for what somebody else is flooded with, and nobody is sent to against their wish.

use std::time::{Duration, Instant};

use entity::{EndpointId, NodeId, Timestamp, delivery};
use futures_util::future::join_all;
use postern::service::delivery::claim;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::{Value, json};

use crate::house::{Act, House, Kind, Receiver};

stories! {
    first_tries_are_claimed_before_retries_that_are_due_for_longer,
    an_endpoint_that_is_left_out_hides_no_other,
    what_is_due_next_is_told_of_those_who_are_not_left_out,
}

stories_of_life! {
    an_endpoint_with_a_rate_limit_holds_up_no_other,
    a_rate_limit_that_is_lifted_lets_everything_go,
    a_pause_stops_what_was_claimed_already,
    a_deletion_stops_what_was_claimed_already,
}

async fn update(house: &House, receiver: &Receiver, mut fields: Value) -> Value {
    fields["id"] = json!(receiver.id);
    house.partner.mutate("updateWebhookEndpoint", fields).await
}

async fn links(house: &House, count: usize) {
    join_all((0..count).map(|_| house.partner.create_link())).await;
}

async fn claimed(house: &House, limit: u64, except: &[&Receiver]) -> (Vec<String>, Option<Timestamp>) {
    let except: Vec<EndpointId> = except.iter().map(|receiver| receiver.id.parse().unwrap()).collect();
    let claimed = claim(house.app(), limit, except).await.unwrap();
    let endpoints = claimed.sendings.iter().map(|sending| sending.endpoint().to_string());
    (endpoints.collect(), claimed.next_due)
}

async fn first_tries_are_claimed_before_retries_that_are_due_for_longer(house: &mut House) {
    let failing = house.subscribe(["link.created"]).answering([500]).await;
    links(house, 5).await;
    house.deliver().await;
    house.pass(Duration::from_hours(1));
    update(house, &failing, json!({ "eventTypes": ["run.*"] })).await;
    let fresh = house.subscribe(["link.created"]).await;
    links(house, 2).await;

    let first = claimed(house, 3, &[]).await.0;
    let rest = claimed(house, 10, &[]).await.0;

    assert_eq!(first.iter().filter(|id| **id == fresh.id).count(), 2);
    assert_eq!((first.len(), rest), (3, vec![failing.id; 4]));
}

async fn an_endpoint_that_is_left_out_hides_no_other(house: &mut House) {
    let flooded = house.subscribe(["link.created"]).await;
    links(house, 50).await;
    house.pass(Duration::from_secs(1));
    let (one, two) = (house.subscribe(["link.created"]).await, house.subscribe(["link.created"]).await);
    links(house, 3).await;

    let (mut taken, _) = claimed(house, 4, &[&flooded]).await;

    taken.sort_unstable();
    assert_eq!(taken, [one.id.clone(), one.id, two.id.clone(), two.id]);
}

async fn what_is_due_next_is_told_of_those_who_are_not_left_out(house: &mut House) {
    let failing = house.subscribe(["link.created"]).answering([500]).await;
    links(house, 1).await;
    house.deliver().await;
    let flooded = house.subscribe(["link.created"]).await;
    update(house, &failing, json!({ "eventTypes": ["run.*"] })).await;
    links(house, 10).await;

    let (taken, next_due) = claimed(house, 10, &[&flooded]).await;

    assert!(taken.is_empty());
    let wait = next_due.expect("a retry is due").since(house.now());
    assert!((4_000..=6_000).contains(&wait.as_millis()), "{wait:?}");
}

async fn an_endpoint_with_a_rate_limit_holds_up_no_other(house: &mut House) {
    let slow = house.subscribe(["link.created"]).with("rateLimit", json!(10)).await;
    let quick = house.subscribe(["link.created"]).await;
    let begun = Instant::now();

    links(house, 40).await;
    quick.peer.has_seen(40).await;
    slow.peer.has_seen(8).await;

    let (sent, most) = (slow.peer.seen().len(), begun.elapsed().as_millis() / 100 + 1);
    assert!(sent as u128 <= most, "{sent} were sent, {most} could be");
    slow.peer.has_seen(40).await;
    assert!(begun.elapsed() >= Duration::from_millis(3_800), "{:?}", begun.elapsed());
    slow.saw([204; 40]).with_valid_signatures();
}

async fn a_rate_limit_that_is_lifted_lets_everything_go(house: &mut House) {
    let slow = house.subscribe(["link.created"]).with("rateLimit", json!(1)).await;
    links(house, 60).await;
    slow.peer.has_seen(1).await;

    let lifted = update(house, &slow, json!({ "rateLimit": null })).await;
    slow.peer.has_seen(60).await;

    assert_eq!(lifted["endpoint"]["rateLimit"], Value::Null);
    slow.saw([204; 60]);
}

/// A receiver that thinks for a while, with sixteen attempts out and many more claimed.
async fn busy(house: &House) -> Receiver {
    let receiver =
        house.subscribe(["link.created"]).answering([Act::Late(Duration::from_millis(1_500))]).await;
    links(house, 60).await;
    receiver.peer.has_seen(16).await;
    receiver
}

/// Long enough for what is out to come back, and for what should not follow to follow.
async fn wait_for_what_is_out() {
    tokio::time::sleep(Duration::from_millis(2_500)).await;
}

async fn a_pause_stops_what_was_claimed_already(house: &mut House) {
    let receiver = busy(house).await;

    update(house, &receiver, json!({ "status": "PAUSED" })).await;
    wait_for_what_is_out().await;
    receiver.saw([200; 16]);
    update(house, &receiver, json!({ "status": "ENABLED" })).await;
    receiver.peer.has_seen(60).await;

    let mut links = receiver.links();
    links.sort_unstable();
    links.dedup();
    assert_eq!((links.len(), receiver.peer.seen().len()), (60, 60), "each once");
}

async fn a_deletion_stops_what_was_claimed_already(house: &mut House) {
    let receiver = busy(house).await;

    house.partner.mutate("deleteWebhookEndpoint", json!({ "id": receiver.id })).await;
    wait_for_what_is_out().await;

    receiver.saw([200; 16]);
    let query = "{ webhookDeliveries(first: 100) { nodes { status } } }";
    let nodes = house.partner.call(query, json!({})).await["webhookDeliveries"]["nodes"].clone();
    let cancelled = nodes.as_array().unwrap().iter().filter(|node| node["status"] == "CANCELLED");
    assert_eq!(cancelled.count(), 44);
}

/// Two servers claim for one endpoint; the one is told to pause, the other finds it out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_stops_what_another_server_has_claimed() {
    let house = House::wake(Kind::Postgres).await;
    let other = house.neighbour().await;
    let receiver = house.subscribe(["link.created"]).answering([Act::Late(Duration::from_secs(3))]).await;
    for _ in 0..5 {
        links(&house, 60).await;
    }
    both_have_claimed(&house).await;

    update(&house, &receiver, json!({ "status": "PAUSED" })).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let sent = receiver.peer.seen().len();
    tokio::time::sleep(Duration::from_millis(3_500)).await;

    assert_eq!(receiver.peer.seen().len(), sent);
    assert!(sent < 200, "{sent}");
    other.stop().await;
    house.leave().await;
}

async fn both_have_claimed(house: &House) {
    let nodes = || delivery::Entity::find().select_only().column(delivery::Column::ClaimedBy).distinct();
    let claimed = || nodes().filter(delivery::Column::ClaimedBy.is_not_null());
    let both = async {
        while claimed().into_tuple::<Option<NodeId>>().all(&house.app().db).await.unwrap().len() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(crate::house::PATIENCE, both).await.expect("both servers claim");
}
