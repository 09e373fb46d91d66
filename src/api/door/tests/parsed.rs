//! Documents that need no validation any more.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::{DocumentLimits, Documents};
use super::Toy;

/// What the executor was told, the first and the second time.
async fn told(toy: &Toy, body: Value) -> [Value; 2] {
    let mut told = [Value::Null, Value::Null];
    for one in &mut told {
        *one = toy.post(body.to_string()).await.1["data"]["isValidated"].take();
    }
    told
}

#[tokio::test]
async fn what_was_executed_is_not_validated_again() {
    assert_eq!(told(&Toy::new(), json!({ "query": "{ isValidated }" })).await, [false, true]);

    let list = br#"{ "ask": "{ isValidated }" }"#;
    let documents = Documents::try_new(list, &DocumentLimits::default()).unwrap();
    let toy = Toy::with(|settings| settings.documents = Arc::new(documents));
    assert_eq!(told(&toy, json!({ "documentId": "ask" })).await, [false, true]);
}

#[tokio::test]
async fn variables_are_looked_at_each_time_unless_they_are_texts() {
    let toy = Toy::new();
    let text = "query ($text: String) { isValidated echo(text: $text) }";
    let number = "query ($x: Int!) { isValidated number(x: $x) }";

    assert_eq!(told(&toy, json!({ "query": text, "variables": { "text": "a" } })).await, [false, true]);
    assert_eq!(told(&toy, json!({ "query": text, "variables": { "text": null } })).await, [false, false]);
    assert_eq!(told(&toy, json!({ "query": text })).await, [false, false]);
    assert_eq!(told(&toy, json!({ "query": number, "variables": { "x": 1 } })).await, [false, false]);

    let (_, refused) = toy.post(json!({ "query": text, "variables": { "text": 1 } }).to_string()).await;
    assert_eq!(refused["data"], Value::Null, "{refused}");
}

#[tokio::test]
async fn what_one_operation_has_passed_says_nothing_of_another() {
    let toy = Toy::new();
    let query = "query A { isValidated } query B { isValidated }";

    let a = told(&toy, json!({ "query": query, "operationName": "A" })).await;
    let b = told(&toy, json!({ "query": query, "operationName": "B" })).await;

    assert_eq!((a, b), ([json!(false), json!(true)], [json!(false), json!(true)]));
}

#[tokio::test]
async fn what_was_refused_is_validated_again() {
    let toy = Toy::new();
    let query = "{ isValidated nobodyKnowsThis }";

    let (first, second) = (toy.code_of(query).await, toy.code_of(query).await);

    assert_eq!((first.as_str(), second.as_str()), ("BAD_REQUEST", "BAD_REQUEST"));
}
