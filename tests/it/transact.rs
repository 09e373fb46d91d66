//! All or nothing: whatever becomes of the client, a change comes with its event and its delivery.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::house::{House, document};

stories! {
    a_client_that_goes_away_during_create_link_leaves_all_or_nothing,
    a_client_that_goes_away_during_expire_link_leaves_all_or_nothing,
}

/// How often a client goes away, each time at another point.
const TIMES: usize = 60;

/// A mutation as bytes on the line.
fn request(house: &House, mutation: &str, input: &Value) -> Vec<u8> {
    let body = json!({ "query": document(mutation), "variables": { "input": input } }).to_string();
    let (host, key) = (house.url("").authority().to_owned(), &house.partner.key);
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    [head, body].concat().into_bytes()
}

/// Sends a request and goes away: every second time in the middle of it, else at some moment after it.
async fn send_and_go(house: &House, request: Vec<u8>, time: usize) {
    let mut stream = TcpStream::connect(house.url("").authority()).await.unwrap();
    let is_cut = time.is_multiple_of(2);
    let cut = if is_cut { request.len() * time / TIMES } else { request.len() };
    stream.write_all(&request[..cut]).await.unwrap();
    if !is_cut {
        tokio::time::sleep(Duration::from_micros(250 * time as u64)).await;
    }
    stream.set_zero_linger().unwrap();
}

/// The types of all events and the number of all deliveries, by link.
async fn written(house: &House) -> HashMap<String, (String, Vec<String>, usize)> {
    let query = "{ links(first: 100) { nodes { id status events(first: 9) { nodes { type } } } } }";
    let links = house.partner.call(query, json!({})).await["links"]["nodes"].clone();
    let deliveries =
        "query($link: ID) { webhookDeliveries(first: 100, filter: { linkId: $link }) { nodes { id } } }";
    let mut written = HashMap::new();
    for link in links.as_array().unwrap() {
        let id = link["id"].as_str().unwrap();
        let sent =
            house.partner.call(deliveries, json!({ "link": id })).await["webhookDeliveries"]["nodes"].clone();
        let types = crate::house::texts(&link["events"]["nodes"], "type");
        let status = link["status"].as_str().unwrap().to_owned();
        written.insert(id.to_owned(), (status, types, sent.as_array().unwrap().len()));
    }
    written
}

async fn a_client_that_goes_away_during_create_link_leaves_all_or_nothing(house: &mut House) {
    let _receiver = house.subscribe(["link.*"]).await;
    let input = |_| house.partner.link_input(json!({}));

    join_all((0..TIMES).map(|time| send_and_go(house, request(house, "createLink", &input(time)), time)))
        .await;
    house.restart().await;

    let written = written(house).await;
    assert!((1..=TIMES / 2).contains(&written.len()), "{} links", written.len());
    let created = ("CREATED".to_owned(), vec!["link.created".to_owned()], 1);
    assert!(written.values().all(|link| *link == created), "{written:?}");
}

async fn a_client_that_goes_away_during_expire_link_leaves_all_or_nothing(house: &mut House) {
    let _receiver = house.subscribe(["link.expired"]).await;
    let links = join_all((0..TIMES).map(|_| house.partner.create_link())).await;
    let input = |time: usize| json!({ "id": links[time].id });

    join_all((0..TIMES).map(|time| send_and_go(house, request(house, "expireLink", &input(time)), time)))
        .await;
    house.restart().await;

    let written = written(house).await;
    let whole = written.values().filter(|(status, types, sent)| {
        let (status, types) = (status.as_str(), types.join(" "));
        (status, types.as_str(), *sent) == ("EXPIRED", "link.created link.expired", 1)
    });
    let nothing = written.values().filter(|(status, types, sent)| {
        (status.as_str(), types.join(" ").as_str(), *sent) == ("CREATED", "link.created", 0)
    });
    let (whole, nothing) = (whole.count(), nothing.count());
    assert!(whole > 0 && nothing >= TIMES / 2, "{whole} expired, {nothing} did not");
    assert_eq!(whole + nothing, TIMES, "{written:?}");
}
