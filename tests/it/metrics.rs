//! Metrics: the numbers say what happened, to operators and to nobody else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::house::{Database, Kind, PATIENCE, Peer, Program, Setup, http};

/// What is told, by sample.
struct Told {
    text: String,
    samples: BTreeMap<String, f64>,
}

impl Told {
    async fn by(program: &Program) -> Self {
        let answer = http().get(&program.metrics).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        let text = answer.text().await.unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let sample = |line: &str| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        };
        Self { samples: lines.map(sample).collect(), text }
    }

    /// What is told once `sample` is `value`.
    async fn until(program: &Program, sample: &str, value: f64) -> Self {
        let began = Instant::now();
        loop {
            let told = Self::by(program).await;
            if told.of(sample).is_some_and(|is| (is - value).abs() < 0.5) {
                return told;
            }
            assert!(began.elapsed() < PATIENCE, "{sample} is not {value}: {}", told.text);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn of(&self, sample: &str) -> Option<f64> {
        self.samples.get(sample).copied()
    }

    /// The families that a comment of this kind is about.
    fn commented(&self, kind: &str) -> BTreeSet<&str> {
        let lines = self.text.lines().filter_map(|line| line.strip_prefix(kind));
        lines.map(|rest| rest.split_whitespace().next().unwrap()).collect()
    }
}

async fn the_numbers_say_what_happened(kind: Kind) {
    let dir = TempDir::new().unwrap();
    let database = Database::create(kind, dir.path()).await;
    let setup = Setup::new(dir.path(), &database.url);
    setup.run(&["workspace", "create", "--name", "Acme"]);
    let key =
        setup.json(&["key", "create", "--workspace", "Acme", "--name", "k", "--scopes", "all", "--json"]);
    let key = key["api_key"].as_str().unwrap();
    let server = setup.serve();
    let partner = server.partner(key);
    let receiver = Peer::start([crate::house::Act::Status(204)]).await;
    let made = partner.mutate("createWebhookEndpoint", json!({ "url": receiver.url("/hook") })).await;
    let source = json!({ "name": "Bank", "loginUrl": "http://127.0.0.1:9/login" });
    let job = partner.job_of(source, "w", json!([])).await;
    let link = partner.create_link_with(json!({ "jobId": job })).await;
    partner.mutate("expireLink", json!({ "id": link.id })).await;

    let attempts = r#"postern_delivery_attempts_total{outcome="DELIVERED",class="2xx"}"#;
    let told = Told::until(&server, attempts, 2.0).await;

    for (sample, value) in [
        (r#"postern_events_recorded_total{type="link.created"}"#, 1.0),
        (r#"postern_link_transitions_total{from="CREATED",to="EXPIRED"}"#, 1.0),
        (r#"postern_graphql_operations_total{kind="mutation",outcome="ok"}"#, 5.0),
        (r#"postern_http_requests_total{route="/graphql",status="2xx"}"#, 5.0),
        (r#"postern_deliveries_waiting{state="parked"}"#, 0.0),
        (concat!(r#"postern_build_info{version=""#, env!("CARGO_PKG_VERSION"), r#""}"#), 1.0),
    ] {
        assert_eq!(told.of(sample), Some(value), "{sample} in {}", told.text);
    }
    // Levels that may not have come back to zero yet.
    for level in ["delivery_oldest_due_seconds", "delivery_attempts_in_flight", "event_log_lag_seconds"] {
        assert!(told.of(&format!("postern_{level}")).is_some_and(|is| is < 20.0), "{level} in {}", told.text);
    }
    assert!(told.of("process_resident_memory_bytes").unwrap() > 1e6);
    assert!(told.of("postern_database_commit_duration_seconds_count").unwrap() > 3.0);
    every_family_is_described(&told);
    for secret in [key, made["secret"].as_str().unwrap(), &link.id, &link.url, "customer-1", "127.0.0.1"] {
        assert!(!told.text.contains(secret), "{secret} in {}", told.text);
    }
    nobody_else_reads_them(&server).await;
    drop(server);
    database.remove().await;
}

/// Each has a type and words, and a name as Prometheus wants it.
fn every_family_is_described(told: &Told) {
    let (types, helps) = (told.commented("# TYPE "), told.commented("# HELP "));
    for sample in told.samples.keys() {
        let name = sample.split('{').next().unwrap();
        let family =
            ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(types.contains(family) && helps.contains(family), "{family} is not described");
        assert!(family.starts_with("postern_") || family.starts_with("process_"), "{family}");
        let only_grows = told.text.contains(&format!("# TYPE {family} counter"));
        assert_eq!(only_grows, family.ends_with("_total"), "{family}");
    }
}

async fn nobody_else_reads_them(server: &Program) {
    let public = format!("http://{}/metrics", server.address);
    assert_eq!(http().get(public).send().await.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_numbers_say_what_happened_on_sqlite() {
    the_numbers_say_what_happened(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_numbers_say_what_happened_on_postgres() {
    the_numbers_say_what_happened(Kind::Postgres).await;
}
