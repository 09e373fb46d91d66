//! The real program, killed: what was acknowledged is there, and is delivered.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::house::{Act, Broker, Database, Kept, Kind, Partner, Peer, Request, Setup, ended};

/// A data directory and a database for programs of one story.
struct Place {
    setup: Setup,
    database: Database,
    dir: TempDir,
}

impl Place {
    async fn new(kind: Kind) -> Self {
        let dir = TempDir::new().unwrap();
        let database = Database::create(kind, dir.path()).await;
        Self { setup: Setup::new(dir.path(), &database.url), database, dir }
    }
}

async fn a_killed_server_delivers_what_it_acknowledged(kind: Kind) {
    let place = Place::new(kind).await;
    let key = place.setup.key();
    let server = place.setup.serve();
    let refusing = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let secret = subscribe(&server.partner(&key), &format!("http://{refusing}/hook")).await;
    let acknowledged = create_links(&server.partner(&key), 5).await;

    server.kill();
    let receiver = Peer::start_at(refusing, [Act::Status(204)]).await;
    let server = place.setup.serve();

    receiver.has_seen(acknowledged.len()).await;
    let verified =
        |request: &Request| verified(&secret, &request.body, |name| request.header(name).to_owned());
    let delivered: BTreeSet<_> = receiver.seen().iter().map(verified).collect();
    assert_eq!(delivered, acknowledged);
    for id in &acknowledged {
        assert_eq!(server.partner(&key).status(id).await, "CREATED");
    }
    drop(server);
    place.database.remove().await;
}

async fn create_links(partner: &Partner, count: usize) -> BTreeSet<String> {
    let source = json!({ "name": "Bank", "loginUrl": "http://127.0.0.1:9/login" });
    let job = partner.job_of(source, "w", json!([])).await;
    let mut made = BTreeSet::new();
    while made.len() < count {
        made.insert(partner.create_link_with(json!({ "jobId": job })).await.id);
    }
    made
}

/// Registers a receiver that is tried again soon; returns its secret.
async fn subscribe(partner: &Partner, url: &str) -> String {
    let soon = vec!["PT0.3S"; 20];
    let input = json!({ "url": url, "eventTypes": ["link.created"], "retrySchedule": soon });
    let made = partner.mutate("createWebhookEndpoint", input).await;
    made["secret"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

/// The link that a webhook is about, verified as a receiver would.
fn verified(secret: &str, body: &[u8], value: impl Fn(&str) -> String) -> String {
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let header = |name: &'static str| (name.parse().unwrap(), value(name).parse().unwrap());
    let headers = names.map(header).into_iter().collect();
    standardwebhooks::Webhook::new(secret).unwrap().verify(body, &headers).expect("a valid webhook");
    let payload: Value = serde_json::from_slice(body).unwrap();
    payload["data"]["link"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_delivers_what_it_acknowledged_on_sqlite() {
    a_killed_server_delivers_what_it_acknowledged(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_delivers_what_it_acknowledged_on_postgres() {
    a_killed_server_delivers_what_it_acknowledged(Kind::Postgres).await;
}

/// The broker is killed while links are made, again and again: its stream gets each event once.
async fn a_broker_that_dies_again_and_again_gets_every_event(kind: Kind) {
    let (mut broker, place) = (Broker::start().await, Place::new(kind).await);
    let configured = format!("[nats.main]\nurl = '{}'", broker.url());
    std::fs::write(place.dir.path().join("postern.toml"), configured).unwrap();
    let (key, server) = (place.setup.key(), place.setup.serve());
    let secret = subscribe(&server.partner(&key), "nats:main/postern.events").await;
    let mut acknowledged = BTreeSet::new();

    for _ in 0..3 {
        let partner = server.partner(&key);
        let (made, ()) = tokio::join!(create_links(&partner, 10), async {
            broker.kill();
            broker.come_back().await;
        });
        acknowledged.extend(made);
    }

    let kept = broker.receives(acknowledged.len()).await;
    let verified = |kept: &Kept| verified(&secret, &kept.body, |name| kept.header(name).to_owned());
    assert_eq!(kept.iter().map(verified).collect::<BTreeSet<_>>(), acknowledged);
    drop(server);
    place.database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_dies_again_and_again_gets_every_event_on_sqlite() {
    a_broker_that_dies_again_and_again_gets_every_event(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_dies_again_and_again_gets_every_event_on_postgres() {
    a_broker_that_dies_again_and_again_gets_every_event(Kind::Postgres).await;
}

/// Killed at some moment in the middle of many creates, again and again: no acknowledged link is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_link_is_lost_whenever_the_server_is_killed() {
    let place = Place::new(Kind::Sqlite).await;
    let key = place.setup.key();
    let server = place.setup.serve();
    let source = json!({ "name": "Bank", "loginUrl": "http://127.0.0.1:9/login" });
    let job = server.partner(&key).job_of(source, "w", json!([])).await;
    drop(server);
    let mut acknowledged = Vec::new();
    for enough in [1, 10, 40, 90] {
        let server = place.setup.serve();
        let (partner, heard) = (server.partner(&key), watch::Sender::new(0));
        let creating = join_all((0..200).map(|_| create(&partner, &job, &heard)));
        let killing = async {
            heard.subscribe().wait_for(|heard| *heard >= enough).await.unwrap();
            server.kill();
        };
        let (made, ()) = tokio::join!(creating, killing);
        acknowledged.extend(made.into_iter().flatten());
    }

    let server = place.setup.serve();
    assert!((141..800).contains(&acknowledged.len()), "{} links", acknowledged.len());
    for id in acknowledged {
        assert_eq!(server.partner(&key).status(&id).await, "CREATED");
    }
}

/// The link's id, if the server lived long enough to say it.
async fn create(partner: &Partner, job: &str, heard: &watch::Sender<usize>) -> Option<String> {
    let query = format!(
        "mutation {{ createLink(input: {{ externalId: \"x\", jobId: \"{job}\" }}) {{ link {{ id }} }} }}"
    );
    let answer = partner.request().body(json!({ "query": query }).to_string()).send().await.ok()?;
    let answer: Value = serde_json::from_str(&answer.text().await.ok()?).ok()?;
    heard.send_modify(|heard| *heard += 1);
    answer["data"]["createLink"]["link"]["id"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn a_second_server_on_the_same_file_is_refused_with_words() {
    let place = Place::new(Kind::Sqlite).await;
    let server = place.setup.serve();

    let second = place.setup.run(&["serve"]);

    assert!(!second.status.success());
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(told.contains("another server is using") && told.contains("postern.db"), "{told}");
    drop(server);
    drop(place.setup.serve());
}

#[tokio::test]
async fn commands_beside_a_running_server_disturb_nothing() {
    let place = Place::new(Kind::Sqlite).await;
    let key = place.setup.key();
    let server = place.setup.serve();
    let partner = server.partner(&key);
    partner.call("{ viewer { id } }", json!({})).await;

    let prefix = key.rsplit_once('_').unwrap().0;
    let revoked = place.setup.run(&["key", "revoke", "--prefix", prefix]);
    tokio::time::sleep(Duration::from_millis(1_050)).await;

    assert!(revoked.status.success(), "{}", String::from_utf8_lossy(&revoked.stderr));
    assert_eq!(partner.request().body("{}").send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn settings_that_are_unknown_or_bad_are_refused_with_key_and_origin() {
    let place = Place::new(Kind::Sqlite).await;
    for (name, value, told) in [
        ("POSTERN_LISTN", "127.0.0.1:0", ["listn", "environment"]),
        ("POSTERN_EGRESS__WEBHOOKS__ALOW", "x", ["egress.webhooks.alow", "environment"]),
        ("POSTERN_PUBLIC_URL", "http://postern.example", ["public_url", "must be https"]),
        ("POSTERN_EGRESS__SOURCES__ALLOW", "gopher://x:1", ["egress.sources.allow", "gopher"]),
        ("POSTERN_TRUSTED_PROXIES", "everybody", ["trusted_proxies", "environment"]),
        ("POSTERN_MASTER_KEY", "short", ["master key", ""]),
    ] {
        let output = ended(place.setup.command(&["serve"]).env(name, value));

        assert!(!output.status.success(), "{name}");
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(told.iter().all(|part| words.contains(part)), "{name}: {words}");
        assert!(!words.contains("short"), "{words}");
    }
    std::fs::write(format!("{}/postern.toml", place.setup.data_dir), "listn = 'x'").unwrap();
    let words = String::from_utf8(place.setup.run(&["serve"]).stderr).unwrap();
    assert!(words.contains("listn") && words.contains("postern.toml"), "{words}");
}

#[tokio::test]
async fn the_printed_schema_is_the_one_in_the_repository() {
    let place = Place::new(Kind::Sqlite).await;

    let printed = place.setup.run(&["schema"]);

    assert_eq!(String::from_utf8(printed.stdout).unwrap(), include_str!("../../schema.graphql"));
}
