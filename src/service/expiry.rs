//! What time alone does to links: they expire.

use entity::{FailureCode, Timestamp, link};

use super::{App, Error, link as links};
use crate::domain::event::Facts;
use crate::domain::link::{self as life, Change};
use crate::store;

/// How many links are read at a time.
const BATCH: u64 = 200;
/// How many times in one go.
const BATCHES: u32 = 20;

/// Expires links whose time is over and on which nobody is signing in; returns how many.
///
/// # Errors
/// If the database does not answer.
pub async fn expire_links(app: &App) -> Result<usize, Error> {
    let now = app.clock.now();
    let mut expired = 0;
    for _ in 0..BATCHES {
        let (overdue, before) = (store::link::overdue(&app.db, now, BATCH).await?, expired);
        for link in overdue {
            let id = link.id;
            match expire(app, now, link).await {
                Ok(changed) => expired += usize::from(changed),
                Err(Error::Unavailable) => return Err(Error::Unavailable),
                // One link that cannot be expired holds up no other.
                Err(error) => {
                    tracing::error!(link.id = %id, error = &error as &dyn std::error::Error, "A link did not expire.");
                }
            }
        }
        if expired == before {
            break;
        }
    }
    Ok(expired)
}

async fn expire(app: &App, now: Timestamp, found: link::Model) -> Result<bool, Error> {
    store::transact(&app.db, async move |tx| {
        let mut link = store::link::lock(&tx, found.workspace_id, found.id).await?;
        // A customer who is in the middle of a login may finish it; the login's end expires the link.
        let is_live = !store::login::live_of(&tx, link.workspace_id, link.id).await?.is_empty();
        if is_live || link.expires_at > now || life::after(&link, Change::Expired).is_err() {
            return Ok(false);
        }
        let facts = Facts { failure_code: Some(FailureCode::LinkExpired), ..Facts::default() };
        links::change(&tx, now, &mut link, Change::Expired, facts).await?;
        Ok(true)
    })
    .await
}
