//! What a claim takes, and when the next one is worth it.

use entity::{EndpointId, Timestamp};

use crate::service::{App, Error};
use crate::store::delivery::claim::{From, Head, heads, next_due};

/// How many endpoints share a claim at most when some are left out; the others are in the next.
const HEADS: usize = 32;

/// Whether anything is due.
pub enum Due {
    /// Something is, from there.
    Now(From),
    /// Nothing is until then.
    Later(Option<Timestamp>),
}

/// Looks for what is due at `now`, `except` for some endpoints.
///
/// # Errors
/// If the database does not answer.
pub async fn look(app: &App, except: &[EndpointId], now: Timestamp) -> Result<Due, Error> {
    if except.is_empty() {
        let soonest = next_due(&app.db).await?;
        return Ok(if soonest.is_some_and(|at| at <= now) {
            Due::Now(From::All)
        } else {
            Due::Later(soonest)
        });
    }
    let mut heads = heads(&app.db).await?;
    heads.retain(|head| !except.contains(&head.endpoint_id));
    let soonest = heads.iter().map(|head| head.next_attempt_at).min();
    heads.retain(|head| head.next_attempt_at <= now);
    if heads.is_empty() {
        return Ok(Due::Later(soonest));
    }
    // First tries before retries, and then whoever waits the longest.
    heads.sort_by_key(|head: &Head| (head.turn.as_str(), head.next_attempt_at));
    heads.truncate(HEADS);
    Ok(Due::Now(From::Heads(heads)))
}
