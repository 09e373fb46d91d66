//! The doors: what is too big, too strange or not for us is told so, and costs little.

use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::house::House;

stories! {
    a_body_that_is_too_large_is_refused_announced_or_not,
    a_query_that_is_too_large_is_refused,
    what_is_not_json_is_refused,
    what_is_not_graphql_is_refused,
    a_mutation_does_not_come_by_get,
    headers_that_are_too_large_are_refused,
    an_unknown_address_is_answered_in_words,
    the_health_of_a_server_is_told,
    who_is_not_let_in_may_finish_and_ask_again,
}

const LIMIT: usize = 4 << 20;

/// The status and the code of the first error.
async fn refusal(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    (status, body["errors"][0]["extensions"]["code"].clone())
}

async fn a_body_that_is_too_large_is_refused_announced_or_not(house: &mut House) {
    let body = |length: usize| {
        let query = r#"{"query":"{ viewer { id } }","pad":""#;
        format!("{query}{}\"}}", "x".repeat(length - query.len() - 2))
    };
    let chunked = |text: String| {
        let chunks = text
            .into_bytes()
            .chunks(64 << 10)
            .map(<[u8]>::to_vec)
            .map(Ok::<_, std::io::Error>)
            .collect::<Vec<_>>();
        reqwest::Body::wrap_stream(futures_util::stream::iter(chunks))
    };

    let fits = house.partner.request().body(body(LIMIT)).send().await.unwrap();
    let announced = refusal(house.partner.request().body(body(LIMIT + 1))).await;
    let streamed = refusal(house.partner.request().body(chunked(body(LIMIT + 1)))).await;

    assert_eq!(fits.status(), 200);
    assert_eq!((announced, streamed), ((413, json!("BAD_REQUEST")), (413, json!("BAD_REQUEST"))));
}

async fn a_query_that_is_too_large_is_refused(house: &mut House) {
    let deep = format!("{{ link(id: \"x\") {}", "{ job ".repeat(40)) + &"}".repeat(41);
    let aliases: String = (0..300).map(|n| format!("a{n}: viewer {{ id }} ")).collect();
    for query in
        [format!("# {}\n{{ viewer {{ id }} }}", "x".repeat(256 << 10)), deep, format!("{{ {aliases} }}")]
    {
        let answer = house.partner.ask(&query, json!({})).await;

        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX",
            "{query:.60}: {answer:.300}"
        );
        assert_eq!(answer.get("data"), None);
    }
}

async fn what_is_not_json_is_refused(house: &mut House) {
    let query = r#"{"query":"{ viewer { id } }"}"#;
    let typed = |content_type: &'static str| {
        let mut request = house.partner.request().body(query).build().unwrap();
        request.headers_mut().insert(CONTENT_TYPE, content_type.parse().unwrap());
        reqwest::RequestBuilder::from_parts(crate::house::http(), request)
    };
    for other in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
        "multipart/form-data; boundary=x",
        "",
    ] {
        assert_eq!(refusal(typed(other)).await.0, 415, "{other}");
    }
    assert_eq!(refusal(house.partner.request().header(CONTENT_ENCODING, "gzip").body(query)).await.0, 415);
    assert_eq!(typed("application/json; charset=UTF-8").send().await.unwrap().status(), 200);
}

async fn what_is_not_graphql_is_refused(house: &mut House) {
    for body in [
        "",
        "{",
        "[]",
        "[{\"query\":\"{ viewer { id } }\"}]",
        "null",
        "\"{ viewer { id } }\"",
        "{}",
        "{\"query\":7}",
        "{\"query\":null}",
        "\u{feff}{}",
    ] {
        assert_eq!(refusal(house.partner.request().body(body)).await, (400, json!("BAD_REQUEST")), "{body}");
    }
    let not_utf8 = b"{\"query\":\"{ viewer { id } } # \xff\"}".to_vec();
    assert_eq!(refusal(house.partner.request().body(not_utf8)).await, (400, json!("BAD_REQUEST")));
    for query in
        ["", "{", "{ viewer }", "{ nothing }", "query { viewer { id } } query { viewer { id } }", "\0"]
    {
        let body = json!({ "query": query }).to_string();
        let mut request = house.partner.request().body(body).build().unwrap();
        request.headers_mut().insert(ACCEPT, "application/graphql-response+json".parse().unwrap());
        let request = reqwest::RequestBuilder::from_parts(crate::house::http(), request);
        assert_eq!(refusal(request).await, (400, json!("BAD_REQUEST")), "{query}");
    }
}

async fn a_mutation_does_not_come_by_get(house: &mut House) {
    let link = house.partner.create_link().await;
    let mut url = house.url("/graphql");
    let mutation = format!("mutation {{ expireLink(input: {{ id: \"{}\" }}) {{ link {{ id }} }} }}", link.id);
    url.query_pairs_mut().append_pair("query", &mutation);

    let request = crate::house::http().get(url).bearer_auth(&house.partner.key);

    assert_eq!(refusal(request).await.0, 405);
    assert_eq!(house.partner.status(&link.id).await, "CREATED");
}

async fn headers_that_are_too_large_are_refused(house: &mut House) {
    let mut stream = TcpStream::connect(house.url("").authority()).await.unwrap();
    let huge = format!("GET /health/live HTTP/1.1\r\nhost: x\r\nx-huge: {}\r\n\r\n", "x".repeat(256 << 10));
    // The server may have stopped listening before all of it is sent.
    let _ = stream.write_all(huge.as_bytes()).await;

    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;

    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert_eq!(crate::house::http().get(house.url("/health/live")).send().await.unwrap().status(), 200);
}

async fn an_unknown_address_is_answered_in_words(house: &mut House) {
    let mut customer = house.customer();
    for path in ["/", "/nothing", "/l", "/s/", "/graphql/x", "/../etc/passwd", "/%00", "/%ff"] {
        let page = customer.open(house.url(path).as_str()).await;

        assert_eq!(page.status, 404, "{path}");
        page.says("open the link you received");
    }
}

async fn the_health_of_a_server_is_told(house: &mut House) {
    assert_eq!(crate::house::http().get(house.url("/health/live")).send().await.unwrap().status(), 200);
}

/// Answered in the middle of its sending, a client would see a broken pipe instead of the reason.
async fn who_is_not_let_in_may_finish_and_ask_again(house: &mut House) {
    let mut stream = TcpStream::connect(house.url("").authority()).await.unwrap();
    let body =
        format!(r#"{{"query": "{{ viewer {{ id }} }}", "variables": {{ "a": "{}" }}}}"#, "x".repeat(100_000));
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: a\r\nauthorization: Bearer psk_wrong\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );

    for _ in 0..2 {
        stream.write_all(head.as_bytes()).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4_096];
        let read = stream.read(&mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 401 "), "{}", String::from_utf8_lossy(&answer[..read]));
    }
}
