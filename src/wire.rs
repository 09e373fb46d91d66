//! Builds the tool box and the doors, and runs them together: one server, one process.

use std::fs::{File, TryLockError};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use entity::{EndpointId, NodeId};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;

use crate::api::door::{BadDocuments, Documents, Rate};
use crate::bus::Bus;
use crate::config::Settings;
use crate::driver::browser::Browsers;
use crate::egress::client::{Purpose, SetupError};
use crate::egress::{Client, Policy};
use crate::service::{self, App, Clock, Tools};
use crate::store::connect::OnCommit;
use crate::store::transact::Left;
use crate::store::{self, Db};
use crate::vault::{KeyError, MasterKeys, Tokens, Vault};
use crate::webhook::Destinations;
use crate::webhook::destination::https::Https;
use crate::webhook::destination::nats::Nats;
use crate::{api, meter, operator, page, worker};

/// How long requests may go on after the server was told to stop.
const LAST_CHANCE: Duration = Duration::from_secs(5);
/// How long a client may take to send its headers.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// How large all headers of a request may be, in bytes.
const HEADER_BYTES: usize = 64 * 1024;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another server uses the same database file.
    #[error("another server is using {0}; there can be one for each SQLite file")]
    InUse(PathBuf),
    /// A file or a socket.
    #[error("{0}")]
    Io(String, #[source] std::io::Error),
    /// The list of documents.
    #[error("the file {0} of api.documents.file: {1}")]
    Documents(PathBuf, BadDocuments),
    /// The master key.
    #[error("the master key")]
    Key(#[from] KeyError),
    /// The way out.
    #[error("the HTTP client")]
    Egress(#[from] SetupError),
    /// The database.
    #[error("the database")]
    Store(#[from] store::Error),
    /// The metrics.
    #[error("the metrics")]
    Meter(#[from] meter::InstallError),
    /// The first use of the tool box.
    #[error(transparent)]
    Service(#[from] service::Error),
}

/// Who makes the workers work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// They do, on hints and time.
    ByThemselves,
    /// Somebody calls their steps: tests.
    ByHand,
}

/// Opens the tool box: database, keys, the ways out.
///
/// # Errors
/// [`Error`] that says which of them is not to be had.
pub async fn open(settings: &Settings, clock: Arc<dyn Clock>) -> Result<App, Error> {
    create_dir(&settings.data_dir)?;
    let keys = match &settings.master_key {
        Some(given) => MasterKeys::read(given)?,
        None => MasterKeys::load_or_create(&settings.data_dir)?,
    };
    let bus = Arc::new(Bus::default());
    let node = NodeId::new(clock.now());
    let db = Db::open(&settings.database_url, Arc::new(Teller { node, bus: Arc::clone(&bus) })).await?;
    let webhooks = Client::try_new(Policy::new(settings.webhooks_allow.clone()), Purpose::Webhooks)?;
    let https = Https::new(webhooks, settings.webhooks_timeout);
    let nats = Nats::new(settings.nats.clone(), settings.webhooks_timeout);
    let sources = Client::try_new(Policy::new(settings.sources_allow.clone()), Purpose::Sources)?;
    let browsers = Browsers::new(settings.browser.clone(), sources.clone());
    let tools = Tools {
        db,
        bus,
        node,
        vault: Vault::new(&keys),
        tokens: Tokens::new(&keys),
        sources,
        browsers,
        destinations: Destinations::new(vec![Box::new(https), Box::new(nats)]),
        public_url: settings.public_url.clone(),
        retention: settings.retention,
        passwords_per_account: settings.passwords_per_account,
        files: settings.files.clone(),
        clock,
    };
    let app = App::new(tools);
    service::clock::set(&app).await?;
    Ok(app)
}

/// Brings what was committed from the database to the bus.
struct Teller {
    node: NodeId,
    bus: Arc<Bus>,
}

impl OnCommit for Teller {
    fn taker(&self, endpoint: EndpointId) -> Option<NodeId> {
        self.bus.desk.takes(endpoint).then_some(self.node)
    }

    fn committed(&self, left: Left) {
        self.bus.desk.put(left.taken);
        self.bus.tell(&left.hints);
    }

    fn doubted(&self) {
        self.bus.desk.doubt();
    }
}

/// A running server.
pub struct Server {
    /// Its tool box.
    pub app: App,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it tells its metrics, if it does.
    pub metrics: Option<SocketAddr>,
    handle: Handle<SocketAddr>,
    stop: CancellationToken,
    workers: Option<TaskTracker>,
    doors: tokio::task::JoinHandle<std::io::Result<()>>,
    _lock: Option<File>,
}

impl Server {
    /// Starts a server on `listener`.
    ///
    /// # Errors
    /// [`Error`], for example if the database file is in use.
    pub async fn start(
        settings: &Settings,
        listener: TcpListener,
        clock: Arc<dyn Clock>,
        pace: Pace,
    ) -> Result<Self, Error> {
        create_dir(&settings.data_dir)?;
        let lock = lock(&settings.database_url)?;
        let app = open(settings, clock).await?;
        service::node::arrive(&app).await?;
        app.browsers.announce();
        let stop = CancellationToken::new();
        let address = listener.local_addr().map_err(|error| Error::Io("the socket".to_owned(), error))?;
        let handle = Handle::new();
        let router = doors(&app, settings, &stop)?;
        let doors = serve(settings, listener, router, handle.clone()).await?;
        let metrics = match settings.metrics_listen {
            Some(address) => Some(tell_metrics(&app, address, handle.clone())?),
            None => None,
        };
        let workers = (pace == Pace::ByThemselves).then(|| worker::start(&app, &stop));
        Ok(Self { app, address, metrics, handle, stop, workers, doors, _lock: lock })
    }

    /// Ends requests, workers and the database, in this order; takes a few seconds at most.
    pub async fn stop(self) {
        self.stop.cancel();
        self.handle.graceful_shutdown(Some(LAST_CHANCE));
        if let Some(workers) = &self.workers {
            workers.wait().await;
        }
        if let Ok(Err(error)) = self.doors.await {
            tracing::warn!(error = &error as &dyn std::error::Error, "The doors did not close cleanly.");
        }
        self.app.browsers.stop().await;
        self.app.db.close().await;
    }
}

fn doors(app: &App, settings: &Settings, stop: &CancellationToken) -> Result<Router, Error> {
    let api = api::router(app.clone(), partners(settings)?, stop.clone());
    let seen = page::Settings {
        public_url: settings.public_url.clone(),
        trusted_proxies: settings.trusted_proxies.clone(),
    };
    let page = page::router(app.clone(), seen);
    let health = operator::health(app.clone());
    Ok(api.merge(page).merge(health).layer(CatchPanicLayer::new()).layer(from_fn(operator::count)))
}

/// What the door for partners keeps to.
fn partners(settings: &Settings) -> Result<api::Settings, Error> {
    let said = &settings.api;
    let mut door = api::Settings {
        execution: said.timeout,
        rate: said.rate.map(|(rate, burst)| Rate::a_second(rate, burst)),
        connections: said.connections,
        crowd_connections: said.workspace_connections,
        trusted_proxies: settings.trusted_proxies.clone(),
        graphiql: said.graphiql,
        ..api::Settings::default()
    };
    door.document.cost = said.cost;
    if let Some(path) = &said.documents {
        let json =
            std::fs::read(path).map_err(|error| Error::Io(format!("the file {}", path.display()), error))?;
        let listed = Documents::try_new(&json, &door.document);
        let listed = listed.map_err(|problem| Error::Documents(path.clone(), problem))?;
        tracing::info!(documents.count = listed.count(), "Clients may name documents of a list.");
        door.documents = Arc::new(if said.documents_only { listed.only() } else { listed });
    }
    Ok(door)
}

/// Opens the operators' own address, which closes with the others.
fn tell_metrics(app: &App, address: SocketAddr, handle: Handle<SocketAddr>) -> Result<SocketAddr, Error> {
    let socket = |error| Error::Io(format!("listening on {address} (metrics_listen)"), error);
    meter::install()?;
    let listener = TcpListener::bind(address).map_err(socket)?;
    let address = listener.local_addr().map_err(socket)?;
    listener.set_nonblocking(true).map_err(socket)?;
    let mut server = axum_server::from_tcp(listener).map_err(socket)?.handle(handle);
    bound(server.http_builder());
    tokio::spawn(server.serve(operator::metrics(app.clone()).into_make_service()));
    Ok(address)
}

type Doors = tokio::task::JoinHandle<std::io::Result<()>>;

async fn serve(
    settings: &Settings,
    listener: TcpListener,
    router: Router,
    handle: Handle<SocketAddr>,
) -> Result<Doors, Error> {
    let socket = |error| Error::Io("the socket".to_owned(), error);
    listener.set_nonblocking(true).map_err(socket)?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let Some(tls) = &settings.tls else {
        let mut server = axum_server::from_tcp(listener).map_err(socket)?.handle(handle);
        bound(server.http_builder());
        return Ok(tokio::spawn(server.serve(service)));
    };
    let files = RustlsConfig::from_pem_file(&tls.cert, &tls.key).await;
    let files = files.map_err(|error| Error::Io("the files of tls.cert and tls.key".to_owned(), error))?;
    let mut server = axum_server::from_tcp_rustls(listener, files).map_err(socket)?.handle(handle);
    bound(server.http_builder());
    Ok(tokio::spawn(server.serve(service)))
}

/// Slow and huge headers end before any handler.
fn bound<E>(builder: &mut hyper_util::server::conn::auto::Builder<E>) {
    builder.http1().header_read_timeout(HEADERS_WITHIN).max_buf_size(HEADER_BYTES);
    builder.http2().max_header_list_size(u32::try_from(HEADER_BYTES).unwrap_or(u32::MAX));
}

fn create_dir(dir: &Path) -> Result<(), Error> {
    let mut builder = std::fs::DirBuilder::new();
    // What runs read out and what sites said rests there: for the server's own user only.
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.recursive(true).create(dir);
    made.map_err(|error| Error::Io(format!("the data directory {}", dir.display()), error))
}

/// One server for each SQLite file: the lock goes with the process, however it ends.
fn lock(database_url: &str) -> Result<Option<File>, Error> {
    let Some(path) = database_url.strip_prefix("sqlite://") else { return Ok(None) };
    let path = path.split('?').next().unwrap_or(path);
    let path = PathBuf::from(format!("{path}.lock"));
    let file =
        File::create(&path).map_err(|error| Error::Io(format!("the file {}", path.display()), error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(path.with_extension(""))),
        Err(TryLockError::Error(error)) => Err(Error::Io(format!("the file {}", path.display()), error)),
    }
}
