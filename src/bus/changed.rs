//! Which endpoints were changed, for the one who holds deliveries for them.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use entity::EndpointId;
use tokio::sync::Notify;

/// How many are remembered by name while nobody looks; a server without a hub never does.
const MOST: usize = 10_000;

/// Endpoints that were changed since somebody looked.
#[derive(Default)]
pub struct Changed {
    ids: Mutex<HashSet<EndpointId>>,
    news: Notify,
}

impl Changed {
    /// Tells that an endpoint is not as it was.
    pub fn tell(&self, id: EndpointId) {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.len() < MOST {
            ids.insert(id);
        }
        drop(ids);
        self.news.notify_one();
    }

    /// Waits until there are some, and takes them.
    pub async fn next(&self) -> HashSet<EndpointId> {
        loop {
            let ids = std::mem::take(&mut *self.ids.lock().unwrap_or_else(PoisonError::into_inner));
            if !ids.is_empty() {
                return ids;
            }
            self.news.notified().await;
        }
    }
}
