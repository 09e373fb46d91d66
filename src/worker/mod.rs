//! What happens without a request: deliveries, logins, runs, and the passing of time.
//!
//! Each worker waits for a hint, looks again after some seconds in case one was lost, and has a
//! `step` that does what is to do now and returns: tests call it by hand, with a clock of their own.

pub mod backlog;
pub mod delivery;
pub mod forgotten;
mod lanes;
pub mod login;
mod pace;
pub mod recovery;
mod relogin;
pub mod retention;
pub mod run;
pub mod tailer;
pub mod time;

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::sign_in::{Machine, Move};
use crate::domain::snapshot::PageSnapshot;
use crate::driver::Driver;
use crate::service::{App, Error};

/// A worker looks on its own after this time: five of them make one query a second when idle.
const LOOK_ANYWAY: Duration = Duration::from_secs(5);
/// How many times something is tried while the database is away, a second apart and more.
const PATIENCE: u32 = 30;
/// Scripts that have drawn nothing by now will not.
const DRAWN: Duration = Duration::from_secs(4);
/// Between two glances at a page that is being drawn.
const BETWEEN_GLANCES: Duration = Duration::from_millis(250);
/// After an error a worker waits this long before it tries again.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// Starts every worker; they end soon after `stop` is cancelled.
#[must_use]
pub fn start(app: &App, stop: &CancellationToken) -> TaskTracker {
    let tasks = TaskTracker::new();
    tasks.spawn(tailer::run(app.clone(), stop.clone()));
    tasks.spawn(delivery::run(app.clone(), stop.clone()));
    tasks.spawn(forgotten::run(app.clone(), stop.clone()));
    tasks.spawn(backlog::run(app.clone(), stop.clone()));
    tasks.spawn(recovery::run(app.clone(), stop.clone()));
    tasks.spawn(retention::run(app.clone(), stop.clone()));
    tasks.spawn(login::run(app.clone(), stop.clone()));
    tasks.spawn(run::run(app.clone(), stop.clone()));
    tasks.spawn(time::beat(app.clone(), stop.clone()));
    tasks.spawn(time::run(app.clone(), stop.clone()));
    tasks.close();
    tasks
}

/// Waits for a hint, for `at_most`, or for the end; `false` at the end.
async fn next(hint: &Notify, at_most: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        _ = tokio::time::timeout(at_most, hint.notified()) => true,
    }
}

/// Claims what waits and begins to work on it, beside what is already under way.
type Step = for<'a> fn(&'a App, &'a mut JoinSet<()>) -> BoxFuture<'a, Result<usize, Error>>;

/// Takes a step on every hint, whenever something has ended, and after a while, until `stop`. What is
/// under way then is dropped: its claims tell the next server.
async fn keep_busy(app: &App, stop: &CancellationToken, hint: &Notify, take: Step) {
    let mut live = JoinSet::new();
    loop {
        let wait = match take(app, &mut live).await {
            Ok(_) => LOOK_ANYWAY,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "What was asked for has to wait.");
                AFTER_ERROR
            }
        };
        tokio::select! {
            Some(_) = live.join_next() => {}
            goes_on = next(hint, wait, stop) => if !goes_on { return },
        }
    }
}

/// Does something again while the database is away for a moment: that is no reason to end what a
/// customer or a site has done.
async fn patiently<T, F>(work: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    for _ in 0..PATIENCE {
        match work().await {
            Err(Error::Unavailable) => tokio::time::sleep(AFTER_ERROR).await,
            done => return done,
        }
    }
    Err(Error::Unavailable)
}

/// Shows the machine a page, and what the recipe's selectors match on it.
async fn observe(machine: &mut Machine, driver: &mut dyn Driver, page: PageSnapshot) -> Move {
    let page = drawn(machine, driver, page).await;
    let marks = match machine.recipe() {
        Some(recipe) => driver.mark(recipe).await.unwrap_or_default(),
        None => return machine.observe(&page),
    };
    machine.observe_marked(&page, marks)
}

/// The page once its scripts have drawn something to go on with, or as it is after a while.
async fn drawn(machine: &Machine, driver: &mut dyn Driver, page: PageSnapshot) -> PageSnapshot {
    let (began, mut page) = (Instant::now(), page);
    while driver.runs_scripts() && page.scripts > 0 && machine.is_lost(&page) && began.elapsed() < DRAWN {
        tokio::time::sleep(BETWEEN_GLANCES).await;
        match driver.snapshot().await {
            Ok(next) => page = next,
            // What is wrong with the driver is told when it is asked to act.
            Err(_) => break,
        }
    }
    page
}
