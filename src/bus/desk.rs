//! The sender's desk: deliveries that the transaction which made them, or let them go, has already claimed
//! for this process, so that they are sent without being looked for.
//!
//! The claim is in the row like any other; what lies here is only a copy. If it is lost, the claim is
//! freed as one that nobody holds (see `service::delivery::free_forgotten`).

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entity::{DeliveryId, EndpointId, delivery};
use tokio::sync::Notify;

use crate::domain::delivery::Fresh;
use crate::domain::event::EventView;

/// How many deliveries may lie here; more stay in the database, where the sender finds them.
const ROOM: usize = 1_024;

/// What a sender has been given and has not settled yet.
#[derive(Default)]
pub struct Desk {
    is_open: AtomicBool,
    papers: Arc<Mutex<Papers>>,
    filled: Notify,
    doubted: Notify,
}

#[derive(Default)]
struct Papers {
    fresh: Vec<Taken>,
    busy: HashSet<EndpointId>,
    /// How often each: a claim may be lost and made again while an attempt is still out.
    held: HashMap<DeliveryId, usize>,
}

/// A delivery that this process has claimed, until it is dropped.
pub struct Taken {
    /// The row as it was claimed.
    pub delivery: delivery::Model,
    /// Its event, if it came with it.
    pub event: Option<Arc<EventView>>,
    papers: Arc<Mutex<Papers>>,
}

impl Desk {
    /// From now on somebody sits here.
    pub fn open(&self) {
        self.is_open.store(true, Ordering::Release);
    }

    /// Nothing more is put here; the claims of what still lies here are freed with this node.
    pub fn close(&self) {
        self.is_open.store(false, Ordering::Release);
        drop(self.take());
    }

    /// Whether a fresh delivery to `endpoint` may be claimed for whoever sits here.
    #[must_use]
    pub fn takes(&self, endpoint: EndpointId) -> bool {
        if !self.is_open.load(Ordering::Acquire) {
            return false;
        }
        let papers = lock(&self.papers);
        papers.fresh.len() < ROOM && !papers.busy.contains(&endpoint)
    }

    /// Puts down deliveries whose claim is committed.
    pub fn put(&self, fresh: Vec<Fresh>) {
        if fresh.is_empty() {
            return;
        }
        let fresh = self.note(fresh);
        lock(&self.papers).fresh.extend(fresh);
        self.filled.notify_one();
    }

    /// Returns when something lies here.
    pub async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Takes everything that lies here.
    pub fn take(&self) -> Vec<Taken> {
        std::mem::take(&mut lock(&self.papers).fresh)
    }

    /// Names the endpoints that have enough to do.
    pub fn keep_off(&self, busy: impl IntoIterator<Item = EndpointId>) {
        lock(&self.papers).busy = busy.into_iter().collect();
    }

    /// Notes deliveries that were claimed otherwise.
    pub fn hold(&self, claimed: Vec<delivery::Model>) -> Vec<Taken> {
        self.note(claimed.into_iter().map(Fresh::from))
    }

    fn note(&self, claimed: impl IntoIterator<Item = Fresh>) -> Vec<Taken> {
        let mut papers = lock(&self.papers);
        let taken = |Fresh { delivery, event }| {
            *papers.held.entry(delivery.id).or_default() += 1;
            Taken { delivery, event, papers: Arc::clone(&self.papers) }
        };
        claimed.into_iter().map(taken).collect()
    }

    /// A claim may have been made, or not given back, without anybody here knowing.
    pub fn doubt(&self) {
        self.doubted.notify_one();
    }

    /// Returns when there is doubt.
    pub async fn doubted(&self) {
        self.doubted.notified().await;
    }

    /// Those of `claimed` that nobody here knows of.
    #[must_use]
    pub fn forgotten(&self, claimed: impl IntoIterator<Item = DeliveryId>) -> Vec<DeliveryId> {
        let papers = lock(&self.papers);
        claimed.into_iter().filter(|id| !papers.held.contains_key(id)).collect()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut papers = lock(&self.papers);
        if let Entry::Occupied(mut held) = papers.held.entry(self.delivery.id) {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }
}

fn lock(papers: &Mutex<Papers>) -> MutexGuard<'_, Papers> {
    papers.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use entity::{DeliveryStatus, DeliveryTurn, EventId, Timestamp, WorkspaceId};

    use super::*;

    #[test]
    fn nothing_is_taken_for_a_sender_who_is_not_there_or_an_endpoint_that_is_busy() {
        let (desk, busy, other) = (Desk::default(), endpoint(), endpoint());
        assert!(!desk.takes(other));

        desk.open();
        desk.keep_off([busy]);
        assert!(desk.takes(other) && !desk.takes(busy));

        desk.close();
        assert!(!desk.takes(other));
    }

    #[test]
    fn a_claim_is_forgotten_as_soon_as_nobody_holds_it() {
        let (desk, row) = (Desk::default(), delivery());
        let (one, again) = (desk.hold(vec![row.clone()]), desk.hold(vec![row.clone()]));

        drop(one);
        assert_eq!(desk.forgotten([row.id]), [], "somebody still holds it");
        drop(again);
        assert_eq!(desk.forgotten([row.id]), [row.id]);
    }

    #[test]
    fn what_lies_on_the_desk_is_held() {
        let (desk, row) = (Desk::default(), delivery());
        desk.put(vec![Fresh::from(row.clone())]);
        assert_eq!(desk.forgotten([row.id]), []);

        let taken = desk.take();
        assert_eq!((taken.len(), desk.forgotten([row.id])), (1, Vec::new()));
    }

    fn endpoint() -> EndpointId {
        EndpointId::new(Timestamp(1))
    }

    fn delivery() -> delivery::Model {
        let at = Timestamp(1);
        delivery::Model {
            id: DeliveryId::new(at),
            workspace_id: WorkspaceId::new(at),
            endpoint_id: endpoint(),
            event_id: EventId::new(at),
            link_id: None,
            sequence: None,
            status: DeliveryStatus::Pending,
            attempt_count: 0,
            attempts_before: 0,
            turn: DeliveryTurn::Next,
            next_attempt_at: Some(at),
            claimed_by: None,
            created_at: at,
        }
    }
}
