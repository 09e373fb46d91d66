//! The way out against hostile names, addresses and answers.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use url::Url;

use super::guard::{Lookup, system};
use super::loopback::{Act, Loopback};
use super::*;

mod forms;

const DEADLINE: Duration = Duration::from_millis(400);
/// What a machine under load may take beyond the deadline.
const SLACK: Duration = Duration::from_millis(250);

fn client(allow: &str, lookup: Lookup) -> Client {
    loopback::install_provider();
    Client::with_lookup(Policy::new(allow.parse().unwrap()), Purpose::Webhooks, lookup).unwrap()
}

fn to_loopback() -> Client {
    client("http://127.0.0.0/8:*,https://127.0.0.0/8:*", system())
}

/// Answers the first lookup with the first list, the second with the second, and so on.
fn resolving(answers: Vec<Vec<[u8; 4]>>) -> Lookup {
    let asked = Arc::new(AtomicUsize::new(0));
    let answers = Arc::new(answers);
    Arc::new(move |_| {
        let number = asked.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
        let answer = answers[number].iter().map(|octets| IpAddr::V4(Ipv4Addr::from(*octets))).collect();
        Box::pin(async move { Ok(answer) })
    })
}

fn get(url: Url) -> Request {
    Request {
        method: Method::GET,
        url,
        headers: HeaderMap::new(),
        body: Vec::new(),
        deadline: DEADLINE,
        max_body: 4_096,
    }
}

#[tokio::test]
async fn an_answer_comes_back_whole_and_the_connection_is_used_again() {
    let receiver = Loopback::start([Act::status(200, "x-a: b\r\n", b"hello")]).await;
    let client = to_loopback();

    let reply = client.exchange(get(receiver.url("/a?b"))).await.unwrap();
    client.exchange(get(receiver.url("/a?b"))).await.unwrap();

    assert_eq!(
        (reply.status, reply.body.as_slice(), reply.truncated),
        (StatusCode::OK, &b"hello"[..], false)
    );
    assert_eq!(reply.headers["x-a"], "b");
    assert!(receiver.seen()[0].head.starts_with("GET /a?b HTTP/1.1"));
    assert_eq!(receiver.seen()[0].header("user-agent"), Some(concat!("Postern/", env!("CARGO_PKG_VERSION"))));
    assert_eq!((receiver.seen().len(), receiver.connections()), (2, 1));
}

#[tokio::test]
async fn a_name_that_changes_its_mind_after_it_was_vetted_reaches_nothing() {
    let honest = Loopback::at("127.0.0.2:0".parse().unwrap(), [Act::status(200, "", b"")]).await;
    let canary = Loopback::at(honest.beside([127, 0, 0, 1]), [Act::status(200, "", b"")]).await;
    let client = client("http://127.0.0.2:*", resolving(vec![vec![[127, 0, 0, 2]], vec![[127, 0, 0, 1]]]));
    let url = honest.url_by_name("rebinding.example");

    client.vet(&url).await.unwrap();
    let sent = client.exchange(get(url)).await;

    assert!(matches!(sent, Err(Error::Refused(_))));
    assert_eq!((honest.connections(), canary.connections()), (0, 0));
}

#[tokio::test]
async fn a_name_with_a_forbidden_address_among_others_is_reached_at_the_others() {
    let honest = Loopback::at("127.0.0.2:0".parse().unwrap(), [Act::status(200, "", b"")]).await;
    let canary = Loopback::at(honest.beside([127, 0, 0, 1]), [Act::status(200, "", b"")]).await;
    let client = client("http://127.0.0.2:*", resolving(vec![vec![[127, 0, 0, 1], [127, 0, 0, 2]]]));

    client.exchange(get(honest.url_by_name("mixed.example"))).await.unwrap();

    assert_eq!((honest.connections(), canary.connections()), (1, 0));
}

#[tokio::test]
async fn a_name_opens_no_other_port_than_the_listed_one() {
    let canary = Loopback::start([Act::status(200, "", b"")]).await;
    let other_port = if canary.address.port() == 8_080 { 8_081 } else { 8_080 };
    let client = client(&format!("http://127.0.0.1:{other_port}"), resolving(vec![vec![[127, 0, 0, 1]]]));

    let sent = client.exchange(get(canary.url_by_name("local.example"))).await;

    assert!(matches!(sent, Err(Error::Refused(_))));
    assert_eq!(canary.connections(), 0);
}

#[tokio::test]
async fn a_listed_name_may_resolve_to_anything() {
    let receiver = Loopback::start([Act::status(200, "", b"")]).await;
    let client = client("http://intranet:*", resolving(vec![vec![[127, 0, 0, 1]]]));

    client.exchange(get(receiver.url_by_name("intranet"))).await.unwrap();

    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn nothing_is_resolved_for_a_connection_that_nobody_announced() {
    use reqwest::dns::Resolve as _;
    use tower::Service as _;
    let policy = Arc::new(Policy::new("http://0.0.0.0/0:*".parse().unwrap()));
    let mut guard = guard::Guard { policy, lookup: resolving(vec![vec![[127, 0, 0, 1]]]) };

    assert!(guard.resolve("example.com".parse().unwrap()).await.is_err());
    assert!(guard.call("example.com".parse().unwrap()).await.is_err());
}

#[tokio::test]
async fn a_redirect_gets_no_second_request() {
    for status in 300..=308 {
        let target = Loopback::start([Act::status(200, "", b"")]).await;
        let location = format!("location: {}\r\n", target.url("/"));
        let receiver = Loopback::start([Act::status(status, &location, b"")]).await;

        let reply = to_loopback().exchange(get(receiver.url("/"))).await.unwrap();

        assert_eq!(reply.status.as_u16(), status);
        assert_eq!((receiver.seen().len(), target.connections()), (1, 0), "{status}");
    }
}

#[tokio::test]
async fn of_an_endless_body_only_the_allowed_part_is_read() {
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let chunk = [b"400\r\n".to_vec(), vec![b'x'; 1_024], b"\r\n".to_vec()].concat();
    let receiver = Loopback::start([Act::Endless(head, chunk, Duration::ZERO)]).await;
    let client = to_loopback();

    let reply = client.exchange(get(receiver.url("/"))).await.unwrap();
    let again = client.exchange(get(receiver.url("/"))).await.unwrap();

    assert_eq!((reply.body.len(), reply.truncated, again.truncated), (4_096, true, true));
    assert_eq!(receiver.connections(), 2, "the flooded connection was not kept");
}

#[tokio::test]
async fn slow_answers_end_by_the_deadline() {
    let pause = Duration::from_millis(20);
    let slow = [
        Act::Endless(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".to_vec(), b"x".to_vec(), pause),
        Act::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"x: y\r\n".to_vec(), pause),
        Act::Answer(Vec::new()),
    ];
    for act in slow {
        let receiver = Loopback::start([act]).await;
        let start = tokio::time::Instant::now();

        let sent = to_loopback().exchange(get(receiver.url("/"))).await;

        assert!(matches!(sent, Err(Error::Timeout)), "{:?}", sent.err());
        assert!(start.elapsed() < DEADLINE + SLACK, "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn answers_that_are_not_http_or_not_whole_or_all_header_are_broken() {
    let bomb = b"x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".repeat(64);
    let informing = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
    let broken = [
        Act::Endless(informing.clone(), informing, Duration::from_millis(1)),
        Act::Close(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
        Act::Close(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nten bytes.".to_vec()),
        Act::Close(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec()),
        Act::Close(Vec::new()),
        Act::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), bomb, Duration::ZERO),
        Act::status(200, &"x: y\r\n".repeat(200), b""),
    ];
    for act in broken {
        let receiver = Loopback::start([act]).await;

        let sent = to_loopback().exchange(get(receiver.url("/"))).await;

        assert!(matches!(sent, Err(Error::Broken(_))), "{:?}", sent.err());
    }
}

#[tokio::test]
async fn a_closed_port_a_plain_server_and_an_unknown_name_are_told_apart() {
    let plain = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let https = format!("https://{}/", plain.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        plain.accept().await.unwrap().0.try_write(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap()
    });
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nowhere: Lookup = Arc::new(|_| Box::pin(async { Err(io::Error::other("no such name")) }));

    let refused = to_loopback().exchange(get(format!("http://{closed}/").parse().unwrap())).await;
    let not_tls = to_loopback().exchange(get(https)).await;
    let unknown = client("", nowhere).exchange(get("https://nowhere.example/".parse().unwrap())).await;

    assert!(matches!(refused, Err(Error::Connect(_))), "{:?}", refused.err());
    assert!(matches!(unknown, Err(Error::Connect(_))), "{:?}", unknown.err());
    assert!(matches!(not_tls, Err(Error::Tls(_))), "{:?}", not_tls.err());
}

#[tokio::test]
async fn a_head_of_16_kibibytes_is_the_longest_for_webhooks() {
    for (length, is_taken) in [(16_000, true), (17_000, false)] {
        let header = format!("x-long: {}\r\n", "x".repeat(length));
        let receiver = Loopback::start([Act::status(200, &header, b"")]).await;

        let replied = to_loopback().exchange(get(receiver.url("/"))).await;

        assert_eq!(replied.is_ok(), is_taken, "{length}: {:?}", replied.err());
    }
}

#[tokio::test]
async fn what_broke_before_its_answer_is_not_sent_again() {
    let receiver = Loopback::start([Act::status(200, "", b""), Act::Close(Vec::new())]).await;
    let client = to_loopback();

    client.exchange(get(receiver.url("/"))).await.unwrap();
    let broken = client.exchange(get(receiver.url("/"))).await;

    assert!(matches!(broken, Err(Error::Broken(_))), "{:?}", broken.err());
    assert_eq!((receiver.seen().len(), receiver.connections()), (2, 1));
}

#[tokio::test]
async fn no_error_repeats_the_url() {
    let receiver = Loopback::start([Act::Close(Vec::new())]).await;

    let error = to_loopback().exchange(get(receiver.url("/hook-secret"))).await.err().unwrap();

    assert!(!format!("{error} {error:?}").contains("hook-secret"));
}

#[tokio::test]
async fn compressed_answers_are_decoded_for_sources_up_to_the_cap_and_never_for_webhooks() {
    // 100,000 zero bytes in 132.
    const BOMB: &str = "H4sIAAAAAAACA+3BMQEAAADCoPVPbQ0PoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIBXA32VEdSghgEA";
    let bomb = STANDARD.decode(BOMB).unwrap();
    let receiver = Loopback::start([Act::status(200, "content-encoding: gzip\r\n", &bomb)]).await;
    let policy = Policy::new("http://127.0.0.0/8:*".parse().unwrap());
    loopback::install_provider();
    let sources = Client::try_new(policy, Purpose::Sources).unwrap();

    let raw = to_loopback().exchange(get(receiver.url("/"))).await.unwrap();
    let decoded = sources.exchange(get(receiver.url("/"))).await.unwrap();

    assert_eq!(raw.body, bomb);
    assert_eq!(receiver.seen()[0].header("accept-encoding"), None);
    assert_eq!((decoded.body, decoded.truncated), (vec![0; 4_096], true));
}
