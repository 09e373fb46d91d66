//! Events on a NATS subject: published for a stream that keeps them, signed as over HTTPS.

use std::time::Duration;

use postern::domain::Secret;
use postern::egress::nats::Login;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::house::{Broker, Cable, Ear, House, Kept, Kind, Setup, certificate, ended};

stories! {
    an_event_is_published_signed_and_kept,
    a_broker_that_was_killed_gets_what_it_missed,
    a_lost_acknowledgement_puts_nothing_into_the_stream_twice,
    neither_a_resend_nor_another_endpoint_is_a_repetition,
    what_no_stream_keeps_and_what_a_stream_refuses_is_told,
    what_the_broker_forbids_is_told,
    a_broker_with_a_certificate_is_reached_only_if_it_is_trusted,
    an_address_that_cannot_be_is_refused_with_its_field,
    a_connection_that_was_taken_away_is_refused_at_each_attempt,
    a_broker_that_is_away_is_logged_once_and_never_with_a_secret,
}

const EVENTS: &str = "nats:main/postern.events";
/// The first delay with all its jitter, and the second.
const DELAYS: [Duration; 2] = [Duration::from_secs(6), Duration::from_mins(6)];

async fn register(house: &House, url: &str) -> Value {
    let input =
        json!({ "url": url, "eventTypes": ["link.created"], "headers": { "x-tenant": "Canary-Header-77" } });
    house.partner.mutate("createWebhookEndpoint", input).await
}

/// Outcome and words of each attempt, the oldest first; of each delivery, the newest first.
async fn attempts(house: &House) -> Vec<Vec<(String, String)>> {
    let query =
        "{ webhookDeliveries(first: 100) { nodes { attempts { nodes { outcome error responseBody } } } } }";
    let data = house.partner.call(query, json!({})).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told = |attempt: &Value| {
        (text(&attempt["outcome"]), text(&attempt["error"]) + &text(&attempt["responseBody"]))
    };
    let nodes = data["webhookDeliveries"]["nodes"].as_array().unwrap().iter();
    nodes.map(|node| node["attempts"]["nodes"].as_array().unwrap().iter().map(told).collect()).collect()
}

async fn outcomes(house: &House) -> Vec<String> {
    attempts(house).await.swap_remove(0).into_iter().map(|(outcome, _)| outcome).collect()
}

/// The links that messages are about, in their order.
fn links(kept: &[Kept]) -> Vec<String> {
    let payload = |kept: &Kept| serde_json::from_slice::<Value>(&kept.body).unwrap();
    kept.iter().map(|kept| payload(kept)["data"]["link"]["id"].as_str().unwrap().to_owned()).collect()
}

async fn an_event_is_published_signed_and_kept(house: &mut House) {
    let broker = Broker::start().await;
    house.connect_to(broker.settings()).await;
    let made = register(house, EVENTS).await;

    let link = house.partner.create_link().await;
    assert_eq!(house.deliver().await, 1);

    let kept = broker.kept().await;
    assert_eq!(links(&kept), [link.id]);
    let message = &kept[0];
    assert_eq!(message.subject, "postern.events");
    assert_eq!(message.header("content-type"), "application/json");
    assert_eq!(message.header("x-tenant"), "Canary-Header-77");
    let signed_at = message.header("webhook-timestamp").parse().unwrap();
    assert_eq!(signed_at, house.now().seconds());
    let theirs = Webhook::new(made["secret"].as_str().unwrap()).unwrap();
    let signature = theirs.sign(message.header("webhook-id"), signed_at, &message.body).unwrap();
    assert_eq!(message.header("webhook-signature"), signature);
    let told = attempts(house).await;
    assert_eq!(told, [[("DELIVERED".to_owned(), r#"{"stream":"POSTERN", "seq":1}"#.to_owned())]]);
}

async fn a_broker_that_was_killed_gets_what_it_missed(house: &mut House) {
    let mut broker = Broker::start().await;
    house.connect_to(broker.settings()).await;
    register(house, EVENTS).await;
    let mut made = vec![house.partner.create_link().await.id];
    house.deliver().await;

    broker.kill();
    for _ in 0..20 {
        made.push(house.partner.create_link().await.id);
    }
    house.deliver().await;
    house.pass(DELAYS[0]);
    house.deliver().await;
    broker.come_back().await;
    house.pass(DELAYS[1]);
    assert_eq!(house.deliver().await, 20);

    let mut kept = links(&broker.kept().await);
    kept.sort_unstable();
    made.sort_unstable();
    assert_eq!(kept, made, "each once");
    assert_eq!(outcomes(house).await, ["CONNECTION_ERROR", "CONNECTION_ERROR", "DELIVERED"]);
}

async fn a_lost_acknowledgement_puts_nothing_into_the_stream_twice(house: &mut House) {
    let broker = Broker::start().await;
    let cable = Cable::to(([127, 0, 0, 1], broker.port).into()).await;
    let mut settings = broker.settings();
    settings.servers = vec![format!("nats://{}", cable.address).parse().unwrap()];
    house.connect_to(settings).await;
    register(house, EVENTS).await;
    let first = house.partner.create_link().await.id;
    house.deliver().await;

    cable.break_at(b"MSG ");
    let second = house.partner.create_link().await.id;
    house.deliver().await;
    assert_eq!(links(&broker.kept().await), [first.as_str(), &second]);
    house.pass(DELAYS[0]);
    house.deliver().await;

    assert_eq!(links(&broker.kept().await), [first.as_str(), &second]);
    assert_eq!(outcomes(house).await, ["CONNECTION_ERROR", "DELIVERED"]);
    assert!(attempts(house).await[0][1].1.contains(r#""duplicate": true"#));
}

async fn neither_a_resend_nor_another_endpoint_is_a_repetition(house: &mut House) {
    let broker = Broker::start().await;
    house.connect_to(broker.settings()).await;
    register(house, EVENTS).await;
    register(house, "nats:main/postern.others").await;

    house.partner.create_link().await;
    house.deliver().await;
    let deliveries = house.partner.call("{ webhookDeliveries { nodes { id } } }", json!({})).await;
    let id = &deliveries["webhookDeliveries"]["nodes"][0]["id"];
    house.partner.mutate("resendDelivery", json!({ "id": id })).await;
    house.deliver().await;

    let kept = broker.kept().await;
    let mut subjects: Vec<_> = kept.iter().map(|kept| kept.subject.as_str()).collect();
    subjects.dedup();
    assert_eq!((kept.len(), subjects.len() >= 2), (3, true), "{subjects:?}");
    assert!(kept.iter().all(|message| message.header("webhook-id") == kept[0].header("webhook-id")));
}

async fn what_no_stream_keeps_and_what_a_stream_refuses_is_told(house: &mut House) {
    let broker = Broker::start().await;
    house.connect_to(broker.settings()).await;
    let full = |stream: &mut async_nats::jetstream::stream::Config| {
        (stream.max_messages, stream.discard) = (1, async_nats::jetstream::stream::DiscardPolicy::New);
    };
    broker.change(full).await;
    register(house, EVENTS).await;
    register(house, "nats:main/elsewhere.events").await;

    house.partner.create_link().await;
    house.partner.create_link().await;
    house.deliver().await;

    let mut told: Vec<_> = attempts(house).await.into_iter().flatten().collect();
    told.sort_unstable();
    told.dedup();
    let wanted = [
        ("DELIVERED", r#"{"stream":"POSTERN", "seq":1}"#),
        ("REJECTED", "no stream keeps what is published to this subject"),
        ("REJECTED", "the broker refused it: maximum messages exceeded (code 503, error code 10077)"),
    ];
    assert_eq!(told, wanted.map(|(outcome, words)| (outcome.to_owned(), words.to_owned())));
}

async fn what_the_broker_forbids_is_told(house: &mut House) {
    let file = house.data_dir().join("broker.conf");
    let users =
        "authorization { users = [{ user: u, password: p, permissions: { publish: postern.other } }] }";
    std::fs::write(&file, users).unwrap();
    let broker = Broker::start_with(&["-c", &file.display().to_string()]).await;
    let mut settings = broker.settings();
    settings.login = Login::Password("u".to_owned(), Secret::new("p".to_owned()));
    house.connect_to(settings.clone()).await;
    register(house, EVENTS).await;
    house.partner.create_link().await;

    house.deliver().await;
    settings.login = Login::Token(Secret::new("wrong".to_owned()));
    house.connect_to(settings).await;
    house.pass(DELAYS[0]);
    house.deliver().await;

    let told = attempts(house).await.swap_remove(0);
    let forbidden = r#"the broker refused it: Permissions Violation for Publish to "postern.events""#;
    assert_eq!(told[0], ("REJECTED".to_owned(), forbidden.to_owned()));
    let unknown = "no connection: the broker does not take the operator's credentials";
    assert_eq!(told[1], ("CONNECTION_ERROR".to_owned(), unknown.to_owned()));
}

async fn a_broker_with_a_certificate_is_reached_only_if_it_is_trusted(house: &mut House) {
    let [file, key] = certificate(house.data_dir());
    let broker = Broker::start_with(&["--tls", "--tlscert", &file, "--tlskey", &key]).await;
    let mut settings = broker.settings();
    settings.servers = vec![broker.url().replace("nats:", "tls:").parse().unwrap()];
    house.connect_to(settings.clone()).await;
    register(house, EVENTS).await;
    house.partner.create_link().await;

    house.deliver().await;
    settings.ca = Some(file.into());
    house.connect_to(settings).await;
    house.pass(DELAYS[0]);
    house.deliver().await;

    assert_eq!(outcomes(house).await, ["TLS_ERROR", "REJECTED"], "reached, and without a stream");
}

async fn an_address_that_cannot_be_is_refused_with_its_field(house: &mut House) {
    let broker = Broker::start().await;
    let refused = register(house, EVENTS).await;
    house.connect_to(broker.settings()).await;
    let registered = register(house, EVENTS).await;

    let told = &refused["userErrors"][0];
    assert_eq!((&told["code"], &told["field"]), (&json!("FORBIDDEN_URL"), &json!(["url"])));
    assert!(told["message"].as_str().unwrap().contains("configured no connection"), "{told}");
    for url in [
        "nats:other/postern.a",
        "nats:main/postern.*",
        "nats:main/$JS.API.INFO",
        "nats:main/a b",
        "nats:main",
    ] {
        let input = json!({ "id": registered["endpoint"]["id"], "url": url });
        for refused in
            [register(house, url).await, house.partner.mutate("updateWebhookEndpoint", input).await]
        {
            let told = &refused["userErrors"][0];
            assert_eq!((&told["code"], &told["field"]), (&json!("FORBIDDEN_URL"), &json!(["url"])), "{url}");
        }
    }
}

async fn a_connection_that_was_taken_away_is_refused_at_each_attempt(house: &mut House) {
    let broker = Broker::start().await;
    house.connect_to(broker.settings()).await;
    register(house, EVENTS).await;
    house.partner.create_link().await;

    house.disconnect().await;
    house.deliver().await;
    house.connect_to(broker.settings()).await;
    house.pass(DELAYS[0]);
    house.deliver().await;

    assert_eq!(outcomes(house).await, ["REFUSED_BY_POLICY", "DELIVERED"]);
    assert_eq!(broker.kept().await.len(), 1);
}

async fn a_broker_that_is_away_is_logged_once_and_never_with_a_secret(house: &mut House) {
    const PASSWORD: &str = "Canary-Broker-83ab";
    let mut broker = Broker::start_with(&["--user", "postern", "--pass", PASSWORD]).await;
    let mut settings = broker.settings();
    settings.login = Login::Password("postern".to_owned(), Secret::new(PASSWORD.to_owned()));
    broker.kill();
    let ear = Ear::listen().await;

    house.connect_as("watched", settings).await;
    register(house, "nats:watched/postern.events").await;
    for delay in DELAYS {
        house.partner.create_link().await;
        house.deliver().await;
        house.pass(delay);
    }
    broker.come_back().await;
    house.deliver().await;

    let log = ear.heard();
    // Other stories are told at the same time.
    let told = |words| log.lines().filter(|line| line.contains("watched") && line.contains(words)).count();
    assert_eq!((told("A broker cannot be reached"), told("A broker is reached again")), (1, 1));
    assert!(!log.contains(PASSWORD) && !log.contains("Canary-Header-77"), "a secret is in the log");
    assert_eq!(outcomes(house).await.pop().as_deref(), Some("REJECTED"), "there is no stream");
}

#[tokio::test]
async fn a_connection_can_be_configured_in_the_environment_and_what_is_wrong_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let database = crate::house::Database::create(Kind::Sqlite, dir.path()).await;
    let setup = Setup::new(dir.path(), &database.url);
    let migrate = |name: &str, value: &str| ended(setup.command(&["migrate"]).env(name, value));

    let mut command = setup.command(&["migrate"]);
    command.env("POSTERN_NATS__MAIN__URL", "nats://127.0.0.1:4222,nats://127.0.0.1:4223");
    let good = ended(command.env("POSTERN_NATS__MAIN__TOKEN", "\"0123\""));
    let bad = migrate("POSTERN_NATS__MAIN__URL", "nats://user:geheim@127.0.0.1:4222");
    let unknown = migrate("POSTERN_NATS__MAIN__ADDRESS", "x");

    assert!(good.status.success(), "{good:?}");
    let told = String::from_utf8(bad.stderr).unwrap();
    assert!(
        told.contains("nats.main.url: must be nats://host:port") && told.contains("the environment"),
        "{told}"
    );
    assert!(!told.contains("geheim"), "{told}");
    let told = String::from_utf8(unknown.stderr).unwrap();
    assert!(told.contains("nats.main.address: is not a setting; there are: url, subjects"), "{told}");
}
