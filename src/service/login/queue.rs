//! Logins that wait for an engine, and for how long.

use std::time::Duration;

use entity::{FailureCode, LoginStatus, login};

use super::end;
use crate::domain::failure::Failure;
use crate::service::{App, Error, link as links};
use crate::store;

/// A customer who has waited for an engine this long is told so, and may try again.
const LONGEST_WAIT: Duration = Duration::from_mins(2);
/// How many logins are turned away at a time.
const BATCH: u64 = 100;

/// Ends logins that have waited for an engine for too long; returns how many.
///
/// # Errors
/// If the database does not answer.
pub async fn turn_away(app: &App) -> Result<usize, Error> {
    let before = app.clock.now().minus(LONGEST_WAIT);
    let waiting = store::login::queued_before(&app.db, before, BATCH).await?;
    let count = waiting.len();
    for login in waiting {
        turn_one_away(app, login).await?;
    }
    Ok(count)
}

async fn turn_one_away(app: &App, waiting: login::Model) -> Result<(), Error> {
    let now = app.clock.now();
    store::transact(&app.db, async move |tx| {
        let mut link = store::link::lock(&tx, waiting.workspace_id, waiting.link_id).await?;
        let row = store::login::lock(&tx, waiting.workspace_id, waiting.id).await?;
        if row.status != LoginStatus::Queued {
            return Ok(());
        }
        let failure = Failure::new(FailureCode::Capacity);
        end(&tx, now, row, failure.code.as_str(), Some(&failure)).await?;
        links::sign_in_failed(&tx, now, &mut link, (waiting.id, failure.code, None)).await
    })
    .await
}
