//! `transact`: all or nothing, to its end, and then the hints.
//!
//! A closure owns what it uses and has no side effect but its statements. It runs to its end even
//! when the request that asked for it goes away. `Ok` commits and hints; `Err` rolls back. On
//! SQLite one task runs many closures per commit, each in a savepoint (see `writer`); on
//! PostgreSQL each has a transaction and a task of its own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    TransactionTrait,
};
use tokio::sync::oneshot;

use super::connect::{Db, OnCommit, Writer};
use super::{Error, writer};
use crate::domain::hint::Hint;

/// The longest a closure may take: readers of the log wait for the oldest write.
const LONGEST: Duration = Duration::from_secs(10);

/// An open transaction, as the closure sees it.
#[derive(Clone)]
pub struct Tx {
    inner: Arc<DatabaseTransaction>,
    hints: Arc<Mutex<Vec<Hint>>>,
}

impl Tx {
    /// Tells `hint` to the others once this transaction is committed.
    pub fn hint(&self, hint: Hint) {
        let mut hints = self.hints.lock().unwrap_or_else(PoisonError::into_inner);
        if !hints.contains(&hint) {
            hints.push(hint);
        }
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
    let (result, transaction, hints) = run(transaction, work).await;
    let value = result?;
    let transaction = transaction.ok_or_else(|| E::from(Error::Unavailable(None)))?;
    transaction.commit().await.map_err(Error::from)?;
    on_commit(&hints);
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
    let (result, hints) = match outer.begin().await {
        Ok(savepoint) => settle(run(savepoint, work).await).await,
        Err(error) => (Err(E::from(Error::from(error))), Vec::new()),
    };
    let finish = move |committed: Result<(), Error>| {
        let _ = reply.send(committed.map_err(E::from).and(result));
    };
    writer::Done { hints, finish: Box::new(finish) }
}

async fn settle<T, E: From<Error>>(ran: Ran<T, E>) -> (Result<T, E>, Vec<Hint>) {
    match ran {
        (Ok(value), Some(savepoint), hints) => match savepoint.commit().await {
            Ok(()) => (Ok(value), hints),
            Err(error) => (Err(E::from(Error::from(error))), Vec::new()),
        },
        (Ok(_), None, _) => (Err(E::from(Error::Unavailable(None))), Vec::new()),
        (Err(error), savepoint, _) => {
            if let Some(savepoint) = savepoint
                && let Err(failed) = savepoint.rollback().await
            {
                return (Err(E::from(Error::from(failed))), Vec::new());
            }
            (Err(error), Vec::new())
        }
    }
}

type Ran<T, E> = (Result<T, E>, Option<DatabaseTransaction>, Vec<Hint>);

/// Runs the closure within its time; a panic in it is an error, not the end of the writer.
async fn run<T, E, F, W>(transaction: DatabaseTransaction, work: W) -> Ran<T, E>
where
    E: From<Error>,
    F: Future<Output = Result<T, E>> + Send,
    W: FnOnce(Tx) -> F,
{
    let inner = Arc::new(transaction);
    let hints = Arc::new(Mutex::new(Vec::new()));
    let tx = Tx { inner: Arc::clone(&inner), hints: Arc::clone(&hints) };
    let guarded = std::panic::AssertUnwindSafe(work(tx)).catch_unwind();
    let result = match tokio::time::timeout(LONGEST, guarded).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => Err(E::from(Error::Database(DbErr::Custom("a transaction panicked".to_owned())))),
        Err(_elapsed) => Err(E::from(Error::Unavailable(None))),
    };
    let hints = std::mem::take(&mut *hints.lock().unwrap_or_else(PoisonError::into_inner));
    (result, Arc::into_inner(inner), hints)
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
