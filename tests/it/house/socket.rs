//! The partner's live lines: GraphQL over a WebSocket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use url::Url;

use super::PATIENCE;

pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_id: u32,
}

/// What the server said, as far as a subscriber cares.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    /// The data of one event.
    Next(Value),
    /// The subscription is over.
    Complete,
    /// The subscription was refused.
    Error(Value),
    /// The whole line is over, with this code.
    Closed(u16),
}

impl Socket {
    /// A line on which the key was welcome, or the code with which it was closed.
    pub(super) async fn open(graphql: &Url, key: &str) -> Result<Self, u16> {
        let mut url = graphql.clone();
        url.set_scheme("ws").unwrap();
        let mut request = url.as_str().into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let (stream, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        let mut socket = Self { stream, last_id: 0 };
        let authorization = format!("Bearer {key}");
        socket.say(json!({ "type": "connection_init", "payload": { "Authorization": authorization } })).await;
        let greeting = socket.hear().await?;
        assert_eq!(greeting["type"], "connection_ack");
        Ok(socket)
    }

    pub(crate) async fn subscribe(&mut self, query: &str, variables: Value) {
        self.last_id += 1;
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "type": "subscribe", "id": self.last_id.to_string(), "payload": payload })).await;
    }

    /// Follows the status of links; `arguments` such as `{"linkId": …, "after": …}`.
    pub(crate) async fn follow_status(&mut self, arguments: Value) {
        let query = "subscription($linkId: ID, $externalId: String, $jobId: ID, $after: EventCursor) {
            linkStatusChanged(linkId: $linkId, externalId: $externalId, jobId: $jobId, after: $after) {
                cursor previousStatus status sequence link { id } failure { code siteMessage } } }";
        self.subscribe(query, arguments).await;
    }

    /// The next thing the server says about subscriptions.
    pub(crate) async fn next(&mut self) -> Told {
        let message = match self.hear().await {
            Ok(message) => message,
            Err(code) => return Told::Closed(code),
        };
        match message["type"].as_str().unwrap() {
            "next" => {
                let payload = &message["payload"];
                assert!(payload.get("errors").is_none(), "{payload}");
                Told::Next(payload["data"].as_object().unwrap().values().next().unwrap().clone())
            }
            "complete" => Told::Complete,
            "error" => Told::Error(message["payload"].clone()),
            other => panic!("a {other} message"),
        }
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> Value {
        match self.next().await {
            Told::Next(event) => event,
            other => panic!("no event but {other:?}"),
        }
    }

    /// The next `count` events, each as `lnk_… STATUS`.
    pub(crate) async fn statuses(&mut self, count: usize) -> Vec<String> {
        let mut told = Vec::with_capacity(count);
        for _ in 0..count {
            let event = self.event().await;
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            told.push(format!("{} {}", text(&event["link"]["id"]), text(&event["status"])));
        }
        told
    }

    /// The next event, if one comes at once.
    pub(crate) async fn hears_soon(&mut self) -> Option<Value> {
        match tokio::time::timeout(Duration::from_millis(150), self.next()).await {
            Ok(Told::Next(event)) => Some(event),
            Ok(other) => panic!("no event but {other:?}"),
            Err(_) => None,
        }
    }

    async fn say(&mut self, message: Value) {
        self.stream.send(Message::text(message.to_string())).await.unwrap();
    }

    /// One message, or the code with which the line was closed.
    async fn hear(&mut self) -> Result<Value, u16> {
        loop {
            let heard = tokio::time::timeout(PATIENCE, self.stream.next()).await;
            match heard.expect("the server says something in time") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("the line broke: {other:?}"),
            }
        }
    }
}
