//! What operations cost, and that it is told and limited.

use serde_json::{Value, json};

use super::{Toy, code};

async fn cost(query: &str, variables: Value) -> Value {
    let body = json!({ "query": query, "variables": variables, "extensions": { "cost": true } });
    let (_, answer) = Toy::new().post(body.to_string()).await;
    answer["extensions"]["cost"]["requested"].clone()
}

#[tokio::test]
async fn a_page_multiplies_what_is_inside_it() {
    let rows = "nodes { caller }";
    for (query, variables, expected) in [
        ("{ caller }".to_owned(), json!({}), 1),
        ("{ this { caller late } }".to_owned(), json!({}), 3),
        (format!("{{ page(first: 50) {{ {rows} }} }}"), json!({}), 101),
        (format!("{{ page {{ {rows} }} }}"), json!({}), 41),
        (format!("query($n: Int! = 7) {{ page(first: $n) {{ {rows} }} }}"), json!({}), 15),
        (format!("query($n: Int! = 7) {{ page(first: $n) {{ {rows} }} }}"), json!({ "n": 3 }), 7),
        ("{ page(first: 10) { nodes { page(first: 10) { nodes { caller } } } } }".to_owned(), json!({}), 221),
        ("{ ...F page { nodes { ...F } } } fragment F on Query { caller }".to_owned(), json!({}), 42),
        ("{ ... on Query { page { nodes { ... { caller } } } } }".to_owned(), json!({}), 41),
        ("{ __schema { types { name } } }".to_owned(), json!({}), 12),
    ] {
        assert_eq!(cost(&query, variables).await, expected, "{query}");
    }
}

#[tokio::test]
async fn the_cost_is_told_only_to_who_asks() {
    let (_, answer) = Toy::new().ask("{ caller }").await;
    assert!(answer.get("extensions").is_none(), "{answer}");
}

#[tokio::test]
async fn what_costs_too_much_is_refused_with_both_numbers() {
    let toy = Toy::with(|settings| settings.document.cost = 100);
    assert_eq!(toy.code_of("{ page(first: 49) { nodes { caller } } }").await, "none");

    let (_, answer) = toy.ask("{ page(first: 50) { nodes { caller } } }").await;

    assert_eq!(code(&answer), "QUERY_TOO_COMPLEX");
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["cost"], json!({ "requested": 101, "limit": 100 }));
    assert!(error["message"].as_str().unwrap().contains("would cost 101, and at most 100"), "{answer}");
}

#[tokio::test]
async fn numbers_that_are_too_large_to_multiply_are_still_too_many() {
    let page = "page(first: 2147483647) { nodes { ";
    let query = format!("{{ {}caller{} }}", page.repeat(3), "} }".repeat(3));
    assert_eq!(Toy::new().code_of(&query).await, "QUERY_TOO_COMPLEX");
}
