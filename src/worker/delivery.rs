//! The sender of webhooks: claims what is due, sends it side by side, settles what came back.
//!
//! Claims, sends and verdicts overlap: new claims are made while earlier ones are still out, and
//! verdicts are written in batches as they come in. A worker that is killed loses nothing but time.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{AFTER_ERROR, LOOK_ANYWAY, next};
use crate::service::delivery::{self, Report};
use crate::service::{App, Error};

/// How many attempts are out at a time.
const IN_FLIGHT: usize = 512;
/// How many deliveries one claim takes at most.
const CLAIM: usize = 256;
/// How many verdicts are written in one transaction at most.
const SETTLE: usize = 256;
/// How long attempts may go on after the server was told to stop; claims of the rest come back.
const LAST_CHANCE: Duration = Duration::from_secs(5);

/// Claims and sends everything that is due now, and settles it; returns how many attempts were made.
///
/// # Errors
/// If the database does not answer.
pub async fn step(app: &App) -> Result<usize, Error> {
    let mut made = 0;
    loop {
        let claimed = delivery::claim(app, CLAIM as u64).await?;
        if claimed.is_empty() {
            return Ok(made);
        }
        let reports =
            futures_util::future::join_all(claimed.into_iter().map(|sending| sending.attempt(app))).await;
        made += reports.len();
        delivery::settle(app, reports.into()).await?;
    }
}

/// Runs until `stop`.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let mut out: JoinSet<Report> = JoinSet::new();
    loop {
        let wait = match claim(&app, &mut out).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "Deliveries have to wait.");
                AFTER_ERROR
            }
        };
        tokio::select! {
            Some(report) = out.join_next() => settle(&app, &mut out, report).await,
            goes_on = next(&app.bus.deliveries, wait, &stop) => if !goes_on { break },
        }
    }
    let last = async {
        while let Some(report) = out.join_next().await {
            settle(&app, &mut out, report).await;
        }
    };
    // What is still out then is sent again by the next server: at least once.
    let _ = tokio::time::timeout(LAST_CHANCE, last).await;
}

/// Claims as much as there is room for; returns how long to wait when there is nothing more.
async fn claim(app: &App, out: &mut JoinSet<Report>) -> Result<Duration, Error> {
    while out.len() < IN_FLIGHT {
        let room = CLAIM.min(IN_FLIGHT - out.len());
        let claimed = delivery::claim(app, room as u64).await?;
        if claimed.is_empty() {
            let now = app.clock.now();
            let due = delivery::next_due(app).await?;
            return Ok(due.map_or(LOOK_ANYWAY, |due| due.since(now).min(LOOK_ANYWAY)));
        }
        for sending in claimed {
            let app = app.clone();
            out.spawn(async move { sending.attempt(&app).await });
        }
    }
    Ok(LOOK_ANYWAY)
}

type Joined = Result<Report, tokio::task::JoinError>;

/// Writes this verdict together with all others that are already in.
async fn settle(app: &App, out: &mut JoinSet<Report>, first: Joined) {
    let mut reports = Vec::new();
    let mut joined = Some(first);
    while let Some(report) = joined {
        match report {
            Ok(report) => reports.push(report),
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "An attempt broke off."),
        }
        joined = if reports.len() < SETTLE { out.try_join_next() } else { None };
    }
    let reports: Arc<[Report]> = reports.into();
    while let Err(error) = delivery::settle(app, Arc::clone(&reports)).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "Verdicts have to wait.");
        tokio::time::sleep(AFTER_ERROR).await;
    }
}
