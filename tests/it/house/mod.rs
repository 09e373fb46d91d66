//! The house: a real server on a real database, and everybody who has to do with it.
//!
//! `House` starts the server and steps its workers; `partner`, `socket` and `stream` are the
//! partner's program, `receiver` its webhooks, `broker` a NATS server, `customer` the browser
//! without scripts, `peer` a stranger on the network who answers as badly as a story wants, and `cable` what
//! breaks between two of them.

pub(crate) mod bank;
mod broker;
mod cable;
mod certificate;
mod clock;
mod customer;
mod database;
mod ear;
mod hands;
mod journey;
mod partner;
mod peer;
mod program;
pub(crate) mod receiver;
mod rude;
mod shop;
mod socket;
mod stream;
mod toll;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use entity::Scope;
use postern::config::{LogFormat, Settings};
use postern::egress::Allow;
use postern::egress::nats::Settings as BrokerSettings;
use postern::service::{App, Clock, key, workspace};
use postern::wire::{Pace, Server};
use postern::{store, wire};
use tempfile::TempDir;
use tokio::task::JoinSet;
use url::Url;

pub(crate) use bank::Bank;
pub(crate) use broker::{Broker, Kept};
pub(crate) use cable::Cable;
pub(crate) use certificate::{GOOD, Wording, certificate, certificate_with};
pub(crate) use customer::{Customer, Page};
pub(crate) use database::{Database, Kind};
pub(crate) use ear::Ear;
pub(crate) use partner::{Link, Partner, document, http, texts};
pub(crate) use peer::{Act, Peer, Request};
pub(crate) use program::{Program, Setup, ended};
pub(crate) use receiver::Receiver;
pub(crate) use rude::{Manner, Rude};
pub(crate) use shop::{CODE, KEPT, Shop};
pub(crate) use socket::{Socket, Told};
pub(crate) use stream::Stream;
pub(crate) use toll::Toll;

use clock::HandClock;

/// Where links of the first workspace may send customers back to.
pub(crate) const RETURN_URL: &str = "https://acme.example/back";

/// How long events are kept, unless a story says otherwise.
pub(crate) const RETENTION: Duration = Duration::from_hours(90 * 24);

/// No answer on this machine takes this long; a story that waits longer has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Makes two tests of each story, on SQLite and on PostgreSQL, in a house moved by hand.
macro_rules! stories {
    ($($story:ident,)+) => {$(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                tell!($story, start(crate::house::Kind::Sqlite));
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                tell!($story, start(crate::house::Kind::Postgres));
            }
        }
    )+};
}

/// The same in a house that lives by itself.
macro_rules! stories_of_life {
    ($($story:ident,)+) => {$(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                tell!($story, wake(crate::house::Kind::Sqlite));
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                tell!($story, wake(crate::house::Kind::Postgres));
            }
        }
    )+};
}

/// Makes one test of each story that cannot happen where there is only one writer.
macro_rules! stories_on_postgres {
    ($($story:ident,)+) => {$(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                tell!($story, start_alone());
            }
        }
    )+};
}

macro_rules! tell {
    ($story:ident, $begin:ident($($kind:expr)?)) => {
        let mut house = crate::house::House::$begin($($kind)?).await;
        super::$story(&mut house).await;
        house.leave().await;
    };
}

pub(crate) struct House {
    /// The partner of the workspace "Acme", whose key may do everything.
    pub(crate) partner: Partner,
    /// The site customers sign in to.
    pub(crate) bank: Bank,
    pub(crate) database: Database,
    clock: Arc<HandClock>,
    settings: Settings,
    server: Option<Server>,
    logins: JoinSet<()>,
    runs: JoinSet<()>,
    dir: TempDir,
}

impl House {
    /// A house in which nothing happens but by hand, time included.
    pub(crate) async fn start(kind: Kind) -> Self {
        let dir = TempDir::new().unwrap();
        let database = Database::create(kind, dir.path()).await;
        Self::open((dir, database), Pace::ByHand, HandClock::standing()).await
    }

    /// The same on PostgreSQL, while nobody else is on the server.
    pub(crate) async fn start_alone() -> Self {
        let dir = TempDir::new().unwrap();
        let database = Database::create_alone(dir.path()).await;
        Self::open((dir, database), Pace::ByHand, HandClock::standing()).await
    }

    /// The same on PostgreSQL, behind a gate that counts the statements.
    pub(crate) async fn start_counted() -> (Self, Toll) {
        let dir = TempDir::new().unwrap();
        let mut database = Database::create(Kind::Postgres, dir.path()).await;
        let toll = Toll::before(&database.url).await;
        database.url.clone_from(&toll.url);
        (Self::open((dir, database), Pace::ByHand, HandClock::standing()).await, toll)
    }

    /// A house that lives by itself.
    pub(crate) async fn wake(kind: Kind) -> Self {
        let dir = TempDir::new().unwrap();
        let database = Database::create(kind, dir.path()).await;
        Self::open((dir, database), Pace::ByThemselves, HandClock::running()).await
    }

    async fn open((dir, database): (TempDir, Database), pace: Pace, clock: HandClock) -> Self {
        install_provider();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let settings = settings(&listener, &database.url, dir.path());
        let clock = Arc::new(clock);
        let server = Server::start(&settings, listener, Arc::clone(&clock) as _, pace).await.unwrap();
        let bank = Bank::open().await;
        let partner = partner(&server.app, &settings.public_url, "Acme").await.with_job_at(&bank).await;
        let (logins, runs) = (JoinSet::new(), JoinSet::new());
        Self { partner, bank, database, clock, settings, server: Some(server), logins, runs, dir }
    }

    /// The partner of another workspace, with a job of its own.
    pub(crate) async fn stranger(&self) -> Partner {
        partner(self.app(), &self.settings.public_url, "Other").await.with_job_at(&self.bank).await
    }

    /// The same partner with a key that may do less.
    pub(crate) async fn partner_with(&self, scopes: &[Scope]) -> Partner {
        let acme = workspace::find(self.app(), "Acme").await.unwrap();
        let made = key::create(self.app(), acme.id, "less", scopes).await.unwrap();
        self.partner.with_key(made.secret.expose())
    }

    pub(crate) fn app(&self) -> &App {
        &self.server.as_ref().expect("the server runs").app
    }

    /// Where the server is reached.
    pub(crate) fn url(&self, path: &str) -> Url {
        self.settings.public_url.join(path).unwrap()
    }

    /// Where the master key and the SQLite file are.
    pub(crate) fn data_dir(&self) -> &Path {
        self.dir.path()
    }

    /// A browser without scripts.
    pub(crate) fn customer(&self) -> Customer {
        Customer::new()
    }

    /// Time passes, and nothing else happens.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }

    /// The clock goes back.
    pub(crate) fn turn_back(&self, time: Duration) {
        self.clock.turn_back(time);
    }

    pub(crate) fn now(&self) -> entity::Timestamp {
        postern::service::Clock::now(self.clock.as_ref())
    }

    /// Another server that lives by itself beside this one, on the same database.
    pub(crate) async fn neighbour(&self) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let settings = settings(&listener, &self.database.url, self.dir.path());
        Server::start(&settings, listener, Arc::clone(&self.clock) as _, Pace::ByThemselves).await.unwrap()
    }

    /// Stops the server and starts it again on the same data and at the same address.
    pub(crate) async fn restart(&mut self) {
        (self.logins, self.runs) = (JoinSet::new(), JoinSet::new());
        self.server.take().expect("the server runs").stop().await;
        let listener = TcpListener::bind(self.settings.listen).unwrap();
        let clock = Arc::clone(&self.clock) as _;
        self.server = Some(Server::start(&self.settings, listener, clock, Pace::ByHand).await.unwrap());
    }

    /// Everything in the middle is cut off, and another server takes over.
    pub(crate) async fn crash(&mut self) {
        self.restart().await;
        // On PostgreSQL a node is dead when it has been silent for a while.
        self.pass(store::node::DEAD_AFTER + Duration::from_secs(1));
        self.beat().await;
    }

    /// The operator says something else about the API, and starts the server again.
    pub(crate) async fn set_api(&mut self, change: impl FnOnce(&mut postern::config::Api)) {
        change(&mut self.settings.api);
        self.restart().await;
    }

    /// The operator allows so many browsers at a time.
    pub(crate) async fn allow_browsers(&mut self, most: usize) {
        self.settings.browser.limit = most;
        self.restart().await;
    }

    /// The operator limits refused passwords for one account over all workspaces.
    pub(crate) async fn allow_passwords_per_account(&mut self, most: u64) {
        self.settings.passwords_per_account = Some(most);
        self.restart().await;
    }

    /// Starts the server again with another time that events are kept.
    pub(crate) async fn keep_events_for(&mut self, kept: Option<Duration>) {
        self.settings.retention = kept;
        self.restart().await;
    }

    /// Starts the server again with other limits of files: bytes of one, and of all of a run.
    pub(crate) async fn take_files(&mut self, file_bytes: usize, run_bytes: usize) {
        (self.settings.files.file_bytes, self.settings.files.run_bytes) = (file_bytes, run_bytes);
        self.restart().await;
    }

    /// The operator configures a connection `main` to a broker and starts the server again.
    pub(crate) async fn connect_to(&mut self, broker: BrokerSettings) {
        self.connect_as("main", broker).await;
    }

    /// The same by another name.
    pub(crate) async fn connect_as(&mut self, name: &str, broker: BrokerSettings) {
        self.settings.nats.insert(name.to_owned(), broker);
        self.restart().await;
    }

    /// The operator takes all connections to brokers away.
    pub(crate) async fn disconnect(&mut self) {
        self.settings.nats.clear();
        self.restart().await;
    }

    /// Starts the server again with nothing open beyond the public internet.
    pub(crate) async fn close_the_ways_out(&mut self) {
        self.settings.sources_allow = Allow::default();
        self.settings.webhooks_allow = Allow::default();
        self.restart().await;
    }

    /// Starts the server again with less time for receivers, who may speak TLS.
    pub(crate) async fn hurry(&mut self, timeout: Duration) {
        self.settings.webhooks_allow = "http://127.0.0.1:*,https://127.0.0.1:*".parse().unwrap();
        self.settings.webhooks_timeout = timeout;
        self.restart().await;
    }

    /// Another program on the same database, with a clock of its own.
    pub(crate) async fn beside(&self, clock: Arc<dyn Clock>) -> App {
        wire::open(&self.settings, clock).await.unwrap()
    }

    /// Removes what is not in the folder; the rest ends with the test.
    pub(crate) async fn leave(self) {
        self.database.remove().await;
    }
}

/// What the first line of `main` does; any number of times.
fn install_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn settings(listener: &TcpListener, database_url: &str, dir: &Path) -> Settings {
    let listen = listener.local_addr().unwrap();
    Settings {
        listen,
        public_url: format!("http://{listen}").parse().unwrap(),
        database_url: database_url.to_owned(),
        data_dir: dir.to_owned(),
        master_key: None,
        tls: None,
        trusted_proxies: Vec::new(),
        api: postern::config::Api::default(),
        log_format: LogFormat::Text,
        metrics_listen: None,
        retention: Some(RETENTION),
        passwords_per_account: None,
        files: postern::domain::FileLimits::default(),
        sources_allow: "http://127.0.0.1:*".parse().unwrap(),
        webhooks_allow: "http://127.0.0.1:*".parse().unwrap(),
        webhooks_timeout: Duration::from_secs(15),
        browser: postern::driver::browser::Settings {
            program: None,
            isolation: postern::driver::browser::Isolation::Context,
            limit: 4,
            profiles: dir.join("browser"),
        },
        nats: BTreeMap::new(),
    }
}

async fn partner(app: &App, public_url: &Url, name: &str) -> Partner {
    let made = workspace::create(app, name, vec![RETURN_URL.to_owned()]).await.unwrap();
    let key = key::create(app, made.id, "everything", Scope::ALL).await.unwrap();
    Partner::new(public_url.join("/graphql").unwrap(), key.secret.expose())
}
