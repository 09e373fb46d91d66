//! What is refused before anything is executed.

use serde_json::Value;

use super::{Toy, code};

fn message(answer: &Value) -> &str {
    answer["errors"][0]["message"].as_str().unwrap()
}

#[tokio::test]
async fn fragments_that_double_twenty_times_are_refused_unexpanded() {
    let doubling = (0..20).map(|level| {
        let next = level + 1;
        format!("fragment F{level} on Query {{ ...F{next} ...F{next} }}")
    });
    let query: String = doubling.chain(["{ ...F0 } fragment F20 on Query { caller }".to_owned()]).collect();
    assert_eq!(Toy::new().code_of(&query).await, "QUERY_TOO_COMPLEX");
}

#[tokio::test]
async fn unused_fragments_count_as_well() {
    let unused = format!("fragment F on Query {{ {} }}", "caller ".repeat(4_000));
    assert_eq!(Toy::new().code_of(&format!("{{ caller }} {unused}")).await, "QUERY_TOO_COMPLEX");
}

#[tokio::test]
async fn fragments_that_spread_themselves_are_refused() {
    let query = "{ ...A } fragment A on Query { ...B } fragment B on Query { this { ...A } }";
    let (_, answer) = Toy::new().ask(query).await;
    assert_eq!(code(&answer), "BAD_REQUEST");
    assert!(message(&answer).contains("spreads itself"), "{answer}");
}

#[tokio::test]
async fn deep_brackets_are_refused_before_the_parser_descends() {
    let toy = Toy::new();
    let deep = format!("{{ number(x: {}{}) }}", "[".repeat(2_000), "]".repeat(2_000));
    let (_, answer) = toy.ask(&deep).await;
    assert!(message(&answer).contains("brackets"), "{answer}");
    // For the parser the first string is an empty one, followed by brackets.
    let disguised = format!(r#"{{ number(x: ["""x" {}"#, "[".repeat(2_000));
    let (_, answer) = toy.ask(&disguised).await;
    assert!(message(&answer).contains("a string that does not end"), "{answer}");
}

#[tokio::test]
async fn each_limit_is_kept_and_named() {
    let toy = Toy::with(|settings| {
        settings.document.text_bytes = 2_000;
        settings.document.tokens = 300;
        settings.document.aliases = 3;
        settings.document.directives = 2;
        settings.document.root_fields = 10;
        settings.document.depth = 4;
        settings.document.nesting = 6;
    });
    let inline = format!("{}caller{}", "{ ... ".repeat(6), "}".repeat(6)).replace("... caller", "caller");
    for (query, limit) in [
        (format!("{{ caller #{} \n }}", "x".repeat(2_000)), "bytes"),
        (format!("{{ number(x: [{}]) }}", "1 ".repeat(300)), "tokens"),
        ("{ this { a: caller b: caller c: caller d: caller } }".to_owned(), "aliases"),
        ("{ caller @skip(if: false) @include(if: true) @x }".to_owned(), "directives"),
        (format!("{{ {} }}", "caller ".repeat(11)), "fields at its top"),
        ("{ this { this { this { this { caller } } } } }".to_owned(), "fields inside"),
        (format!("{{ ...{inline} }}"), "selection sets inside"),
    ] {
        let (_, answer) = toy.ask(&query).await;
        assert_eq!(code(&answer), "QUERY_TOO_COMPLEX", "{query}");
        assert!(message(&answer).contains(limit), "{limit}: {answer}");
    }
}

#[tokio::test]
async fn the_standard_introspection_query_is_within_the_limits() {
    let type_ref = format!("kind name {}kind name{}", "ofType { kind name ".repeat(9), "}".repeat(9));
    let query = format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name kind }} mutationType {{ name kind }}
          subscriptionType {{ name kind }} types {{ ...FullType }}
          directives {{ name description locations args {{ ...InputValue }} }} }} }}
        fragment FullType on __Type {{ kind name description
          fields(includeDeprecated: true) {{ name description args {{ ...InputValue }} type {{ ...TypeRef }}
            isDeprecated deprecationReason }}
          inputFields {{ ...InputValue }} interfaces {{ ...TypeRef }}
          enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }}
          possibleTypes {{ ...TypeRef }} }}
        fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue }}
        fragment TypeRef on __Type {{ {type_ref} }}"
    );
    let (_, answer) = Toy::new().ask(&query).await;
    assert_eq!(answer["data"]["__schema"]["queryType"]["name"], "Query", "{answer}");
}

#[tokio::test]
async fn introspection_lists_inside_one_another_are_refused() {
    let query = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
    assert_eq!(Toy::new().code_of(query).await, "QUERY_TOO_COMPLEX");
}

#[tokio::test]
async fn a_subscription_has_one_field_at_its_top() {
    let toy = Toy::new();
    for query in
        ["subscription { silence failing }", "subscription { ...F } fragment F on Events { silence }"]
    {
        assert_eq!(toy.code_of(query).await, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn millions_of_values_are_refused_before_they_are_read() {
    let toy = Toy::with(|settings| settings.document.values = 1_000);
    for values in ["[],".repeat(1_001), "1,".repeat(1_001), r#"{"a":1},"#.repeat(501)] {
        let body = format!(r#"{{"query":"{{ caller }}","variables":{{"x":[{values}1]}}}}"#);
        let (_, answer) = toy.post(body).await;
        assert_eq!(code(&answer), "QUERY_TOO_COMPLEX", "{values:.20}: {answer}");
    }
    let text = format!(r#"{{"query":"{{ caller }}","variables":{{"x":"{}\\\"[,,"}}}}"#, ",[{".repeat(1_001));
    assert_eq!(toy.post(text).await.0, 200, "what is inside a text is one value");
}

#[tokio::test]
async fn a_name_that_is_very_long_is_refused() {
    let (_, answer) = Toy::new().ask(&format!("{{ caller{} }}", "r".repeat(300))).await;
    assert_eq!(code(&answer), "QUERY_TOO_COMPLEX");
    assert!(message(&answer).contains("one name"), "{answer}");
}

#[tokio::test]
async fn fields_that_do_not_exist_are_told_singly_or_all_together() {
    let fields = |count: usize| (0..count).map(|n| format!("wrong{n}")).collect::<Vec<_>>().join(" ");

    let (_, few) = Toy::new().ask(&format!("{{ {} }}", fields(2))).await;
    assert_eq!(few["errors"].as_array().unwrap().len(), 2, "{few}");

    let (_, many) = Toy::new().ask(&format!("{{ this {{ {} }} }}", fields(30))).await;
    assert_eq!((code(&many).as_str(), many["errors"].as_array().unwrap().len()), ("BAD_REQUEST", 1));
    assert!(message(&many).contains("30 fields that do not exist, the first is \"wrong0\""), "{many}");
}
