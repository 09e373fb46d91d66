//! Whether this server does its work: what a load balancer and an operator's alarm go by.
//!
//! A receiver that fails, is slow or takes nothing for an hour is no reason: then attempts still end, or
//! the hub looks and finds nothing that may be sent now. What counts is a part of *ours* that stands
//! still while there is something to do.

use std::fmt;
use std::time::Duration;

use super::{App, Error, log};
use crate::store;

/// How long something may stand still: several times the longest attempt.
pub const LONGEST_STILL: Duration = Duration::from_mins(1);
/// How long the database may take to answer here.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Why a server is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The database does not answer.
    Database,
    /// This node has not said for so long that it lives: the others take over from it.
    Beat(Duration),
    /// An event has waited for so long to be read by those who follow the log.
    Log(Duration),
    /// A delivery has been due for so long, and no attempt has ended meanwhile.
    Deliveries(Duration),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database => f.write_str("the database does not answer"),
            Self::Beat(since) => {
                write!(f, "this node has not been able to say that it lives for {} s", since.as_secs())
            }
            Self::Log(since) => {
                write!(
                    f,
                    "the reader of the event log stands still: an event has waited {} s",
                    since.as_secs()
                )
            }
            Self::Deliveries(since) => {
                write!(
                    f,
                    "deliveries stand still: one has been due for {} s, and none is sent",
                    since.as_secs()
                )
            }
        }
    }
}

/// What keeps this server from its work now; nothing if it is ready.
pub async fn troubles(app: &App) -> Vec<Trouble> {
    let asked = tokio::time::timeout(ANSWER_WITHIN, async {
        Ok::<_, Error>([late_beat(app), still_log(app).await?, still_deliveries(app).await?])
    });
    match asked.await {
        Ok(Ok(found)) => found.into_iter().flatten().collect(),
        Ok(Err(_)) | Err(_) => vec![Trouble::Database],
    }
}

/// The only server of an embedded database beats for nobody.
fn late_beat(app: &App) -> Option<Trouble> {
    let since = app.clock.now().since(app.0.pulse.beat());
    (!app.db.is_embedded() && since > store::node::DEAD_AFTER).then_some(Trouble::Beat(since))
}

async fn still_log(app: &App) -> Result<Option<Trouble>, Error> {
    let since = log::lag(app).await?;
    let still = since > LONGEST_STILL && app.clock.now().since(app.0.pulse.log()) > LONGEST_STILL;
    Ok(still.then_some(Trouble::Log(since)))
}

async fn still_deliveries(app: &App) -> Result<Option<Trouble>, Error> {
    let now = app.clock.now();
    let unclaimed = store::delivery::claim::next_due(&app.db).await?;
    let ours = store::delivery::first_due_of(&app.db, app.node).await?;
    let Some(due) = unclaimed.into_iter().chain(ours).min() else { return Ok(None) };
    let still = now.since(due) > LONGEST_STILL && now.since(app.0.pulse.hub()) > LONGEST_STILL;
    Ok(still.then_some(Trouble::Deliveries(now.since(due))))
}
