//! Keeping what waits in line with its endpoints.
//!
//! Pausing, enabling and deleting move the beginning of a backlog at once and leave the rest to
//! `straighten`. It also finds what slipped through when several nodes write at the same time: an event
//! that was recorded for an endpoint the moment before it was enabled is parked by mistake.

use std::collections::HashMap;

use entity::{EndpointId, EndpointStatus, endpoint};

use super::{App, Error};
use crate::domain::delivery::Fate;
use crate::store::{self, Tx};

/// How many endpoints are named in one statement.
const ENDPOINTS: usize = 500;

/// Moves a batch of what is out of line; returns how many deliveries that were, zero if all is well.
///
/// # Errors
/// If the database does not answer.
pub async fn straighten(app: &App) -> Result<u64, Error> {
    let now = app.clock.now();
    store::transact(&app.db, async move |tx| {
        let mut moved = 0;
        let groups = grouped(store::endpoint::every(&tx).await?, |row| Fate::of(row, now));
        for (fate, endpoints) in groups {
            for some in endpoints.chunks(ENDPOINTS) {
                let some = if fate == Fate::Parked { shut(&tx, some).await? } else { some.to_vec() };
                moved += store::backlog::move_to(&tx, &some, fate).await?;
            }
        }
        Ok(moved)
    })
    .await
}

/// Those of `endpoints` that are still not sent to, locked: what is parked for them must be found by
/// whoever enables one at the same time.
async fn shut(tx: &Tx, endpoints: &[EndpointId]) -> Result<Vec<EndpointId>, Error> {
    let locked = store::endpoint::lock_for_hub(tx, endpoints).await?;
    let is_shut = |row: &&endpoint::Model| row.deleted_at.is_none() && row.status != EndpointStatus::Enabled;
    Ok(locked.iter().filter(is_shut).map(|row| row.id).collect())
}

fn grouped(
    rows: Vec<endpoint::Model>,
    fate: impl Fn(&endpoint::Model) -> Fate,
) -> HashMap<Fate, Vec<EndpointId>> {
    let mut groups: HashMap<Fate, Vec<EndpointId>> = HashMap::new();
    for row in rows {
        groups.entry(fate(&row)).or_default().push(row.id);
    }
    groups
}
