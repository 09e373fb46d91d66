//! The messages of `graphql-transport-ws`, read and written.

use async_graphql::{Response, ServerError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::document::Params;
use super::super::lexical;
use super::super::settings::DocumentLimits;

/// The most bytes of an operation's id; it is sent back with every event.
const MAX_ID_BYTES: usize = 256;

/// The most bytes of a close frame's reason (RFC 6455, 5.5: 125 with the code).
const MAX_REASON_BYTES: usize = 123;

/// What a client may say.
pub(super) enum Incoming {
    Init { authorization: Option<String> },
    Ping { payload: Option<Value> },
    Pong,
    Subscribe { id: String, params: Params },
    Complete { id: String },
}

#[derive(Deserialize)]
struct Frame {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    payload: Option<Value>,
}

impl Incoming {
    /// Reads one message, or says why it is none.
    pub(super) fn read(text: &str, limits: &DocumentLimits) -> Result<Self, String> {
        if !text.trim_start().starts_with('{') {
            return Err("A message is a JSON object".to_owned());
        }
        if lexical::check_json(text.as_bytes(), limits).is_err() {
            return Err(format!("A message has at most {} values", limits.values));
        }
        let frame: Frame = serde_json::from_str(text).map_err(|error| format!("Invalid message: {error}"))?;
        let payload = frame.payload;
        match frame.kind.as_str() {
            "connection_init" => Ok(Self::Init { authorization: authorization(object(payload)?) }),
            "ping" => Ok(Self::Ping { payload: object(payload)?.map(Value::Object) }),
            "pong" => object(payload).map(|_| Self::Pong),
            "complete" => Ok(Self::Complete { id: identifier(frame.id)? }),
            "subscribe" => Ok(Self::Subscribe { id: identifier(frame.id)?, params: params(payload)? }),
            _ => Err("Unknown message type".to_owned()),
        }
    }
}

fn object(payload: Option<Value>) -> Result<Option<Map<String, Value>>, String> {
    match payload {
        None => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err("A payload is a JSON object".to_owned()),
    }
}

/// Clients write the name as they write the header's.
fn authorization(payload: Option<Map<String, Value>>) -> Option<String> {
    let named = payload?.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    match named {
        Some((_, Value::String(credentials))) => Some(credentials),
        _ => None,
    }
}

fn identifier(id: Option<String>) -> Result<String, String> {
    id.filter(|id| (1..=MAX_ID_BYTES).contains(&id.len()))
        .ok_or_else(|| format!("A message of this type has an id of 1 to {MAX_ID_BYTES} bytes"))
}

fn params(payload: Option<Value>) -> Result<Params, String> {
    let payload = object(payload)?.ok_or("A subscribe message has a payload")?;
    serde_json::from_value(Value::Object(payload)).map_err(|error| format!("Invalid payload: {error}"))
}

/// What we say.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Outgoing<'a> {
    ConnectionAck,
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Value>,
    },
    Next {
        id: &'a str,
        payload: &'a Response,
    },
    Error {
        id: String,
        payload: Vec<ServerError>,
    },
    Complete {
        id: &'a str,
    },
}

/// As much of `text` as a close frame can hold.
pub(super) fn reason(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_REASON_BYTES)].to_owned()
}
