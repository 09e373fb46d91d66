//! What the passing of time alone does: beats, expiry, folding what was measured.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::LOOK_ANYWAY;
use crate::meter;
use crate::service::{App, Error, clock, expiry, node};

/// How often a node says that it lives, when there may be others.
const BEAT: Duration = crate::store::node::BEAT;
/// How often dead nodes are looked for.
const LOOK_FOR_DEAD: Duration = Duration::from_secs(2);
/// How often the clock is set to the database's.
const SET_CLOCK: Duration = Duration::from_secs(30);

/// Says that this node lives, whatever else takes long; until `stop`.
pub(super) async fn beat(app: App, stop: CancellationToken) {
    let mut ticks = interval(BEAT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !app.db.is_embedded() && stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = node::beat(&app).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "A beat was missed.");
        }
    }
}

/// Runs until `stop`.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let mut ticks = interval(if app.db.is_embedded() { LOOK_ANYWAY } else { BEAT });
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut due = Due::default();
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        meter::tidy_up();
        if let Err(error) = tick(&app, &mut due).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "What is due by time has to wait.");
        }
    }
}

/// When what happens less often was last done.
#[derive(Default)]
struct Due {
    buried: Option<Instant>,
    expired: Option<Instant>,
    clock_set: Option<Instant>,
}

async fn tick(app: &App, due: &mut Due) -> Result<(), Error> {
    if !app.db.is_embedded() && is_due(&mut due.buried, LOOK_FOR_DEAD) {
        node::bury(app).await?;
    }
    if is_due(&mut due.clock_set, SET_CLOCK) {
        clock::set(app).await?;
    }
    if is_due(&mut due.expired, LOOK_ANYWAY) {
        expiry::expire_links(app).await?;
    }
    Ok(())
}

fn is_due(last: &mut Option<Instant>, every: Duration) -> bool {
    let is_due = last.is_none_or(|last| last.elapsed() + Duration::from_millis(100) >= every);
    if is_due {
        *last = Some(Instant::now());
    }
    is_due
}
