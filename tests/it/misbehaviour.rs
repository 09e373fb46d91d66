//! Receivers that break every rule: each attempt ends by its deadline, with the right outcome and little kept.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::house::{House, Manner, Rude};

stories! {
    whatever_a_receiver_does_its_attempt_ends_in_time_and_keeps_little,
    what_comes_after_an_answer_is_no_answer_to_the_next_request,
}

const DEADLINE: Duration = Duration::from_secs(3);
/// What an attempt may take beyond its deadline on a busy machine; `scripts/prove endless` measures it.
const SLACK: Duration = Duration::from_secs(1);
/// The most bytes of an answer that are kept.
const KEPT: usize = 4 * 1024;

struct Case {
    name: &'static str,
    scheme: &'static str,
    manner: Manner,
    /// The outcome and the status of the answer, if it counts as one.
    ends: (&'static str, Option<u16>),
}

const BROKEN: (&str, Option<u16>) = ("CONNECTION_ERROR", None);
const LATE: (&str, Option<u16>) = ("TIMEOUT", None);
const TAKEN: (&str, Option<u16>) = ("DELIVERED", Some(200));
const EMPTY: (&str, Option<u16>) = ("DELIVERED", Some(204));
const SWITCHED: (&str, Option<u16>) = ("HTTP_ERROR", Some(101));

fn case(name: &'static str, manner: Manner, ends: (&'static str, Option<u16>)) -> Case {
    Case { name, scheme: "http", manner, ends }
}

fn says(words: impl AsRef<[u8]>) -> Manner {
    Manner::Says(words.as_ref().to_vec())
}

/// An answer 200 with these lines of its head, and this body.
fn ok(lines: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\n{lines}\r\n").as_bytes(), body.as_ref()].concat()
}

/// Something that goes on as fast as it is taken.
fn floods(first: impl AsRef<[u8]>, again: impl AsRef<[u8]>) -> Manner {
    Manner::Goes(first.as_ref().to_vec(), again.as_ref().to_vec(), Duration::ZERO)
}

/// Something that comes in small pieces and never ends.
fn drips(first: impl AsRef<[u8]>, again: &str) -> Manner {
    Manner::Goes(first.as_ref().to_vec(), again.as_bytes().to_vec(), Duration::from_millis(40))
}

fn hang_ups() -> Vec<Case> {
    vec![
        case("resets before it reads", Manner::Resets, BROKEN),
        case("resets after it has read", Manner::ReadsAndResets, BROKEN),
        case("hangs up without a word", says(""), BROKEN),
        case("half a status line", says("HTTP/1.1 20"), BROKEN),
        case("half a head", says("HTTP/1.1 200 OK\r\ncontent-le"), BROKEN),
        case("half a body", says(ok("content-length: 100\r\n", "ten bytes.")), BROKEN),
        case("half a chunk", says(ok("transfer-encoding: chunked\r\n", "64\r\nten bytes.")), BROKEN),
        case("no last chunk", says(ok("transfer-encoding: chunked\r\n", "3\r\nten\r\n")), BROKEN),
    ]
}

fn lies() -> Vec<Case> {
    let longer = ok("content-length: 4000\r\n", "ten bytes.");
    let garbage = ok("transfer-encoding: chunked\r\n", "zz\r\nten bytes.\r\n0\r\n\r\n");
    let endless_chunk = ok("transfer-encoding: chunked\r\n", "fffffffffffffffff\r\nten bytes.");
    let two = ok("content-length: 3\r\ncontent-length: 4\r\n", "abcd");
    let both = ok("content-length: 3\r\ntransfer-encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n");
    vec![
        case("a length longer than the body", Manner::Holds(longer), LATE),
        case("a length shorter than the body", says(ok("content-length: 3\r\n", "ten bytes.")), TAKEN),
        case("a length below zero", says(ok("content-length: -3\r\n", "abc")), BROKEN),
        case(
            "a length beyond all numbers",
            says(ok("content-length: 99999999999999999999\r\n", "a")),
            BROKEN,
        ),
        case("two lengths", says(two), BROKEN),
        // RFC 9112, section 6.3: the encoding wins.
        case("a length and chunks", says(both), TAKEN),
        case("chunks that are none", says(garbage), BROKEN),
        case("a chunk beyond all numbers", says(endless_chunk), BROKEN),
        case(
            "a body that is not gzip",
            says(ok("content-encoding: gzip\r\ncontent-length: 2\r\n", "no")),
            TAKEN,
        ),
        case(
            "a body where none can be",
            says("HTTP/1.1 204 No Content\r\ncontent-length: 3\r\n\r\nabc"),
            EMPTY,
        ),
    ]
}

fn floods_and_bombs() -> Vec<Case> {
    let chunk = format!("400\r\n{}\r\n", "x".repeat(1_024));
    let line = format!("x: {}\r\n", "y".repeat(4_000));
    let gzip = [vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], vec![0; 60_000]].concat();
    let refuses = format!("HTTP/1.1 500 No\r\ncontent-length: 9000000\r\n\r\n{}", "x".repeat(60_000));
    vec![
        case("an endless body", floods(ok("", ""), "x".repeat(8_192)), TAKEN),
        case("an endless body in chunks", floods(ok("transfer-encoding: chunked\r\n", ""), chunk), TAKEN),
        case("a huge body of a refusal", Manner::Holds(refuses.into_bytes()), ("HTTP_ERROR", Some(500))),
        case("a bomb of gzip", Manner::Holds(ok("content-encoding: gzip\r\n", gzip)), TAKEN),
        case("a bomb of headers", floods("HTTP/1.1 200 OK\r\n", line), BROKEN),
        case("a bomb of one header", floods("HTTP/1.1 200 OK\r\nx: ", "y".repeat(8_192)), BROKEN),
        case("a thousand small headers", says(ok(&"x: y\r\n".repeat(1_000), "")), BROKEN),
        case("a status line without end", floods("HTTP/1.1 200 ", "y".repeat(8_192)), BROKEN),
        case("informational answers without end", floods("", "HTTP/1.1 103 Hint\r\n\r\n".repeat(50)), BROKEN),
        case("white space without end", floods("", "\r\n".repeat(4_000)), BROKEN),
    ]
}

fn slow_ones() -> Vec<Case> {
    vec![
        case("silence", Manner::Holds(Vec::new()), LATE),
        case("a head by drops", drips("HTTP/1.1 200 OK\r\n", "x: y\r\n"), LATE),
        case("a status line by drops", drips("HTTP/1.1 200 ", "y"), LATE),
        case("a body by drops", drips(ok("content-length: 4000\r\n", ""), "x"), LATE),
        case("chunks by drops", drips(ok("transfer-encoding: chunked\r\n", ""), "1\r\nx\r\n"), LATE),
        case("informational answers by drops", drips("", "HTTP/1.1 100 Continue\r\n\r\n"), BROKEN),
        case("another protocol from now on", Manner::Holds(b"HTTP/1.1 101 Go\r\n\r\n".to_vec()), SWITCHED),
    ]
}

fn others() -> Vec<Case> {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    let encrypted = |name, manner, ends| Case { scheme: "https", ..case(name, manner, ends) };
    vec![
        case("another protocol", says("SSH-2.0-OpenSSH_9.2\r\n"), BROKEN),
        case("the preface of HTTP/2", Manner::Interrupts(preface), BROKEN),
        case("an answer without a head", says("ten bytes."), BROKEN),
        case("a status that is none", says("HTTP/1.1 099 What\r\n\r\n"), BROKEN),
        case("a status that nobody knows", says("HTTP/1.1 999 What\r\n\r\n"), ("HTTP_ERROR", Some(999))),
        encrypted("a handshake that hangs", Manner::Interrupts(Vec::new()), LATE),
        encrypted("a handshake by drops", drips("\x16\x03\x03\x40\0", "\0"), LATE),
        encrypted("a handshake of garbage", says("HTTP/1.1 400 No TLS here\r\n\r\n"), ("TLS_ERROR", None)),
        encrypted("a handshake that is cut off", says("\x16\x03\x03"), ("TLS_ERROR", None)),
    ]
}

async fn whatever_a_receiver_does_its_attempt_ends_in_time_and_keeps_little(house: &mut House) {
    house.hurry(DEADLINE).await;
    let groups = [hang_ups(), lies(), floods_and_bombs(), slow_ones(), others()];
    let cases: Vec<_> = groups.into_iter().flatten().collect();
    let receivers = join_all(cases.iter().map(|case| Rude::start(case.manner.clone()))).await;
    let mut endpoints = Vec::new();
    for (case, receiver) in cases.iter().zip(&receivers) {
        endpoints.push(register(house, &receiver.url(case.scheme)).await);
    }
    house.partner.create_link().await;

    assert_eq!(house.deliver().await, cases.len());

    let attempts = attempts(house).await;
    let judged = cases.iter().zip(&endpoints).map(|(case, endpoint)| case.judge(&attempts[endpoint]));
    let wrong: Vec<_> = judged.flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(receivers.iter().all(|receiver| receiver.connections() == 1), "each was asked once");
}

async fn what_comes_after_an_answer_is_no_answer_to_the_next_request(house: &mut House) {
    let smuggled = "abcHTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n";
    let receiver = Rude::start(Manner::Holds(ok("content-length: 3\r\n", smuggled))).await;
    let endpoint = register(house, &receiver.url("http")).await;

    for _ in 0..3 {
        house.partner.create_link().await;
        assert_eq!(house.deliver().await, 1);
    }

    let query = "query($id: ID!) { webhookEndpoint(id: $id) { status stats { delivered failed } } }";
    let shown = house.partner.call(query, json!({ "id": endpoint })).await;
    let well = json!({ "status": "ENABLED", "stats": { "delivered": 3, "failed": 0 } });
    assert_eq!((&shown["webhookEndpoint"], receiver.connections()), (&well, 3));
}

/// Registers an endpoint of which nothing is tried twice; returns its id.
async fn register(house: &House, url: &str) -> String {
    let input = json!({ "url": url, "eventTypes": ["link.created"], "retrySchedule": [] });
    let made = house.partner.mutate("createWebhookEndpoint", input).await;
    made["endpoint"]["id"].as_str().unwrap_or_else(|| panic!("{url}: {made}")).to_owned()
}

/// The one attempt at each endpoint's delivery.
async fn attempts(house: &House) -> BTreeMap<String, Value> {
    let query = "{ webhookDeliveries(first: 100) { nodes { endpoint { id }
        attempts { nodes { outcome responseStatus responseBody error durationMs } } } } }";
    let data = house.partner.call(query, json!({})).await;
    let only = |delivery: &Value| {
        let [attempt] = delivery["attempts"]["nodes"].as_array().unwrap().as_slice() else {
            panic!("{delivery}")
        };
        (delivery["endpoint"]["id"].as_str().unwrap().to_owned(), attempt.clone())
    };
    data["webhookDeliveries"]["nodes"].as_array().unwrap().iter().map(only).collect()
}

impl Case {
    /// What is wrong with an attempt at this receiver.
    fn judge(&self, attempt: &Value) -> Option<String> {
        let (outcome, status) = self.ends;
        let took = Duration::from_millis(attempt["durationMs"].as_u64().unwrap());
        let kept = attempt["responseBody"].as_str().unwrap_or_default().len();
        let is_right = attempt["outcome"] == outcome
            && attempt["responseStatus"] == json!(status)
            && took <= DEADLINE + SLACK
            && kept <= KEPT;
        (!is_right).then(|| format!("{}, which ends as {outcome} {status:?}: {attempt}", self.name))
    }
}
