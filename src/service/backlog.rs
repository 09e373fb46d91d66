//! Keeping what waits in line with its endpoints.
//!
//! Pausing, enabling and deleting move the beginning of a backlog at once and leave the rest to
//! `straighten`. It also finds what slipped through when several nodes write at the same time: an event
//! that was recorded for an endpoint the moment before it was enabled is parked by mistake. `rearrange`
//! does the same for an endpoint whose ordering was changed.

use std::collections::HashMap;

use entity::{DeliveryOrdering, EndpointId, EndpointStatus, endpoint};

use super::{App, Error};
use crate::domain::delivery::Fate;
pub use crate::store::line::stray::Place;
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

/// Moves a batch of what waits for endpoints whose ordering was changed into lines or out of them; returns
/// how many deliveries that were, zero if all stand as they should.
///
/// # Errors
/// If the database does not answer.
pub async fn rearrange(app: &App) -> Result<u64, Error> {
    let mut moved = 0;
    for row in store::endpoint::rearranged(&app.db).await? {
        let outside = match row.ordering {
            DeliveryOrdering::PerLink => store::line::rearrange::outside(&app.db, row.id).await?,
            DeliveryOrdering::None => Vec::new(),
        };
        let now = app.clock.now();
        moved += store::transact(&app.db, async move |tx| {
            let batch = match row.ordering {
                DeliveryOrdering::PerLink => store::line::rearrange::adopt(&tx, row.id, &outside).await?,
                DeliveryOrdering::None => {
                    let due_at = Fate::of(&row, now).next_attempt_at();
                    store::line::rearrange::dissolve(&tx, row.id, due_at).await?
                }
            };
            if batch == 0 {
                store::endpoint::set_arranged(&tx, &row).await?;
            }
            Ok::<_, Error>(batch)
        })
        .await?;
    }
    Ok(moved)
}

/// Looks at some of all that stand behind something, from a place or from the beginning, and lets those go
/// that were left behind; returns where to go on, `None` at the end.
///
/// # Errors
/// If the database does not answer.
pub async fn look_for_strays(app: &App, from: Option<Place>) -> Result<Option<Place>, Error> {
    let found = store::line::stray::look(&app.db, from).await?;
    if !found.strays.is_empty() {
        let (strays, now) = (found.strays, app.clock.now());
        let freed = store::transact(&app.db, async move |tx| {
            Ok::<_, Error>(store::line::release(&tx, strays, now).await?)
        });
        let count = freed.await?;
        tracing::warn!(count, "Deliveries stood behind nothing.");
    }
    Ok(found.next)
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
