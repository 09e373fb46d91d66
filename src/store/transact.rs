//! `transact`: all or nothing, to its end, and then the hints.
//!
//! A closure owns what it uses and has no side effect but its statements. It runs to its end even
//! when the request that asked for it goes away. `Ok` commits and hints; `Err` rolls back. On
//! SQLite one task runs many closures per commit, each in a savepoint (see `writer`); on
//! PostgreSQL each has a transaction and a task of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    TransactionTrait,
};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::connect::{Db, OnCommit, Writer};
use super::{Error, writer};
use crate::domain::counted::Counted;
use crate::domain::hint::Hint;
use crate::meter;

/// The longest a closure may take: readers of the log wait for the oldest write.
const LONGEST: Duration = Duration::from_secs(10);

/// An open transaction, as the closure sees it.
#[derive(Clone)]
pub struct Tx {
    inner: Arc<DatabaseTransaction>,
    after: Arc<Mutex<After>>,
}

/// What a transaction leaves to be done once it is committed.
#[derive(Default)]
struct After {
    hints: Vec<Hint>,
    counted: Vec<Counted>,
}

impl Tx {
    /// Tells `hint` to the others once this transaction is committed.
    pub fn hint(&self, hint: Hint) {
        let mut after = self.after();
        if !after.hints.contains(&hint) {
            after.hints.push(hint);
        }
    }

    /// Counts `fact` for the operator once this transaction is committed.
    pub fn count(&self, fact: Counted) {
        self.after().counted.push(fact);
    }

    fn after(&self) -> MutexGuard<'_, After> {
        self.after.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether several transactions write at the same time, so that rows must be locked.
    #[must_use]
    pub fn is_concurrent(&self) -> bool {
        self.inner.get_database_backend() == DbBackend::Postgres
    }
}

/// Runs `work` in one transaction.
///
/// # Errors
/// Whatever `work` returns, after everything it did is rolled back; or [`Error`] as `E` if the
/// database could not begin, finish in time or commit.
pub async fn transact<T, E, F, W>(db: &Db, work: W) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
    W: FnOnce(Tx) -> F + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    match &db.writer {
        Writer::Task(writer) => {
            let job: writer::Job = Box::new(move |outer| Box::pin(in_savepoint(outer, work, reply)));
            writer.send(job).await.map_err(|writer::Stopped| E::from(Error::Unavailable(None)))?;
        }
        Writer::Pool(pool) => {
            let (pool, on_commit) = (pool.clone(), Arc::clone(&db.on_commit));
            tokio::spawn(async move {
                let result = alone(&pool, work, &on_commit).await;
                // The request may have gone away; the transaction has not.
                let _ = reply.send(result);
            });
        }
    }
    answer.await.unwrap_or_else(|_| Err(E::from(Error::Unavailable(None))))
}

/// PostgreSQL: begin, work, commit, hint.
async fn alone<T, E, F, W>(pool: &sea_orm::DatabaseConnection, work: W, on_commit: &OnCommit) -> Result<T, E>
where
    E: From<Error>,
    F: Future<Output = Result<T, E>> + Send,
    W: FnOnce(Tx) -> F,
{
    let transaction = pool.begin().await.map_err(Error::from)?;
    let (result, transaction, after) = run(transaction, work).await;
    let value = result?;
    let transaction = transaction.ok_or_else(|| E::from(Error::Unavailable(None)))?;
    let began = Instant::now();
    transaction.commit().await.map_err(Error::from)?;
    meter::committed(1, began.elapsed());
    on_commit(&after.hints);
    meter::count(after.counted);
    Ok(value)
}

/// SQLite: the same inside a savepoint of the writer's transaction; the reply waits for its commit.
async fn in_savepoint<T, E, F, W>(
    outer: Arc<DatabaseTransaction>,
    work: W,
    reply: oneshot::Sender<Result<T, E>>,
) -> writer::Done
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
    W: FnOnce(Tx) -> F + Send + 'static,
{
    let (result, After { hints, counted }) = match outer.begin().await {
        Ok(savepoint) => settle(run(savepoint, work).await).await,
        Err(error) => (Err(E::from(Error::from(error))), After::default()),
    };
    let finish = move |committed: Result<(), Error>| {
        if committed.is_ok() {
            meter::count(counted);
        }
        let _ = reply.send(committed.map_err(E::from).and(result));
    };
    writer::Done { hints, finish: Box::new(finish) }
}

async fn settle<T, E: From<Error>>(ran: Ran<T, E>) -> (Result<T, E>, After) {
    match ran {
        (Ok(value), Some(savepoint), after) => match savepoint.commit().await {
            Ok(()) => (Ok(value), after),
            Err(error) => (Err(E::from(Error::from(error))), After::default()),
        },
        (Ok(_), None, _) => (Err(E::from(Error::Unavailable(None))), After::default()),
        (Err(error), savepoint, _) => {
            if let Some(savepoint) = savepoint
                && let Err(failed) = savepoint.rollback().await
            {
                return (Err(E::from(Error::from(failed))), After::default());
            }
            (Err(error), After::default())
        }
    }
}

type Ran<T, E> = (Result<T, E>, Option<DatabaseTransaction>, After);

/// Runs the closure within its time; a panic in it is an error, not the end of the writer.
async fn run<T, E, F, W>(transaction: DatabaseTransaction, work: W) -> Ran<T, E>
where
    E: From<Error>,
    F: Future<Output = Result<T, E>> + Send,
    W: FnOnce(Tx) -> F,
{
    let inner = Arc::new(transaction);
    let after = Arc::new(Mutex::new(After::default()));
    let tx = Tx { inner: Arc::clone(&inner), after: Arc::clone(&after) };
    let guarded = std::panic::AssertUnwindSafe(work(tx)).catch_unwind();
    let result = match tokio::time::timeout(LONGEST, guarded).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => Err(E::from(Error::Database(DbErr::Custom("a transaction panicked".to_owned())))),
        Err(_elapsed) => Err(E::from(Error::Unavailable(None))),
    };
    let after = std::mem::take(&mut *after.lock().unwrap_or_else(PoisonError::into_inner));
    (result, Arc::into_inner(inner), after)
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.inner.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.inner.query_all_raw(statement).await
    }
}
