//! Opening the database: one file or one server, migrated, with a pool that only reads.

use std::sync::Arc;
use std::time::Duration;

use entity::{EndpointId, NodeId};
use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult,
    Statement,
};

use super::transact::Left;
use super::{Error, writer};

/// How many connections a server keeps to PostgreSQL for transactions that write.
const POSTGRES_WRITERS: u32 = 14;
/// How many it keeps beside them to read.
const POSTGRES_READERS: u32 = 6;
/// How many readers a SQLite file has beside its one writer.
const SQLITE_READERS: u32 = 4;
/// The longest a request waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that has just done something needs no test before it does more.
const TESTED: Duration = Duration::from_secs(1);
/// The longest a statement may run on PostgreSQL: write transactions are short.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(15);

/// What is asked of PostgreSQL ends within milliseconds: its helpers would take longer to begin with.
const NO_HELPERS: (&str, &str) = ("max_parallel_workers_per_gather", "0");

/// The advisory lock of PostgreSQL that a migrating node holds: "postern" in numbers.
const MIGRATING: i64 = 0x70_6f73_7465_726e;

/// Who is told of commits, and takes what they leave to be sent.
pub trait OnCommit: Send + Sync {
    /// The node that would send a fresh delivery to `endpoint` at once, if it may be claimed for one.
    fn taker(&self, endpoint: EndpointId) -> Option<NodeId>;

    /// A transaction was committed and leaves this for others to look at.
    fn committed(&self, left: Left);

    /// A transaction may be committed or not: what it has claimed may be claimed.
    fn doubted(&self);
}

/// Nobody.
impl OnCommit for () {
    fn taker(&self, _: EndpointId) -> Option<NodeId> {
        None
    }

    fn committed(&self, _: Left) {}

    fn doubted(&self) {}
}

/// The database of one server.
#[derive(Clone)]
pub struct Db {
    reader: DatabaseConnection,
    pub(super) writer: Writer,
    pub(super) on_commit: Arc<dyn OnCommit>,
}

/// Who carries out write transactions.
#[derive(Clone)]
pub(super) enum Writer {
    /// SQLite: one task, many closures a commit.
    Task(writer::Handle),
    /// PostgreSQL: a transaction each.
    Pool(DatabaseConnection),
}

impl Db {
    /// Connects to `url` (`sqlite://…` or `postgres://…`) and brings the schema up to date.
    ///
    /// # Errors
    /// If the database cannot be opened or migrated.
    pub async fn open(url: &str, on_commit: Arc<dyn OnCommit>) -> Result<Self, Error> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            make_private(path.split('?').next().unwrap_or(path))?;
            let only = Database::connect(sqlite(url, 1)).await?;
            // An index that is made over many rows is sorted in files, whatever is kept in memory later.
            only.execute_unprepared("PRAGMA temp_store = FILE").await?;
            Migrator::up(&only, None).await?;
            only.execute_unprepared("PRAGMA temp_store = MEMORY").await?;
            let reader = Database::connect(read_only(url)).await?;
            let writer = Writer::Task(writer::start(only, Arc::clone(&on_commit)));
            Ok(Self { reader, writer, on_commit })
        } else {
            migrate(url).await?;
            let writer = Writer::Pool(Database::connect(postgres(url, POSTGRES_WRITERS)).await?);
            let reader = Database::connect(postgres_reader(url)).await?;
            Ok(Self { reader, writer, on_commit })
        }
    }

    /// Whether this is the embedded database.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        matches!(self.writer, Writer::Task(_))
    }

    /// How many transactions wait for the one writer of the embedded database; 0 on PostgreSQL, which has
    /// many.
    #[must_use]
    pub fn write_queue(&self) -> usize {
        match &self.writer {
            Writer::Task(writer) => writer.waiting(),
            Writer::Pool(_) => 0,
        }
    }

    /// Empties the embedded database's log of writes, which holds what pages were before: the file then has
    /// everything that there is, and what was deleted is nowhere. PostgreSQL takes care of its own.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if somebody reads an old state for too long.
    pub async fn forget_the_past(&self) -> Result<(), Error> {
        if !self.is_embedded() {
            return Ok(());
        }
        let empty = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
        let told = self.reader.query_one_raw(empty).await?.ok_or(Error::NotFound)?;
        let is_busy: i32 = told.try_get("", "busy")?;
        if is_busy == 0 { Ok(()) } else { Err(Error::Unavailable(None)) }
    }

    /// Waits for what is being written, then closes every connection.
    pub async fn close(&self) {
        let written = match &self.writer {
            Writer::Task(writer) => {
                writer.finish().await;
                Ok(())
            }
            Writer::Pool(pool) => pool.close_by_ref().await,
        };
        if let Err(error) = written.and(self.reader.close_by_ref().await) {
            tracing::warn!(error = &error as &dyn std::error::Error, "The database did not close cleanly.");
        }
    }
}

/// Brings the schema up to date; of several nodes that start together, one after the other.
async fn migrate(url: &str) -> Result<(), Error> {
    let alone = Database::connect(postgres(url, 1)).await?;
    alone.execute_unprepared(&format!("SELECT pg_advisory_lock({MIGRATING})")).await?;
    let migrated = Migrator::up(&alone, None).await;
    // The lock goes with its connection.
    alone.close().await?;
    Ok(migrated?)
}

/// Makes the file before SQLite does, readable by its owner only; SQLite gives its other files the same
/// mode.
fn make_private(path: &str) -> Result<(), Error> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| Error::File(path.to_owned(), error))
}

fn sqlite(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // An acknowledged mutation survives a power cut: every commit is synced.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(ACQUIRE_TIMEOUT)
                .foreign_keys(true)
                // In pages, 16 MiB: what many commits change goes from the log into the file once for all of them.
                .pragma("wal_autocheckpoint", "4000")
                // What is deleted is overwritten: who was erased must not be found in the rest of a page.
                .pragma("secure_delete", "1")
                // What a statement needs to be undone stays in memory: its file in the system's folder for such
                // files would be written for each of many rows, and leave on the disk what was deleted.
                .pragma("temp_store", "MEMORY")
                .statement_cache_capacity(256)
        });
    options
}

fn read_only(url: &str) -> ConnectOptions {
    let mut options = sqlite(url, SQLITE_READERS);
    options.map_sqlx_sqlite_opts(|sqlite| {
        sqlite.busy_timeout(ACQUIRE_TIMEOUT).pragma("query_only", "1").statement_cache_capacity(256)
    });
    options
}

fn postgres(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .statement_timeout(STATEMENT_TIMEOUT)
        .test_before_acquire_if_idle_for(TESTED)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(|postgres| postgres.options([NO_HELPERS]));
    options
}

/// Plans every reading for what it asks. A plan that is made once and kept, and was made while a table was small,
/// reads all of it for every few ids for as long as it lives; transactions that write are made of statements whose
/// plans have no choice, and would pay for a new one each.
fn postgres_reader(url: &str) -> ConnectOptions {
    let mut options = postgres(url, POSTGRES_READERS);
    options.map_sqlx_postgres_opts(|postgres| {
        postgres.options([("plan_cache_mode", "force_custom_plan"), NO_HELPERS])
    });
    options
}

#[async_trait::async_trait]
impl ConnectionTrait for Db {
    fn get_database_backend(&self) -> DbBackend {
        self.reader.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.reader.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.reader.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.reader.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.reader.query_all_raw(statement).await
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn every_file_of_the_database_is_readable_by_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", dir.path().join("p.db").display());

        let _open = Db::open(&url, Arc::new(())).await.unwrap();

        let files: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(Result::unwrap).collect();
        assert!(files.len() >= 2, "the file and its log");
        for file in files {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
        }
    }

    #[tokio::test]
    async fn what_undoes_a_statement_stays_in_memory_once_the_schema_is_up_to_date() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", dir.path().join("postern.db").display());
        let db = Db::open(&url, Arc::new(())).await.unwrap();
        let question = || Statement::from_string(DbBackend::Sqlite, "PRAGMA temp_store");

        let told = crate::store::transact(&db, async move |tx| {
            let row = tx.query_one_raw(question()).await?.ok_or(Error::NotFound)?;
            Ok::<i32, Error>(row.try_get("", "temp_store")?)
        });

        assert_eq!(told.await.unwrap(), 2, "2 is MEMORY");
    }
}
