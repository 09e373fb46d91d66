//! Time: links end by themselves.

use std::time::Duration;

use serde_json::json;

use crate::house::House;

stories! {
    a_link_expires_when_its_time_is_over,
    a_link_is_unusable_at_its_last_moment_even_before_it_is_swept,
    many_links_expire_together,
}

async fn a_link_expires_when_its_time_is_over(house: &mut House) {
    let receiver = house.subscribe(["link.expired"]).await;
    let link = house.partner.create_link_with(json!({ "expiresIn": "PT1M" })).await;

    house.pass(Duration::from_secs(59));
    let early = house.expire().await;
    house.pass(Duration::from_secs(1));
    let on_time = house.expire().await;
    let again = house.expire().await;

    assert_eq!((early, on_time, again), (0, 1, 0));
    assert_eq!(house.partner.events_of(&link.id).await, ["link.created", "link.expired"]);
    house.deliver().await;
    receiver.saw([204]).with_valid_signatures();
    assert_eq!(receiver.payloads()[0]["data"]["failure"]["code"], "LINK_EXPIRED");
}

async fn a_link_is_unusable_at_its_last_moment_even_before_it_is_swept(house: &mut House) {
    let link = house.partner.create_link_with(json!({ "expiresIn": "PT1M" })).await;
    let usable = async || house.partner.link(&link.id, "usable").await["usable"].clone();

    house.pass(Duration::from_millis(59_999));
    assert_eq!(usable().await, true);
    house.pass(Duration::from_millis(1));
    assert_eq!(usable().await, false);
}

async fn many_links_expire_together(house: &mut House) {
    let links = (0..30).map(|_| house.partner.create_link_with(json!({ "expiresIn": "PT1M" })));
    futures_util::future::join_all(links).await;
    house.partner.create_link().await;

    house.pass(Duration::from_mins(2));
    let expired = house.expire().await;

    assert_eq!(expired, 30);
    let filter = json!({ "filter": { "statuses": ["CREATED"] } });
    let left = house
        .partner
        .call("query($filter: LinkFilter) { links(filter: $filter) { nodes { id } } }", filter)
        .await;
    assert_eq!(left["links"]["nodes"].as_array().unwrap().len(), 1);
}
