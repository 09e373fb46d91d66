//! One run: a server on a fresh database, links that go through their states, and what became of it.

use std::fmt;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use entity::{
    DeliveryOrdering, DeliveryStatus, Driver, EndpointId, EndpointStatus, JobId, KeepCredentials, LinkId,
    PayloadFormat, SignatureScheme, WorkspaceId, delivery,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use postern::config::{LogFormat, Settings};
use postern::domain::event::Facts;
use postern::domain::link::Change as To;
use postern::service::clock::SystemClock;
use postern::service::endpoint::update::{Change, Changes};
use postern::service::{App, Caller, Error, endpoint, job, key, link, source_system, workspace};
use postern::store;
use postern::wire::{Pace, Server};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::receiver::Receiver;

/// How many workspaces, with a receiver each.
const RECEIVERS: usize = 4;
/// How many things are written at a time.
const WRITERS: usize = 64;
/// What happens to every link after its creation.
const LIFE: [To; 6] = [To::Opened, To::Answered, To::SignInFailed, To::Opened, To::Answered, To::SignedIn];
/// The schedule of the endpoints.
const SCHEDULE: [u64; 3] = [50, 100, 200];
/// No run takes this long.
const PATIENCE: Duration = Duration::from_mins(10);

/// When deliveries are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pressure {
    /// While the links go through their states.
    AsItHappens,
    /// All at once afterwards: the endpoints are paused until then.
    Backlog,
}

impl fmt::Display for Pressure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsItHappens => "as it happens",
            Self::Backlog => "a backlog that is let go",
        })
    }
}

/// What to run.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) links: usize,
    pub(crate) pressure: Pressure,
    pub(crate) ordering: DeliveryOrdering,
}

/// What came of it.
pub(crate) struct Told {
    pub(crate) delivered: u64,
    pub(crate) given_up: u64,
    pub(crate) inversions: usize,
    pub(crate) took: Duration,
    expected: u64,
}

impl Told {
    pub(crate) fn per_second(&self) -> f64 {
        // Far below what a double cannot hold.
        f64::from(u32::try_from(self.delivered).unwrap_or(u32::MAX)) / self.took.as_secs_f64()
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.delivered + self.given_up == self.expected
    }
}

/// A partner with an endpoint.
struct Partner {
    caller: Caller,
    job: JobId,
    endpoint: EndpointId,
    receiver: Receiver,
}

/// Runs it.
pub(crate) async fn tell(setting: Setting) -> anyhow::Result<Told> {
    let dir = tempfile::tempdir()?;
    let server = serve(dir.path()).await?;
    let app = &server.app;
    let mut partners = Vec::new();
    for number in 0..RECEIVERS {
        partners.push(partner(app, number, setting.ordering).await?);
    }
    let mut begun = Instant::now();
    if setting.pressure == Pressure::Backlog {
        set_status(app, &partners, EndpointStatus::Paused).await?;
    }
    let lives = stream::iter(0..setting.links);
    let lives = lives.map(|number| live(app, &partners[number % RECEIVERS], number));
    lives.buffer_unordered(WRITERS).try_collect::<()>().await?;
    if setting.pressure == Pressure::Backlog {
        begun = Instant::now();
        set_status(app, &partners, EndpointStatus::Enabled).await?;
    }
    let told = until_over(app, setting, begun, &partners).await;
    server.stop().await;
    told
}

async fn serve(dir: &std::path::Path) -> anyhow::Result<Server> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let settings = Settings {
        listen: listener.local_addr()?,
        public_url: format!("http://{}", listener.local_addr()?).parse()?,
        database_url: database(dir).await?,
        data_dir: dir.to_owned(),
        master_key: None,
        tls: None,
        trusted_proxies: Vec::new(),
        api: postern::config::Api::default(),
        log_format: LogFormat::Text,
        sources_allow: "http://127.0.0.1:*".parse()?,
        webhooks_allow: "http://127.0.0.1:*".parse()?,
        webhooks_timeout: Duration::from_secs(15),
        browser: postern::driver::browser::Settings {
            program: None,
            isolation: postern::driver::browser::Isolation::Context,
            limit: 4,
            profiles: dir.join("browser"),
        },
        nats: std::collections::BTreeMap::new(),
        metrics_listen: None,
        retention: None,
        passwords_per_account: None,
        files: postern::domain::FileLimits::default(),
    };
    Ok(Server::start(&settings, listener, Arc::new(SystemClock::start()), Pace::ByThemselves).await?)
}

/// A fresh database.
async fn database(dir: &std::path::Path) -> anyhow::Result<String> {
    let Ok(server) = std::env::var("TEST_POSTGRES") else {
        return Ok(format!("sqlite://{}", dir.join("postern.db").display()));
    };
    let name = format!("ordered_{}", uuid::Uuid::now_v7().as_simple());
    let admin = sea_orm::Database::connect(&server).await?;
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
    let mut url: url::Url = server.parse()?;
    url.set_path(&name);
    Ok(url.into())
}

async fn partner(app: &App, number: usize, ordering: DeliveryOrdering) -> anyhow::Result<Partner> {
    let made = workspace::create(app, &format!("partner {number}"), Vec::new()).await?;
    let key = key::create(app, made.id, "load", entity::Scope::ALL).await?;
    let caller = key::authenticate(app, &key.secret).await?.context("the key was just made")?;
    let receiver = Receiver::default();
    let wanted = endpoint::New {
        url: receiver.listen().await?,
        description: None,
        event_types: vec!["link.*".to_owned()],
        signature: SignatureScheme::StandardV1,
        format: PayloadFormat::Thin,
        ordering,
        headers: Vec::new(),
        secret: None,
        retry_schedule: Some(SCHEDULE.map(Duration::from_millis).to_vec()),
        rate_limit: None,
        idempotency_key: None,
    };
    let endpoint = endpoint::create(app, &caller, wanted).await?.endpoint.id;
    let job = some_job(app, &caller).await?;
    Ok(Partner { caller, job, endpoint, receiver })
}

/// A link through all its states, one transaction each, as a customer's login makes them.
async fn live(app: &App, partner: &Partner, number: usize) -> Result<(), Error> {
    let wanted = link::New {
        external_id: format!("customer-{number}"),
        job: partner.job,
        expires_in: Duration::from_hours(1),
        metadata: serde_json::json!({}),
        return_url: None,
        locale: None,
        relogin: None,
        idempotency_key: None,
    };
    let made = link::create(app, &partner.caller, wanted).await?.link;
    for change in LIFE {
        step(app, partner.caller.workspace, made.id, change).await?;
    }
    Ok(())
}

async fn step(app: &App, workspace: WorkspaceId, id: LinkId, change: To) -> Result<(), Error> {
    let now = app.clock.now();
    store::transact(&app.db, async move |tx| {
        let mut row = store::link::lock(&tx, workspace, id).await?;
        link::change(&tx, now, &mut row, change, Facts::default()).await
    })
    .await
}

async fn until_over(
    app: &App,
    setting: Setting,
    begun: Instant,
    partners: &[Partner],
) -> anyhow::Result<Told> {
    let rows = |status: DeliveryStatus| delivery::Entity::find().filter(delivery::Column::Status.eq(status));
    // One row is asked for, not their number: who watches should be as little of a load as can be.
    while rows(DeliveryStatus::Pending).one(&app.db).await?.is_some() && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let took = begun.elapsed();
    let count = async |status| rows(status).count(&app.db).await;
    Ok(Told {
        took,
        delivered: count(DeliveryStatus::Delivered).await?,
        given_up: count(DeliveryStatus::Exhausted).await?,
        inversions: partners.iter().map(|partner| partner.receiver.inversions()).sum(),
        expected: u64::try_from(setting.links * (LIFE.len() + 1))?,
    })
}

async fn some_job(app: &App, caller: &Caller) -> anyhow::Result<JobId> {
    let wanted = source_system::New {
        name: "Nowhere".to_owned(),
        // Nobody signs in during this run, so nothing needs to listen there.
        login_url: "http://127.0.0.1:9/login".to_owned(),
        allowed_origins: None,
        driver: Driver::Http,
        recipe: None,
        idempotency_key: None,
    };
    let source_system = source_system::create(app, caller, wanted).await?.id;
    let wanted = job::New {
        name: "Nothing".to_owned(),
        source_system,
        workflows: Vec::new(),
        keep_credentials: KeepCredentials::Never,
        idempotency_key: None,
    };
    Ok(job::create(app, caller, wanted).await?.id)
}

async fn set_status(app: &App, partners: &[Partner], status: EndpointStatus) -> Result<(), Error> {
    for partner in partners {
        let changes = Changes {
            id: partner.endpoint,
            url: Change::Keep,
            description: Change::Keep,
            event_types: Change::Keep,
            status: Change::To(status),
            format: Change::Keep,
            ordering: Change::Keep,
            headers: Change::Keep,
            retry_schedule: Change::Keep,
            rate_limit: Change::Keep,
        };
        endpoint::update::update(app, &partner.caller, changes).await?;
    }
    Ok(())
}
