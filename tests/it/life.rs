//! A server that lives by itself: nobody moves a worker, and things happen all the same, soon.

use std::time::Duration;

use serde_json::json;

use crate::house::bank::PASSWORD;
use crate::house::{Act, House, Told};

stories_of_life! {
    a_link_is_told_without_anybodys_hand,
    a_refused_delivery_comes_back_by_itself,
    a_receiver_that_hangs_does_not_slow_another,
    a_customer_signs_in_while_the_partner_follows,
}

async fn a_link_is_told_without_anybodys_hand(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;

    house.partner.create_link().await;
    receiver.peer.has_seen(1).await;

    receiver.saw([204]).with_valid_signatures();
}

async fn a_refused_delivery_comes_back_by_itself(house: &mut House) {
    let soon = json!(["PT0.1S", "PT0.1S"]);
    let receiver =
        house.subscribe(["link.created"]).with("retrySchedule", soon).answering([500, 503, 200]).await;

    house.partner.create_link().await;
    // Not only when the hub looks for what it may have missed, which it does every five seconds.
    let soon = tokio::time::timeout(Duration::from_secs(4), receiver.peer.has_seen(3));
    soon.await.expect("both delays together are 0.2 seconds");

    receiver.saw([500, 503, 200]).with_one_id().with_valid_signatures();
}

async fn a_receiver_that_hangs_does_not_slow_another(house: &mut House) {
    let hanging = house.subscribe(["link.created"]).answering([Act::Hang]).await;
    let healthy = house.subscribe(["link.created"]).await;

    let links = (0..100).map(|_| house.partner.create_link());
    futures_util::future::join_all(links).await;

    // An attempt at the one that hangs takes 15 seconds; what the other gets takes far less in all.
    let all = tokio::time::timeout(Duration::from_secs(10), healthy.peer.has_seen(100));
    all.await.expect("the healthy receiver hears of every link at once");
    assert!(hanging.peer.seen().len() < 100, "{} requests hang", hanging.peer.seen().len());
}

async fn a_customer_signs_in_while_the_partner_follows(house: &mut House) {
    let link = house.partner.create_link().await;
    let mut socket = house.partner.socket().await;
    socket.follow_status(json!({ "linkId": link.id, "after": link.cursor })).await;
    let mut customer = house.customer();

    let opening = customer.begin(&link.url).await;
    let asked = customer.wait(&opening).await;
    let again = customer.press(&asked, "Sign in", &[("User name", "good"), ("Password", "wrong")]).await;
    customer
        .press(&again, "Sign in", &[("User name", "good"), ("Password", PASSWORD)])
        .await
        .says("You are signed in");

    let statuses = ["ACCESSED", "AUTHENTICATING", "IN_PROGRESS", "COMPLETED"];
    assert_eq!(socket.statuses(4).await, statuses.map(|status| format!("{} {status}", link.id)));
    assert_eq!(socket.next().await, Told::Complete);
}
