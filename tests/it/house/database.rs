//! A database for one story: a file that goes with its folder, or a database on the server that
//! `scripts/with-postgres` started.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use postern::store::Db;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection};
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};
use url::Url;

/// Where the server for the tests is told.
const SERVER: &str = "TEST_POSTGRES";

/// Each house keeps up to 20 connections, and the server takes 200.
const PLACES: u32 = 8;
static ROOM: Semaphore = Semaphore::const_new(PLACES as usize);

/// A database with all tables and no rows, copied for each house: migrating takes far longer.
static PATTERN: OnceCell<String> = OnceCell::const_new();

static MADE: AtomicU32 = AtomicU32::new(0);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

pub(crate) struct Database {
    pub(crate) url: String,
    on: Option<Server>,
}

struct Server {
    admin: Url,
    name: String,
    _place: SemaphorePermit<'static>,
}

impl Database {
    pub(crate) async fn create(kind: Kind, dir: &Path) -> Self {
        Self::create_on(kind, dir, 1).await
    }

    /// A database on PostgreSQL while there is no other: a transaction that is held open there keeps the
    /// readers of all logs of the server waiting, in whatever database it is.
    pub(crate) async fn create_alone(dir: &Path) -> Self {
        Self::create_on(Kind::Postgres, dir, PLACES).await
    }

    async fn create_on(kind: Kind, dir: &Path, places: u32) -> Self {
        if kind == Kind::Sqlite {
            return Self { url: format!("sqlite://{}", dir.join("postern.db").display()), on: None };
        }
        let Ok(server) = std::env::var(SERVER) else {
            panic!("{SERVER} is not set: run scripts/test, or scripts/with-postgres cargo test --test it");
        };
        let admin: Url = server.parse().expect("TEST_POSTGRES is a URL");
        let place = ROOM.acquire_many(places).await.unwrap();
        let pattern = PATTERN.get_or_init(|| pattern(&admin)).await;
        let name = format!("story_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        execute(&admin, &format!("CREATE DATABASE {name} TEMPLATE {pattern}")).await;
        Self { url: at(&admin, &name), on: Some(Server { admin, name, _place: place }) }
    }

    /// A way in beside the server, for those who want to see what is really there.
    pub(crate) async fn open(&self) -> DatabaseConnection {
        connect(&self.url).await
    }

    pub(crate) async fn remove(self) {
        if let Some(server) = self.on {
            execute(&server.admin, &format!("DROP DATABASE {} WITH (FORCE)", server.name)).await;
        }
    }
}

async fn pattern(admin: &Url) -> String {
    let name = format!("stories_{}", std::process::id());
    execute(admin, &format!("CREATE DATABASE {name}")).await;
    Db::open(&at(admin, &name), Arc::new(())).await.unwrap().close().await;
    name
}

fn at(server: &Url, name: &str) -> String {
    let mut url = server.clone();
    url.set_path(name);
    url.into()
}

async fn execute(server: &Url, statement: &str) {
    let connection = connect(server.as_str()).await;
    connection.execute_unprepared(statement).await.unwrap();
    connection.close().await.unwrap();
}

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.unwrap()
}
