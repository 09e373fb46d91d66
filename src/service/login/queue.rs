//! Logins that wait for an engine, or for a browser of their engine: for how long, and where in the line.

use std::time::Duration;

use entity::{FailureCode, LoginStatus, login};

use super::{end, held};
use crate::domain::failure::Failure;
use crate::service::{App, Error, link as links};
use crate::store;

/// A customer who has waited for an engine this long is told so, and may try again.
const LONGEST_WAIT: Duration = Duration::from_mins(2);
/// An engine that is free takes a login before this: until then nobody is told of a line.
const SOON: Duration = Duration::from_secs(3);
/// How many logins are turned away at a time.
const BATCH: u64 = 100;

/// All browsers are taken: the login stands in line for one from now on.
///
/// # Errors
/// [`Error::Gone`] if the login is no longer ours.
pub async fn stand_in_line(app: &App, login: &login::Model) -> Result<(), Error> {
    held(app, login, async move |tx, now, mut row, _link| {
        row.in_line_since = Some(now);
        Ok(store::login::update(&tx, &row).await?)
    })
    .await
}

/// It has a browser, or will not get one.
///
/// # Errors
/// [`Error::Gone`] if the login is no longer ours.
pub async fn leave_line(app: &App, login: &login::Model) -> Result<(), Error> {
    held(app, login, async move |tx, _now, mut row, _link| {
        row.in_line_since = None;
        Ok(store::login::update(&tx, &row).await?)
    })
    .await
}

/// Where the login stands in the line it waits in, from 1 on; `None` if it does not wait.
pub(in crate::service) async fn place_in_line(app: &App, login: &login::Model) -> Result<Option<u64>, Error> {
    let waits = match login.status {
        LoginStatus::Queued => app.clock.now().since(login.started_at) >= SOON,
        LoginStatus::Active => login.in_line_since.is_some(),
        LoginStatus::Ended => false,
    };
    Ok(if waits { Some(store::login::ahead_of(&app.db, login).await? + 1) } else { None })
}

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
