//! GraphQL over HTTP: POST and GET as the specification has them, and the way to the other transports.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Executor, Response as GraphQlResponse};
use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, UPGRADE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::document::{self, Operation, Params};
use super::execute::Outcome;
use super::gate::{self, Refused};
use super::negotiate::{Accept, Json};
use super::refusal::Refusal;
use super::settings::Settings;
use super::{Door, sse, ws};
use crate::domain::Secret;

/// Bytes that are read of a body whose sender is not let in.
const FORGOTTEN: usize = 256 * 1_024;

/// Answers one request, whatever it is.
pub(super) async fn serve<E, C>(State(door): State<Arc<Door<E, C>>>, request: Request) -> Response
where
    E: Executor,
    C: Clone + Send + Sync + 'static,
{
    let (parts, body) = request.into_parts();
    if parts.headers.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket")) {
        return ws::upgrade(door, parts).await;
    }
    let accept = Accept::of(&parts.headers);
    let answered = match admit(&door, accept, &parts).await {
        Ok(admitted) => answer(&door, accept, (&parts, admitted), body).await,
        Err(refusal) => {
            forget(body, door.settings.body_wait).await;
            Err(refusal)
        }
    };
    match answered {
        Ok(response) => response,
        Err(refusal) => refuse(&refusal, accept.for_errors()),
    }
}

/// Who asks, if it may be asked like this at all: decided before anything of the body is kept.
async fn admit<E, C>(door: &Door<E, C>, accept: Accept, parts: &Parts) -> Result<(Secret, C), Refusal>
where
    E: Executor,
    C: Clone + Send + Sync + 'static,
{
    if !matches!(parts.method, Method::GET | Method::HEAD | Method::POST) {
        return Err(Refusal::method("GraphQL is asked by GET or POST.", "GET, POST"));
    }
    if accept.json.is_none() && !accept.stream {
        let message = "Accept must allow application/graphql-response+json, application/json or \
                       text/event-stream.";
        return Err(Refusal::not_acceptable(message));
    }
    let key = gate::presented(&parts.headers).ok_or(Refused::Unauthenticated)?;
    let caller = door.gate.admit(key.clone()).await?;
    Ok((key, caller))
}

async fn answer<E, C>(
    door: &Door<E, C>,
    accept: Accept,
    (parts, (key, caller)): (&Parts, (Secret, C)),
    body: Body,
) -> Result<Response, Refusal>
where
    E: Executor,
    C: Clone + Send + Sync + 'static,
{
    let params = params(&door.settings, parts, body).await?;
    let operation = document::read(params, &door.settings.document, &door.known)?;
    if operation.kind == OperationType::Mutation && parts.method != Method::POST {
        return Err(Refusal::method("Mutations are sent by POST.", "POST"));
    }
    match form(accept, operation.kind)? {
        None => stream(door, operation, key, &parts.headers).await,
        Some(json) => Ok(match door.engine.clone().once(door.prepared(operation, caller)).await {
            Outcome::Refused(refusal) => refuse(&refusal, json),
            Outcome::Executed(response) => show(&response, json),
        }),
    }
}

/// JSON, or `None` for an event stream.
fn form(accept: Accept, kind: OperationType) -> Result<Option<Json>, Refusal> {
    if accept.stream && (accept.prefers_stream || kind == OperationType::Subscription) {
        return Ok(None);
    }
    if kind == OperationType::Subscription {
        let message = "Subscriptions need Accept: text/event-stream, or a WebSocket that speaks \
                       graphql-transport-ws.";
        return Err(Refusal::not_acceptable(message));
    }
    Ok(accept.json)
}

async fn stream<E, C>(
    door: &Door<E, C>,
    operation: Operation,
    key: Secret,
    headers: &HeaderMap,
) -> Result<Response, Refusal>
where
    E: Executor,
    C: Clone + Send + Sync + 'static,
{
    let stay = door.gate.admit_for_long(key).await?;
    let caller = stay.caller().ok_or(Refused::Unauthenticated)?;
    let ids = sse::EventIds::resuming(headers);
    let mut operation = door.prepared(operation, caller);
    operation.request = operation.request.data(ids.clone());
    let outcomes = door.engine.clone().stream(operation);
    let feed = sse::Feed::new(outcomes, ids, stay, door.closing.clone());
    Ok(feed.into_response(door.settings.stream_keep_alive))
}

async fn params(settings: &Settings, parts: &Parts, body: Body) -> Result<Params, Refusal> {
    if parts.method == Method::POST {
        if let Err(refusal) = check_content(&parts.headers) {
            forget(body, settings.body_wait).await;
            return Err(refusal);
        }
        let limit = settings.body_bytes;
        let whole = tokio::time::timeout(settings.body_wait, collect(&parts.headers, body, limit));
        return Params::from_json(&whole.await.map_err(|_| Refusal::too_slow())??);
    }
    from_query_string(parts.uri.query().unwrap_or_default())
}

fn check_content(headers: &HeaderMap) -> Result<(), Refusal> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("charset")
            || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    let is_plain = headers.get(CONTENT_ENCODING).is_none_or(|value| value == "identity");
    if is_json && is_utf8 && is_plain { Ok(()) } else { Err(Refusal::unsupported_media()) }
}

/// The whole body; more than `limit` bytes are refused, by what is announced if possible.
async fn collect(headers: &HeaderMap, body: Body, limit: usize) -> Result<Vec<u8>, Refusal> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let mut chunks = body.into_data_stream();
    if announced.is_some_and(|length: usize| length > limit) {
        drain(&mut chunks, limit).await;
        return Err(Refusal::too_large(limit));
    }
    let mut whole = Vec::with_capacity(announced.unwrap_or_default());
    while let Some(chunk) = chunks.next().await {
        let chunk: Bytes = chunk.map_err(|_| Refusal::malformed("The body did not arrive whole."))?;
        if whole.len() + chunk.len() > limit {
            drop(whole);
            drain(&mut chunks, limit).await;
            return Err(Refusal::too_large(limit));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole)
}

/// Lets a client that is not let in finish its sending, and keeps nothing of it.
async fn forget(body: Body, wait: Duration) {
    // Whoever sends more, or takes longer, sees its connection end.
    let _ = tokio::time::timeout(wait, drain(&mut body.into_data_stream(), FORGOTTEN)).await;
}

/// Lets a client that is a little over the limit finish: answered in the middle of its sending, it would
/// see a reset connection instead of the reason. At most `limit` bytes more are read, and none is kept.
async fn drain(chunks: &mut BodyDataStream, limit: usize) {
    let mut read = 0;
    while read < limit
        && let Some(Ok(chunk)) = chunks.next().await
    {
        read += chunk.len();
    }
}

/// Reads the parameters of a GET; those that are empty count as left out.
fn from_query_string(query: &str) -> Result<Params, Refusal> {
    let (mut text, mut operation_name, mut variables, mut extensions) = (None, None, None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.is_empty()) {
        let place = match &*name {
            "query" => &mut text,
            "operationName" => &mut operation_name,
            "variables" => &mut variables,
            "extensions" => &mut extensions,
            _ => continue,
        };
        if place.replace(value.into_owned()).is_some() {
            return Err(Refusal::malformed(format!("The parameter {name} is given twice.")));
        }
    }
    Ok(Params {
        query: text.ok_or_else(|| Refusal::malformed("The parameter query is missing."))?,
        operation_name,
        variables: json("variables", variables)?.unwrap_or_default(),
        extensions: json("extensions", extensions)?,
    })
}

fn json<T: DeserializeOwned>(name: &str, text: Option<String>) -> Result<Option<T>, Refusal> {
    let read = text.map(|text| serde_json::from_str(&text)).transpose();
    read.map_err(|error| Refusal::malformed(format!("The parameter {name} is not a JSON object: {error}.")))
}

/// The answer to a request that was not executed: errors and no data.
pub(super) fn refuse(refusal: &Refusal, json: Json) -> Response {
    let status = match json {
        Json::Plain => refusal.status_as_plain_json(),
        Json::GraphQl => refusal.status(),
    };
    respond(status, refusal.headers(), json, refusal)
}

fn show(response: &GraphQlResponse, json: Json) -> Response {
    respond(StatusCode::OK, response.http_headers.clone(), json, response)
}

fn respond(status: StatusCode, mut headers: HeaderMap, json: Json, body: &impl Serialize) -> Response {
    let Ok(body) = serde_json::to_vec(body) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(json.content_type()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (status, headers, body).into_response()
}
