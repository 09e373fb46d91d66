//! The sender's desk: fresh deliveries that the transaction which made them has already claimed for
//! this process, so that they are sent without being looked for.
//!
//! The claim is in the row like any other; what lies here is only a copy. If it is lost, the claim is
//! freed as one that nobody holds (see `service::delivery::free_forgotten`).

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use entity::{DeliveryId, EndpointId, delivery};
use tokio::sync::Notify;

/// How many deliveries may lie here; more stay in the database, where the sender finds them.
const ROOM: usize = 1_024;

/// What a sender has been given and has not settled yet.
#[derive(Default)]
pub struct Desk {
    is_open: AtomicBool,
    papers: Mutex<Papers>,
    filled: Notify,
    doubted: Notify,
}

#[derive(Default)]
struct Papers {
    fresh: Vec<delivery::Model>,
    busy: HashSet<EndpointId>,
    held: HashSet<DeliveryId>,
}

impl Desk {
    /// From now on somebody sits here.
    pub fn open(&self) {
        self.is_open.store(true, Ordering::Release);
    }

    /// Nothing more is put here.
    pub fn close(&self) {
        self.is_open.store(false, Ordering::Release);
    }

    /// Whether a fresh delivery to `endpoint` may be claimed for whoever sits here.
    #[must_use]
    pub fn takes(&self, endpoint: EndpointId) -> bool {
        if !self.is_open.load(Ordering::Acquire) {
            return false;
        }
        let papers = self.papers();
        papers.fresh.len() < ROOM && !papers.busy.contains(&endpoint)
    }

    /// Puts down deliveries whose claim is committed.
    pub fn put(&self, fresh: Vec<delivery::Model>) {
        if fresh.is_empty() {
            return;
        }
        let mut papers = self.papers();
        papers.held.extend(fresh.iter().map(|delivery| delivery.id));
        papers.fresh.extend(fresh);
        self.filled.notify_one();
    }

    /// Returns when something lies here.
    pub async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Takes everything that lies here.
    pub fn take(&self) -> Vec<delivery::Model> {
        std::mem::take(&mut self.papers().fresh)
    }

    /// Names the endpoints that have enough to do.
    pub fn keep_off(&self, busy: impl IntoIterator<Item = EndpointId>) {
        self.papers().busy = busy.into_iter().collect();
    }

    /// Notes deliveries that were claimed otherwise.
    pub fn hold(&self, ids: impl IntoIterator<Item = DeliveryId>) {
        self.papers().held.extend(ids);
    }

    /// Forgets deliveries that are settled or given back.
    pub fn let_go<'a>(&self, ids: impl IntoIterator<Item = &'a DeliveryId>) {
        let mut papers = self.papers();
        for id in ids {
            papers.held.remove(id);
        }
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
        let papers = self.papers();
        claimed.into_iter().filter(|id| !papers.held.contains(id)).collect()
    }

    fn papers(&self) -> MutexGuard<'_, Papers> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use entity::Timestamp;

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
    fn a_claim_is_forgotten_unless_it_is_held() {
        let (desk, held, lost) = (Desk::default(), delivery(), delivery());
        desk.hold([held]);
        assert_eq!(desk.forgotten([held, lost]), [lost]);

        desk.let_go(&[held]);
        assert_eq!(desk.forgotten([held]), [held]);
    }

    fn endpoint() -> EndpointId {
        EndpointId::new(Timestamp(1))
    }

    fn delivery() -> DeliveryId {
        DeliveryId::new(Timestamp(1))
    }
}
