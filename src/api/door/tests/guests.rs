//! How often one key may ask, how much it may keep open, and how often strangers may try.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::Rate;
use super::streams::Socket;
use super::{Toy, code, post, text};

/// So many at once, and no more while a test runs.
fn at_once(count: u32) -> Rate {
    Rate { period: Duration::from_hours(1), burst: NonZeroU32::new(count).unwrap() }
}

async fn ask(toy: &Toy, query: &str) -> Response {
    let body = json!({ "query": query }).to_string();
    toy.send(post("application/json, text/event-stream;q=0.5").body(body.into()).unwrap()).await
}

#[tokio::test]
async fn a_key_that_asks_too_often_is_told_when_to_come_back() {
    let toy = Toy::with(|settings| settings.rate = Some(at_once(2)));
    for left in ["\"key\";r=1", "\"key\";r=0"] {
        let response = ask(&toy, "{ caller }").await;
        assert_eq!(
            (response.status(), &response.headers()["ratelimit"]),
            (StatusCode::OK, &left.parse().unwrap())
        );
    }

    let response = ask(&toy, "{ caller }").await;

    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()["ratelimit-policy"], "\"key\";q=2;w=7200");
    let wait: u64 = response.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((3_000..=3_600).contains(&wait), "{wait}");
    assert_eq!(response.headers()["ratelimit"], format!("\"key\";r=0;t={wait}"));
    let answer: Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(
        (code(&answer).as_str(), &answer["errors"][0]["extensions"]["retryAfter"]),
        ("RATE_LIMITED", &json!(wait))
    );
}

#[tokio::test]
async fn without_a_rate_nothing_is_counted() {
    let toy = Toy::with(|settings| settings.rate = None);
    let response = ask(&toy, "{ caller }").await;
    assert!(response.headers().get("ratelimit").is_none());
}

#[tokio::test]
async fn an_operation_too_many_on_a_socket_is_an_error_and_the_socket_lives() {
    let toy = Toy::with(|settings| settings.rate = Some(at_once(1)));
    let mut socket = Socket::open(&toy).await;
    socket.subscribe("1", "subscription { silence }").await;

    socket.subscribe("2", "{ caller }").await;

    let answer = socket.hear().await;
    assert_eq!((&answer["type"], &answer["id"]), (&json!("error"), &json!("2")));
    assert_eq!(answer["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong" }));
}

#[tokio::test]
async fn a_key_keeps_no_more_streams_and_sockets_open_than_it_may() {
    let toy = Toy::with(|settings| settings.connections = 2);
    let silence = "subscription { silence }";
    let stream = ask(&toy, silence).await;
    let _socket = Socket::open(&toy).await;

    let refused = ask(&toy, silence).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    let mut closed = Socket::try_open(&toy, "psk_good").await;
    assert_eq!(closed.close_code().await, 1013);
    assert_eq!(ask(&toy, "{ caller }").await.status(), StatusCode::OK, "what does not last is not counted");

    drop(stream);
    assert_eq!(ask(&toy, silence).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn keys_of_one_crowd_keep_no_more_open_together_than_it_may() {
    let toy = Toy::with(|settings| {
        settings.crowd_connections = 2;
        settings.recheck = Duration::from_hours(1);
    });
    let silence = "subscription { silence }";
    let stream = ask(&toy, silence).await;
    let mut second = Socket::try_open(&toy, "psk_good2").await;
    assert_eq!(second.hear().await["type"], "connection_ack");

    for crowded in ["psk_good", "psk_good2"] {
        let mut closed = Socket::try_open(&toy, crowded).await;
        assert_eq!(closed.close_code().await, 1013, "{crowded}");
    }
    assert_eq!(ask(&toy, silence).await.status(), StatusCode::TOO_MANY_REQUESTS);
    let mut elsewhere = Socket::try_open(&toy, "psk_other").await;
    assert_eq!(elsewhere.hear().await["type"], "connection_ack", "others are not in this crowd");

    // What a key had open that is known no more makes room, once, for what the other one opens.
    toy.revoke();
    assert_eq!(ask(&toy, "{ caller }").await.status(), StatusCode::UNAUTHORIZED);
    drop(stream);
    let mut third = Socket::try_open(&toy, "psk_good2").await;
    assert_eq!(third.hear().await["type"], "connection_ack");
    let mut closed = Socket::try_open(&toy, "psk_good2").await;
    assert_eq!(closed.close_code().await, 1013);
}

#[tokio::test]
async fn strangers_may_try_so_many_keys_and_keep_nobody_out_who_is_known() {
    let toy = Toy::with(|settings| settings.strangers = at_once(3));
    let try_key = async |address: &str, key: &str| {
        let mut request = Request::get("/graphql?query=%7Bcaller%7D")
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .body(Body::empty())
            .unwrap();
        let peer: SocketAddr = address.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        toy.send(request).await.status().as_u16()
    };

    assert_eq!(try_key("203.0.113.9:1", "psk_good").await, 200);
    let mut tried = Vec::new();
    for number in 0..4 {
        tried.push(try_key("203.0.113.9:2", &format!("psk_bad{number}")).await);
    }

    assert_eq!(tried, [401, 401, 429, 429]);
    assert_eq!(try_key("203.0.113.9:3", "psk_good").await, 200);
    assert_eq!(try_key("198.51.100.1:1", "psk_bad").await, 401, "another address has tries of its own");
}
