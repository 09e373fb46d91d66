//! Order per link: what an ordered endpoint gets about one link, it gets in the order it happened, and
//! nobody else waits for it.

use std::collections::HashMap;
use std::time::Duration;

use entity::DeliveryStatus::{Exhausted, Pending};
use entity::{DeliveryTurn, LinkId, delivery};
use futures_util::future::join_all;
use postern::domain::event::{Facts, Kind};
use postern::service::delivery::{claim, settle};
use postern::service::{Error, link};
use postern::store;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use crate::house::{Act, House, Receiver};

stories! {
    the_next_event_of_a_link_waits_for_the_one_before,
    what_one_link_waits_for_no_other_link_waits_for,
    a_delivery_that_is_given_up_lets_the_next_one_go,
    events_of_one_transaction_go_one_after_another,
    a_line_is_parked_and_enabled_with_its_endpoint,
    what_waits_is_lined_up_when_an_endpoint_becomes_ordered,
    what_is_claimed_outside_of_its_line_is_put_into_it,
    what_stands_behind_goes_at_once_when_an_endpoint_is_no_longer_ordered,
    what_is_recovered_goes_in_order_too,
    a_delivery_that_is_sent_again_on_request_waits_for_nobody,
    a_deleted_endpoint_leaves_nothing_behind,
    whoever_was_left_behind_is_found,
    a_crash_in_the_middle_keeps_the_order,
    what_stands_behind_is_neither_due_nor_claimed,
    whoever_is_let_go_lies_on_the_desk_at_once,
}

stories_of_life! {
    order_is_kept_while_every_fifth_attempt_fails,
}

const SOON: Duration = Duration::from_secs(7);

pub(crate) fn ordered(house: &House) -> crate::house::receiver::Wanted {
    house.subscribe([]).with("ordering", json!("PER_LINK"))
}

pub(crate) async fn link(house: &House) -> LinkId {
    house.partner.create_link().await.id.parse().unwrap()
}

async fn update(house: &House, receiver: &Receiver, mut fields: Value) {
    fields["id"] = json!(receiver.id);
    let updated = house.partner.mutate("updateWebhookEndpoint", fields).await;
    assert_eq!(updated["userErrors"], json!([]));
}

/// The numbers in which the events of each link came, whatever was answered.
fn numbers(receiver: &Receiver) -> HashMap<String, Vec<i64>> {
    let mut numbers: HashMap<String, Vec<i64>> = HashMap::new();
    for payload in receiver.payloads() {
        let link = &payload["data"]["link"];
        numbers
            .entry(link["id"].as_str().unwrap().to_owned())
            .or_default()
            .push(link["sequence"].as_i64().unwrap());
    }
    numbers
}

/// The numbers of the one link there is.
pub(crate) fn numbers_of_one(receiver: &Receiver) -> Vec<i64> {
    numbers(receiver).into_values().next().unwrap_or_default()
}

pub(crate) async fn behind(house: &House) -> u64 {
    let behind = delivery::Entity::find().filter(delivery::Column::Turn.eq(DeliveryTurn::Behind));
    behind.count(&house.app().db).await.unwrap()
}

async fn the_next_event_of_a_link_waits_for_the_one_before(house: &mut House) {
    let receiver = ordered(house).answering([500, 204]).await;
    let one = link(house).await;
    house.note(one).await;
    house.note(one).await;

    house.deliver().await;
    assert_eq!(numbers_of_one(&receiver), [1]);
    house.pass(SOON);
    house.deliver().await;

    receiver.saw([500, 204, 204, 204]).with_valid_signatures();
    assert_eq!(numbers_of_one(&receiver), [1, 1, 2, 3]);
}

async fn what_one_link_waits_for_no_other_link_waits_for(house: &mut House) {
    let receiver = ordered(house).answering([500, 204]).await;
    let blocked = link(house).await;
    house.deliver().await;
    let other = link(house).await;
    for one in [blocked, other] {
        house.note(one).await;
    }

    house.deliver().await;

    assert_eq!(numbers(&receiver)[&blocked.to_string()], [1]);
    assert_eq!(numbers(&receiver)[&other.to_string()], [1, 2]);
}

async fn a_delivery_that_is_given_up_lets_the_next_one_go(house: &mut House) {
    let receiver = ordered(house).with("retrySchedule", json!([])).answering([500, 204]).await;
    let one = link(house).await;
    house.note(one).await;

    house.deliver().await;

    assert_eq!(numbers_of_one(&receiver), [1, 2]);
    receiver.saw([500, 204]);
}

async fn events_of_one_transaction_go_one_after_another(house: &mut House) {
    let receiver = ordered(house).answering([204, 500, 204]).await;
    let one = link(house).await;
    house.deliver().await;
    let (workspace, now) = (workspace_of(house).await, house.now());
    let twice = store::transact(&house.app().db, async move |tx| {
        let mut row = store::link::lock(&tx, workspace, one).await?;
        for _ in 0..2 {
            link::note(&tx, now, &mut row, Kind::LoginPrompted, Facts::default()).await?;
        }
        Ok::<_, Error>(())
    });
    twice.await.unwrap();

    house.deliver().await;
    assert_eq!(numbers_of_one(&receiver), [1, 2]);
    house.pass(SOON);
    house.deliver().await;

    assert_eq!(numbers_of_one(&receiver), [1, 2, 2, 3]);
}

pub(crate) async fn workspace_of(house: &House) -> entity::WorkspaceId {
    entity::workspace::Entity::find().one(&house.app().db).await.unwrap().unwrap().id
}

async fn a_line_is_parked_and_enabled_with_its_endpoint(house: &mut House) {
    let receiver = ordered(house).answering([500, 204]).await;
    let one = link(house).await;
    house.note(one).await;
    house.deliver().await;

    update(house, &receiver, json!({ "status": "PAUSED" })).await;
    house.note(one).await;
    house.straighten().await;
    house.pass(Duration::from_hours(24));
    assert_eq!(house.deliver().await, 0);
    update(house, &receiver, json!({ "status": "ENABLED" })).await;
    house.straighten().await;
    house.deliver().await;

    assert_eq!(numbers_of_one(&receiver), [1, 1, 2, 3]);
}

/// An endpoint that takes events as they come, three events of a link of which two were refused, and then
/// the partner's wish for order.
async fn three_refused(house: &House, then: &[u16]) -> Receiver {
    let receiver = house.subscribe([]).answering([&[500, 500, 500], then].concat()).await;
    let one = link(house).await;
    house.note(one).await;
    house.note(one).await;
    house.deliver().await;
    assert_eq!(receiver.payloads().len(), 3);
    update(house, &receiver, json!({ "ordering": "PER_LINK" })).await;
    house.note(one).await;
    receiver
}

async fn what_waits_is_lined_up_when_an_endpoint_becomes_ordered(house: &mut House) {
    let receiver = three_refused(house, &[204]).await;

    house.straighten().await;
    assert_eq!(behind(house).await, 3);
    house.pass(SOON);
    house.deliver().await;

    assert_eq!(numbers_of_one(&receiver)[3..], [1, 2, 3, 4]);
    assert_eq!(house.straighten().await, 0);
}

async fn what_is_claimed_outside_of_its_line_is_put_into_it(house: &mut House) {
    let receiver = three_refused(house, &[204, 500, 204]).await;

    house.pass(SOON);
    house.deliver().await;
    // The fourth has no line yet; of the others the first is refused once more, and they wait for it.
    assert_eq!(numbers_of_one(&receiver)[3..], [4, 1]);
    house.pass(Duration::from_mins(7));
    house.deliver().await;

    assert_eq!(numbers_of_one(&receiver)[5..], [1, 2, 3]);
    assert_eq!(behind(house).await, 0);
}

async fn what_stands_behind_goes_at_once_when_an_endpoint_is_no_longer_ordered(house: &mut House) {
    let receiver = ordered(house).answering([500, 204]).await;
    let one = link(house).await;
    house.note(one).await;
    house.note(one).await;
    house.deliver().await;

    update(house, &receiver, json!({ "ordering": "NONE" })).await;
    house.straighten().await;
    house.deliver().await;

    let mut came = numbers_of_one(&receiver);
    came[1..].sort_unstable();
    assert_eq!(came, [1, 2, 3]);
    house.pass(SOON);
    house.deliver().await;
    receiver.saw([500, 204, 204, 204]);
}

async fn what_is_recovered_goes_in_order_too(house: &mut House) {
    let mut refused = vec![500; 30];
    refused.push(204);
    let receiver = ordered(house).with("retrySchedule", json!([])).answering(refused).await;
    let links = join_all((0..10).map(|_| link(house))).await;
    for _ in 0..2 {
        join_all(links.iter().map(|one| house.note(*one))).await;
    }
    house.deliver().await;
    assert_eq!(receiver.payloads().len(), 30);

    let wanted = json!({ "endpointId": receiver.id, "since": "2026-11-22T00:00:00Z" });
    house.pass(Duration::from_millis(1));
    let counted = house.partner.mutate("recoverDeliveries", wanted).await;
    house.recover().await;
    house.deliver().await;

    assert_eq!(counted["count"], 30);
    assert!(numbers(&receiver).into_values().all(|numbers| numbers == [1, 2, 3, 1, 2, 3]));
}

async fn a_delivery_that_is_sent_again_on_request_waits_for_nobody(house: &mut House) {
    let receiver = ordered(house).answering([204, 500, 204]).await;
    let one = link(house).await;
    house.deliver().await;
    house.note(one).await;
    house.note(one).await;
    house.deliver().await;
    assert_eq!(numbers_of_one(&receiver), [1, 2]);

    let first = delivery::Entity::find().filter(delivery::Column::Sequence.eq(1));
    let first = first.one(&house.app().db).await.unwrap().unwrap();
    house.partner.mutate("resendDelivery", json!({ "id": first.id.to_string() })).await;
    house.deliver().await;
    house.pass(SOON);
    house.deliver().await;

    assert_eq!(numbers_of_one(&receiver), [1, 2, 1, 2, 3]);
}

async fn a_deleted_endpoint_leaves_nothing_behind(house: &mut House) {
    let receiver = ordered(house).answering([500]).await;
    let one = link(house).await;
    house.note(one).await;
    house.deliver().await;

    house.partner.mutate("deleteWebhookEndpoint", json!({ "id": receiver.id })).await;
    house.straighten().await;

    let waiting = delivery::Entity::find().filter(delivery::Column::Status.eq(Pending));
    assert_eq!((waiting.count(&house.app().db).await.unwrap(), behind(house).await), (0, 0));
}

async fn whoever_was_left_behind_is_found(house: &mut House) {
    let receiver = ordered(house).answering([500, 204]).await;
    let one = link(house).await;
    house.note(one).await;
    house.note(one).await;
    house.deliver().await;
    // As if somebody had ended the first without a look at the line.
    let ended = delivery::Entity::update_many().col_expr(delivery::Column::Status, Expr::value(Exhausted));
    let ended = ended.filter(delivery::Column::Sequence.eq(1));
    let database = house.database.open().await;
    ended.exec(&database).await.unwrap();
    house.pass(SOON);
    assert_eq!(house.deliver().await, 0);

    house.straighten().await;
    house.deliver().await;

    assert_eq!(numbers_of_one(&receiver), [1, 2, 3]);
}

async fn a_crash_in_the_middle_keeps_the_order(house: &mut House) {
    let receiver = ordered(house).answering([Act::Status(204), Act::Hang, Act::Status(204)]).await;
    let one = link(house).await;
    house.note(one).await;
    house.note(one).await;
    tokio::select! {
        sent = house.deliver() => panic!("{sent} attempts came back from a receiver that hangs"),
        () = receiver.peer.has_seen(2) => {}
    }

    house.crash().await;
    house.deliver().await;

    receiver.saw([204, 0, 204, 204]);
    assert_eq!(numbers_of_one(&receiver), [1, 2, 2, 3]);
}

async fn what_stands_behind_is_neither_due_nor_claimed(house: &mut House) {
    let receiver = ordered(house).with("retrySchedule", json!(["PT5H"])).answering([500]).await;
    let one = link(house).await;
    house.deliver().await;
    for _ in 0..20 {
        house.note(one).await;
    }
    house.pass(Duration::from_hours(3));

    let claimed = claim(house.app(), 100, Vec::new()).await.unwrap();

    assert!(claimed.sendings.is_empty());
    let first = delivery::Entity::find().filter(delivery::Column::Sequence.eq(1));
    let first = first.one(&house.app().db).await.unwrap().unwrap();
    assert_eq!(claimed.next_due, first.next_attempt_at);
    assert_eq!(behind(house).await, 20);
    assert_eq!(numbers_of_one(&receiver), [1]);
}

/// Answers of which about every fifth is a refusal.
fn wavering() -> Vec<u16> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..5_000).map(|_| if next() % 5 == 0 { 500 } else { 204 }).collect()
}

async fn order_is_kept_while_every_fifth_attempt_fails(house: &mut House) {
    let schedule = json!(["PT0.05S", "PT0.1S", "PT0.2S", "PT0.2S", "PT0.2S", "PT0.2S"]);
    let receiver = ordered(house).with("retrySchedule", schedule).answering(wavering()).await;
    let links = join_all((0..30).map(|_| link(house))).await;
    for _ in 0..6 {
        join_all(links.iter().map(|one| house.note(*one))).await;
    }

    let all_over = async {
        let waiting = || delivery::Entity::find().filter(delivery::Column::Status.eq(Pending));
        while waiting().count(&house.app().db).await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(crate::house::PATIENCE, all_over).await.expect("everything is sent in time");

    for (link, numbers) in numbers(&receiver) {
        assert!(numbers.is_sorted(), "{link}: {numbers:?}");
        assert_eq!(numbers.last(), Some(&7), "{link}");
    }
    assert!(receiver.peer.seen().len() > 220, "some were refused");
}

async fn whoever_is_let_go_lies_on_the_desk_at_once(house: &mut House) {
    let _receiver = ordered(house).answering([204]).await;
    let one = link(house).await;
    house.note(one).await;
    let app = house.app();
    app.bus.desk.open();

    let claimed = claim(app, 10, Vec::new()).await.unwrap().sendings;
    let reports = join_all(claimed.into_iter().map(|sending| sending.attempt(app))).await;
    settle(app, reports.into()).await.unwrap();

    let lies_there: Vec<_> = app.bus.desk.take().iter().map(|taken| taken.delivery.clone()).collect();
    let [second] = lies_there.try_into().unwrap();
    assert_eq!((second.sequence, second.claimed_by), (Some(2), Some(app.node)));
}
