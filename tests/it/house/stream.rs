//! The partner's live lines: GraphQL over server-sent events.

use serde_json::{Value, json};

use super::{PATIENCE, Partner};

/// One subscription, as lines of text that come in.
pub(crate) struct Stream {
    answer: reqwest::Response,
    text: String,
}

/// One server-sent event.
#[derive(Debug, PartialEq)]
pub(crate) struct Sent {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

impl Partner {
    /// Subscribes; `last_seen` is what a browser sends when it comes back.
    pub(crate) async fn stream(&self, query: &str, variables: Value, last_seen: Option<&str>) -> Stream {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut request = self.request().body(body).build().unwrap();
        let headers = request.headers_mut();
        headers.insert("accept", "text/event-stream".parse().unwrap());
        if let Some(id) = last_seen {
            headers.insert("last-event-id", id.parse().unwrap());
        }
        let answer = super::http().execute(request).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &"text/event-stream".parse().unwrap())
        );
        Stream { answer, text: String::new() }
    }
}

impl Stream {
    /// The next event; `None` when the server has said its last.
    pub(crate) async fn next(&mut self) -> Option<Sent> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                // Comments keep the line alive and say nothing.
                if let Some(sent) = read(&event) {
                    return Some(sent);
                }
            } else {
                let chunk = tokio::time::timeout(PATIENCE, self.answer.chunk()).await;
                let chunk = chunk.expect("the server says something in time").unwrap()?;
                self.text += std::str::from_utf8(&chunk).unwrap();
            }
        }
    }
}

fn read(event: &str) -> Option<Sent> {
    let field = |name: &str| {
        let value = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.map(|value| value.trim_start().to_owned())
    };
    let data = serde_json::from_str(&field("data")?).unwrap();
    Some(Sent { name: field("event").unwrap_or_default(), id: field("id"), data })
}
