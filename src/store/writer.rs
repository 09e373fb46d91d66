//! SQLite's one writer: it takes whatever waits, runs it in one transaction and commits once.
//!
//! Nothing is acknowledged before the commit, and a commit is synced to disk: under load many
//! closures share one sync. A closure that fails rolls back its own savepoint only.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::Error;
use super::connect::OnCommit;
use super::transact::Left;
use crate::meter;

/// How many closures may wait; more make the callers wait.
const QUEUE: usize = 1024;
/// How many closures share one commit at most.
const BATCH: usize = 256;

/// One closure with its transaction around it; what it leaves for the commit, if it shares one.
pub(super) type Job = Box<dyn FnOnce(Stage) -> BoxFuture<'static, Option<Done>> + Send>;

/// Where a closure runs.
pub(super) enum Stage {
    /// In a transaction of its own, from begin to commit: nobody else waits, so it needs no savepoint.
    Alone(DatabaseConnection),
    /// In a savepoint of a transaction that others share.
    Shared(Arc<DatabaseTransaction>),
}

/// A closure that has run and waits for the commit.
pub(super) struct Done {
    pub(super) left: Left,
    pub(super) finish: Box<dyn FnOnce(Result<(), Error>) + Send>,
}

/// The writer has been told to stop.
pub(super) struct Stopped;

/// Where closures are handed in.
#[derive(Clone)]
pub(super) struct Handle(mpsc::Sender<Order>);

enum Order {
    Run(Job),
    Stop(oneshot::Sender<()>),
}

impl Handle {
    pub(super) async fn send(&self, job: Job) -> Result<(), Stopped> {
        self.0.send(Order::Run(job)).await.map_err(|_| Stopped)
    }

    /// How many closures wait.
    pub(super) fn waiting(&self) -> usize {
        self.0.max_capacity() - self.0.capacity()
    }

    /// Runs what already waits, then closes the connection.
    pub(super) async fn finish(&self) {
        let (stopped, wait) = oneshot::channel();
        if self.0.send(Order::Stop(stopped)).await.is_ok() {
            let _ = wait.await;
        }
    }
}

/// Starts the writer on its own connection.
pub(super) fn start(only: DatabaseConnection, on_commit: Arc<dyn OnCommit>) -> Handle {
    let (orders, mut waiting) = mpsc::channel(QUEUE);
    tokio::spawn(async move {
        let mut batch = Vec::with_capacity(BATCH);
        while waiting.recv_many(&mut batch, BATCH).await > 0 {
            let mut jobs = Vec::with_capacity(batch.len());
            let mut stop = None;
            for order in batch.drain(..) {
                match order {
                    Order::Run(job) => jobs.push(job),
                    Order::Stop(stopped) => stop = Some(stopped),
                }
            }
            commit(&only, jobs, &on_commit).await;
            if let Some(stopped) = stop {
                let _ = only.close().await;
                let _ = stopped.send(());
                return;
            }
        }
    });
    Handle(orders)
}

/// SQLite takes the lock for writing at once: a later upgrade could be refused. PostgreSQL ignores it.
pub(super) fn immediate() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    }
}

async fn commit(only: &DatabaseConnection, jobs: Vec<Job>, on_commit: &Arc<dyn OnCommit>) {
    let jobs = match <[Job; 1]>::try_from(jobs) {
        Ok([only_job]) => {
            only_job(Stage::Alone(only.clone())).await;
            return;
        }
        Err(jobs) if jobs.is_empty() => return,
        Err(jobs) => jobs,
    };
    // A failed begin drops the jobs, and with them the replies: the callers see "unavailable".
    let Ok(outer) = only.begin_with_options(immediate()).await else { return };
    let outer = Arc::new(outer);
    let mut done = Vec::with_capacity(jobs.len());
    for job in jobs {
        done.extend(job(Stage::Shared(Arc::clone(&outer))).await);
    }
    let began = Instant::now();
    let committed = match Arc::into_inner(outer) {
        Some(outer) => outer.commit().await.map_err(|error| error.to_string()),
        None => Err("a closure kept its transaction".to_owned()),
    };
    meter::committed(done.len(), began.elapsed());
    let mut left = Left::default();
    for one in done {
        left.add(one.left);
        (one.finish)(committed.clone().map_err(|why| Error::Database(sea_orm::DbErr::Custom(why))));
    }
    if committed.is_ok() {
        left.tell(on_commit);
    } else {
        on_commit.doubted();
    }
}
