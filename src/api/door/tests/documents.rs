//! Documents that are named instead of sent.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

use super::super::{DocumentLimits, Documents};
use super::streams::Socket;
use super::{Toy, code, post, text};

const LIST: &str = r#"{ "ask": "query Ask { caller }", "count": "subscription { count(to: 1) }" }"#;
/// The SHA-256 of the first text.
const HASH: &str = "0c5f2e38144b8024e39d7d703a0e5c844fcafdaaa3927bc794d4d63f67816b6b";

fn listed() -> Documents {
    Documents::try_new(LIST.as_bytes(), &DocumentLimits::default()).unwrap()
}

fn open() -> Toy {
    Toy::with(|settings| settings.documents = Arc::new(listed()))
}

fn closed() -> Toy {
    Toy::with(|settings| settings.documents = Arc::new(listed().only()))
}

fn partner() -> Value {
    json!({ "data": { "caller": "partner" } })
}

#[tokio::test]
async fn a_document_is_found_by_its_id_and_by_its_hash() {
    let apollo = json!({ "persistedQuery": { "version": 1, "sha256Hash": HASH } });
    for body in [
        json!({ "documentId": "ask" }),
        json!({ "documentId": "ask", "operationName": "Ask" }),
        json!({ "documentId": format!("sha256:{HASH}") }),
        json!({ "extensions": apollo }),
    ] {
        assert_eq!(closed().post(body.to_string()).await, (StatusCode::OK, partner()), "{body}");
    }
}

#[tokio::test]
async fn a_document_is_named_on_every_transport() {
    let toy = closed();
    let get = Request::get("/graphql?documentId=ask").header(header::AUTHORIZATION, "Bearer psk_good");
    let answer = text(toy.send(get.body(Body::empty()).unwrap()).await).await;
    assert_eq!(answer, partner().to_string());

    let stream = post("text/event-stream").body(json!({ "documentId": "count" }).to_string().into()).unwrap();
    let events = text(toy.send(stream).await).await;
    assert!(events.contains(r#"{"data":{"count":1}}"#), "{events}");

    let mut socket = Socket::open(&toy).await;
    socket.say(json!({ "type": "subscribe", "id": "1", "payload": { "documentId": "ask" } })).await;
    assert_eq!(socket.hear().await["payload"], partner());
}

#[tokio::test]
async fn a_closed_list_is_all_that_is_carried_out() {
    let (status, answer) = closed().ask("query Ask { caller }").await;
    assert_eq!((status, code(&answer).as_str()), (StatusCode::BAD_REQUEST, "DOCUMENT_NOT_TRUSTED"));

    let mut socket = Socket::open(&closed()).await;
    socket.subscribe("1", "{ caller }").await;
    assert_eq!(socket.hear().await["payload"][0]["extensions"]["code"], "DOCUMENT_NOT_TRUSTED");

    assert_eq!(open().ask("{ caller }").await.1, partner());
}

#[tokio::test]
async fn an_id_that_is_not_listed_and_an_id_beside_a_text_are_refused() {
    for toy in [open(), closed(), Toy::new()] {
        let (status, answer) = toy.post(r#"{"documentId":"nothing"}"#).await;
        assert_eq!((status, code(&answer).as_str()), (StatusCode::BAD_REQUEST, "PERSISTED_QUERY_NOT_FOUND"));
    }
    let (status, answer) = open().post(r#"{"documentId":"ask","query":"{ caller }"}"#).await;
    assert_eq!((status, code(&answer).as_str()), (StatusCode::BAD_REQUEST, "BAD_REQUEST"));
}

#[test]
fn a_list_that_cannot_be_used_says_which_document_is_wrong() {
    for (list, problem) in [
        (r#"["{ caller }"]"#, "not a JSON object"),
        (r#"{ "good": "{ caller }", "bad": "{ caller" }"#, "the document bad: "),
        (
            r#"{ "loop": "{ ...F } fragment F on Query { ...F }" }"#,
            "the document loop: The fragment F spreads itself",
        ),
    ] {
        let told = Documents::try_new(list.as_bytes(), &DocumentLimits::default()).unwrap_err().to_string();
        assert!(told.contains(problem), "{told}");
    }
}
