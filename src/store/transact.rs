//! `transact`: all or nothing, to its end, and then the hints.
//!
//! A closure owns what it uses and has no side effect but its statements. It runs to its end even
//! when the request that asked for it goes away. `Ok` commits and hints; `Err` rolls back. On
//! SQLite one task runs many closures per commit, each in a savepoint (see `writer`); on
//! PostgreSQL each has a transaction and a task of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use entity::{EndpointId, NodeId};
use futures_util::FutureExt;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    TransactionTrait,
};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Error;
use super::connect::{Db, OnCommit, Writer};
use super::writer::{self, Stage};
use crate::domain::counted::Counted;
use crate::domain::delivery::Fresh;
use crate::domain::hint::Hint;
use crate::meter;

/// The longest a closure may take: readers of the log wait for the oldest write.
const LONGEST: Duration = Duration::from_secs(10);

/// What a transaction leaves for others once it is committed.
#[derive(Default)]
pub struct Left {
    /// What there is to look at.
    pub hints: Vec<Hint>,
    /// Deliveries that it has claimed for this process's sender.
    pub taken: Vec<Fresh>,
    /// What operators count.
    pub(super) counted: Vec<Counted>,
}

impl Left {
    fn hint(&mut self, hint: Hint) {
        if !self.hints.contains(&hint) {
            self.hints.push(hint);
        }
    }

    /// Counts and tells everything, now that it is committed.
    pub(super) fn tell(mut self, on_commit: &Arc<dyn OnCommit>) {
        meter::count(std::mem::take(&mut self.counted));
        on_commit.committed(self);
    }

    /// Adds what another transaction leaves.
    pub(super) fn add(&mut self, other: Self) {
        other.hints.into_iter().for_each(|hint| self.hint(hint));
        self.taken.extend(other.taken);
        self.counted.extend(other.counted);
    }
}

/// An open transaction, as the closure sees it.
#[derive(Clone)]
pub struct Tx {
    inner: Arc<DatabaseTransaction>,
    on_commit: Arc<dyn OnCommit>,
    left: Arc<Mutex<Left>>,
}

impl Tx {
    /// Tells `hint` to the others once this transaction is committed.
    pub fn hint(&self, hint: Hint) {
        self.left().hint(hint);
    }

    /// The node that may claim a delivery to `endpoint` right away that this transaction makes or lets go.
    pub(super) fn taker(&self, endpoint: EndpointId) -> Option<NodeId> {
        self.on_commit.taker(endpoint)
    }

    /// Hands deliveries that are claimed for this process to its sender, once they are committed.
    pub(super) fn hand_over(&self, taken: impl IntoIterator<Item = Fresh>) {
        self.left().taken.extend(taken);
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts `fact` for the operator once this transaction is committed.
    pub fn count(&self, fact: Counted) {
        self.left().counted.push(fact);
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
            let on_commit = Arc::clone(&db.on_commit);
            let job: writer::Job = Box::new(move |stage| Box::pin(on(stage, on_commit, work, reply)));
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

/// SQLite: as the writer has it.
async fn on<T, E, F, W>(
    stage: Stage,
    on_commit: Arc<dyn OnCommit>,
    work: W,
    reply: oneshot::Sender<Result<T, E>>,
) -> Option<writer::Done>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
    W: FnOnce(Tx) -> F + Send + 'static,
{
    match stage {
        Stage::Alone(only) => {
            let _ = reply.send(alone(&only, work, &on_commit).await);
            None
        }
        Stage::Shared(outer) => Some(in_savepoint((outer, on_commit), work, reply).await),
    }
}

/// Begin, work, commit, hint.
async fn alone<T, E, F, W>(
    pool: &sea_orm::DatabaseConnection,
    work: W,
    on_commit: &Arc<dyn OnCommit>,
) -> Result<T, E>
where
    E: From<Error>,
    F: Future<Output = Result<T, E>> + Send,
    W: FnOnce(Tx) -> F,
{
    let transaction = pool.begin_with_options(writer::immediate()).await.map_err(Error::from)?;
    let (result, transaction, left) = run(transaction, on_commit, work).await;
    let transaction = transaction.ok_or_else(|| E::from(Error::Unavailable(None)));
    let value = match result {
        Ok(value) => value,
        Err(error) => {
            // A rollback that fails leaves nothing behind either.
            let _ = transaction?.rollback().await;
            return Err(error);
        }
    };
    let transaction = transaction?;
    let began = Instant::now();
    if let Err(error) = transaction.commit().await {
        on_commit.doubted();
        return Err(E::from(Error::from(error)));
    }
    meter::committed(1, began.elapsed());
    left.tell(on_commit);
    Ok(value)
}

/// SQLite: the same inside a savepoint of the writer's transaction; the reply waits for its commit.
async fn in_savepoint<T, E, F, W>(
    (outer, on_commit): (Arc<DatabaseTransaction>, Arc<dyn OnCommit>),
    work: W,
    reply: oneshot::Sender<Result<T, E>>,
) -> writer::Done
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
    W: FnOnce(Tx) -> F + Send + 'static,
{
    let (result, left) = match outer.begin().await {
        Ok(savepoint) => settle(run(savepoint, &on_commit, work).await).await,
        Err(error) => (Err(E::from(Error::from(error))), Left::default()),
    };
    let finish = move |committed: Result<(), Error>| {
        let _ = reply.send(committed.map_err(E::from).and(result));
    };
    writer::Done { left, finish: Box::new(finish) }
}

async fn settle<T, E: From<Error>>(ran: Ran<T, E>) -> (Result<T, E>, Left) {
    match ran {
        (Ok(value), Some(savepoint), left) => match savepoint.commit().await {
            Ok(()) => (Ok(value), left),
            Err(error) => (Err(E::from(Error::from(error))), Left::default()),
        },
        (Ok(_), None, _) => (Err(E::from(Error::Unavailable(None))), Left::default()),
        (Err(error), savepoint, _) => {
            if let Some(savepoint) = savepoint
                && let Err(failed) = savepoint.rollback().await
            {
                return (Err(E::from(Error::from(failed))), Left::default());
            }
            (Err(error), Left::default())
        }
    }
}

type Ran<T, E> = (Result<T, E>, Option<DatabaseTransaction>, Left);

/// Runs the closure within its time; a panic in it is an error, not the end of the writer.
async fn run<T, E, F, W>(
    transaction: DatabaseTransaction,
    on_commit: &Arc<dyn OnCommit>,
    work: W,
) -> Ran<T, E>
where
    E: From<Error>,
    F: Future<Output = Result<T, E>> + Send,
    W: FnOnce(Tx) -> F,
{
    let inner = Arc::new(transaction);
    let left = Arc::new(Mutex::new(Left::default()));
    let tx = Tx { inner: Arc::clone(&inner), on_commit: Arc::clone(on_commit), left: Arc::clone(&left) };
    let guarded = std::panic::AssertUnwindSafe(work(tx)).catch_unwind();
    let result = match tokio::time::timeout(LONGEST, guarded).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => Err(E::from(Error::Database(DbErr::Custom("a transaction panicked".to_owned())))),
        Err(_elapsed) => Err(E::from(Error::Unavailable(None))),
    };
    let left = std::mem::take(&mut *left.lock().unwrap_or_else(PoisonError::into_inner));
    (result, Arc::into_inner(inner), left)
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
