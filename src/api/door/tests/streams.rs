//! What lasts: event streams and sockets.

use axum::http::HeaderValue;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{Toy, post, soon, text};

const STREAM: &str = "text/event-stream";

#[tokio::test]
async fn an_event_stream_goes_on_after_the_last_event_seen() {
    let request = post(STREAM).header("last-event-id", "2");
    let body = json!({ "query": "subscription { count(to: 4) }" }).to_string();
    let response = Toy::new().send(request.body(body.into()).unwrap()).await;
    assert_eq!(response.headers()["x-accel-buffering"], "no");

    let events = text(response).await;

    assert_eq!(
        events,
        "event: next\ndata: {\"data\":{\"count\":3}}\nid: 3\n\n\
         event: next\ndata: {\"data\":{\"count\":4}}\nid: 4\n\n\
         event: complete\ndata: null\n\n"
    );
}

#[tokio::test]
async fn a_revoked_key_ends_its_event_streams() {
    let toy = Toy::new();
    let body = json!({ "query": "subscription { silence }" }).to_string();
    let response = toy.send(post(STREAM).body(body.into()).unwrap()).await;

    toy.revoke();

    let events = text(response).await;
    assert!(events.contains("UNAUTHENTICATED"), "{events}");
}

#[tokio::test]
async fn a_source_that_fails_is_one_error_and_leaks_nothing() {
    let mut socket = Socket::open(&Toy::new()).await;
    socket.subscribe("1", "subscription { failing }").await;

    let answer = socket.hear().await;

    assert_eq!((&answer["type"], &answer["id"]), (&json!("error"), &json!("1")));
    assert_eq!(answer["payload"][0]["extensions"]["code"], "INTERNAL");
    assert!(!answer.to_string().contains("hunter2"));
}

#[tokio::test]
async fn a_revoked_key_closes_its_sockets() {
    let toy = Toy::new();
    let mut socket = Socket::open(&toy).await;
    socket.subscribe("1", "subscription { silence }").await;

    toy.revoke();

    assert_eq!(socket.close_code().await, 4403);
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let toy = Toy::new();
    let mut socket = Socket::open(&toy).await;

    toy.closing.cancel();

    assert_eq!(socket.close_code().await, 1012);
}

#[tokio::test]
async fn a_connection_runs_no_more_than_it_may_and_lives_on() {
    let toy = Toy::with(|settings| settings.socket.operations = 1);
    let mut socket = Socket::open(&toy).await;
    socket.subscribe("1", "subscription { silence }").await;

    socket.subscribe("2", "{ caller }").await;
    let refused = socket.hear().await;
    assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED");

    socket.say(json!({ "type": "complete", "id": "1" })).await;
    socket.subscribe("3", "{ caller }").await;
    assert_eq!(socket.hear().await["payload"], json!({ "data": { "caller": "partner" } }));
}

#[tokio::test]
async fn a_panic_ends_its_operation_and_not_the_connection() {
    let mut socket = Socket::open(&Toy::new()).await;
    socket.subscribe("1", "{ panicking }").await;
    assert_eq!(socket.hear().await["payload"][0]["extensions"]["code"], "INTERNAL");

    socket.subscribe("1", "{ caller }").await;
    assert_eq!(socket.hear().await["payload"], json!({ "data": { "caller": "partner" } }));
}

#[tokio::test]
async fn a_message_over_the_limit_is_told_as_such() {
    let toy = Toy::with(|settings| settings.socket.message_bytes = 1_000);
    let mut socket = Socket::open(&toy).await;

    socket.subscribe("1", &"x".repeat(1_000)).await;

    assert_eq!(socket.close_code().await, 1009);
}

/// A client, usually one that was let in.
pub(super) struct Socket(WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>);

impl Socket {
    pub(super) async fn open(toy: &Toy) -> Self {
        let mut socket = Self::try_open(toy, "psk_good").await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
        socket
    }

    /// A client that has said its key and not yet heard anything.
    pub(super) async fn try_open(toy: &Toy, key: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/graphql", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, toy.app.clone()).into_future());
        let mut request = url.into_client_request().unwrap();
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let mut socket = Self(connect_async(request).await.unwrap().0);
        let payload = json!({ "Authorization": format!("Bearer {key}") });
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        socket
    }

    pub(super) async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    pub(super) async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await;
    }

    pub(super) async fn hear(&mut self) -> Value {
        let message = soon(self.0.next()).await.unwrap().unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }

    pub(super) async fn close_code(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = soon(self.0.next()).await.unwrap().unwrap() {
                return frame.unwrap().code.into();
            }
        }
    }
}
