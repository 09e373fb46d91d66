//! What a client reads when something goes wrong.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

use super::{Toy, code, post, text};

#[tokio::test]
async fn a_request_without_a_valid_key_is_answered_in_the_words_of_graphql() {
    let request = Request::get("/graphql?query=%7Bcaller%7D").body(Body::empty()).unwrap();
    let response = Toy::new().send(request).await;

    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
    let answer: Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(code(&answer), "UNAUTHENTICATED");
    assert!(answer.get("data").is_none());
}

#[tokio::test]
async fn the_caller_reaches_the_resolvers() {
    let (status, answer) = Toy::new().ask("{ caller }").await;
    assert_eq!((status, answer), (StatusCode::OK, json!({ "data": { "caller": "partner" } })));
}

#[tokio::test]
async fn a_resolver_cannot_leak_its_own_words() {
    for query in ["{ leaking }", "{ maybeLeaking }", "{ panicking }"] {
        let (_, answer) = Toy::new().ask(query).await;
        assert_eq!(code(&answer), "INTERNAL");
        assert!(!answer.to_string().contains("hunter2"), "{answer}");
        let reference = answer["errors"][0]["extensions"]["reference"].as_str().unwrap();
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains(reference));
    }
}

#[tokio::test]
async fn words_with_a_code_and_words_about_arguments_are_for_the_client() {
    let toy = Toy::new();
    let (_, answer) = toy.ask("{ forbidden }").await;
    assert_eq!((code(&answer).as_str(), &answer["errors"][0]["message"]), ("FORBIDDEN", &json!("not yours")));
    assert_eq!(toy.code_of("{ number(x: 3000000000) }").await, "BAD_REQUEST");
}

#[tokio::test]
async fn a_failed_field_is_null_and_where_null_is_forbidden_so_is_its_holder() {
    let toy = Toy::new();
    for (query, data) in [
        ("{ caller forbidden }", json!({ "caller": "partner", "forbidden": null })),
        ("{ this { a: forbidden } }", json!({ "this": { "a": null } })),
        (
            "{ caller maybeThis { caller this { leaking } } }",
            json!({ "caller": "partner", "maybeThis": null }),
        ),
        ("{ maybeThis { ...F } } fragment F on Query { leaking forbidden }", json!({ "maybeThis": null })),
        ("{ caller this { leaking } }", Value::Null),
    ] {
        let (status, answer) = toy.ask(query).await;
        assert_eq!((status, &answer["data"]), (StatusCode::OK, &data), "{query}");
    }
}

#[tokio::test]
async fn an_operation_that_does_not_end_is_ended() {
    let toy = Toy::with(|settings| settings.execution = Duration::from_millis(20));
    let (status, answer) = toy.ask("{ endless }").await;
    assert_eq!((status, code(&answer).as_str()), (StatusCode::GATEWAY_TIMEOUT, "TIMEOUT"));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_also_when_its_length_is_not_announced() {
    let toy = Toy::with(|settings| settings.body_bytes = 100);
    let chunks = [Ok::<_, std::io::Error>(vec![b' '; 60]), Ok(vec![b' '; 60])];
    let (status, answer) = toy.post(Body::from_stream(futures_util::stream::iter(chunks))).await;
    assert_eq!((status, code(&answer).as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "BAD_REQUEST"));
}

#[tokio::test]
async fn batches_and_wrong_parameters_are_malformed_whatever_the_client_accepts() {
    for body in [r#"[{"query":"{caller}"}]"#, r#"["{caller}"]"#, r#"{"query":1}"#, "{", ""] {
        let request = post("application/json").body(Body::from(body)).unwrap();
        assert_eq!(Toy::new().send(request).await.status(), StatusCode::BAD_REQUEST, "{body}");
    }
}

#[tokio::test]
async fn a_variable_that_must_be_given_is_missed_before_execution() {
    let query = "query ($x: Int!) { number(x: $x) }";
    let (status, answer) = Toy::new().ask(query).await;
    assert_eq!((status, code(&answer).as_str()), (StatusCode::BAD_REQUEST, "BAD_REQUEST"));
    assert!(answer.get("data").is_none());
}

#[tokio::test]
async fn fields_come_in_the_order_of_the_selection_whenever_they_are_ready() {
    let query =
        "{ z: late b: caller a: caller this { late ...F } } fragment F on Query { c: caller b: late }";
    let request = post("application/json").body(json!({ "query": query }).to_string().into()).unwrap();

    let answer = text(Toy::new().send(request).await).await;

    let inside = r#"{"late":1,"c":"partner","b":1}"#;
    assert_eq!(answer, format!(r#"{{"data":{{"z":1,"b":"partner","a":"partner","this":{inside}}}}}"#));
}

#[tokio::test]
async fn a_failed_field_has_its_place_in_the_order() {
    let body = json!({ "query": "{ late forbidden caller }" }).to_string();
    let request = post("application/json").body(body.into()).unwrap();

    let answer = text(Toy::new().send(request).await).await;

    assert!(answer.starts_with(r#"{"data":{"late":1,"forbidden":null,"caller":"partner"},"#), "{answer}");
}
