//! Which deliveries are in this process's hands, so that a claim whose answer was lost is given back.
//!
//! A claim may be committed though its answer never came, as the database went away in between, and to
//! give one back may fail in the same way. Its row then names a node that lives, and that will never
//! send it. So after an error everything that names this node and is not in its hands is given back,
//! again and again for as long as a commit may still be under way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use entity::DeliveryId;
use tokio::time::Instant;

use crate::service::{App, Error};
use crate::store;

/// Longer than any transaction and any statement may take.
const DOUBT: Duration = Duration::from_secs(30);

/// What this process holds.
#[derive(Default)]
pub struct Claims(Arc<Mutex<Hands>>);

#[derive(Default)]
struct Hands {
    /// How often each: the next claim can come before the last one is forgotten.
    held: HashMap<DeliveryId, usize>,
    in_doubt_until: Option<Instant>,
}

/// A delivery in our hands, until this is dropped.
pub(super) struct Held {
    id: DeliveryId,
    hands: Arc<Mutex<Hands>>,
}

impl Claims {
    pub(super) fn hold(&self, id: DeliveryId) -> Arc<Held> {
        *lock(&self.0).held.entry(id).or_default() += 1;
        Arc::new(Held { id, hands: Arc::clone(&self.0) })
    }

    /// Something went wrong: there may be claims that nobody knows of.
    pub(super) fn doubt(&self) {
        lock(&self.0).in_doubt_until = Some(Instant::now() + DOUBT);
    }

    /// While in doubt, gives back what is not in our hands. Nothing may be claimed meanwhile.
    pub(super) async fn clear(&self, app: &App) -> Result<(), Error> {
        let (until, held) = {
            let hands = lock(&self.0);
            let Some(until) = hands.in_doubt_until else { return Ok(()) };
            (until, hands.held.keys().copied().collect::<Vec<_>>())
        };
        let was_last = until <= Instant::now();
        let node = app.node;
        store::transact(&app.db, async move |tx| {
            Ok::<_, Error>(store::delivery::release_all_but(&tx, node, &held).await?)
        })
        .await?;
        if was_last {
            lock(&self.0).in_doubt_until = None;
        }
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut hands = lock(&self.hands);
        if let Some(count) = hands.held.get_mut(&self.id) {
            *count -= 1;
            if *count == 0 {
                hands.held.remove(&self.id);
            }
        }
    }
}

fn lock(hands: &Mutex<Hands>) -> MutexGuard<'_, Hands> {
    hands.lock().unwrap_or_else(PoisonError::into_inner)
}
