//! The one who looks for deliveries that this node has claimed and does not know of: the answer to the
//! commit of their claim was lost, or their verdict could not be written.

use std::collections::HashSet;
use std::time::Duration;

use entity::DeliveryId;
use tokio_util::sync::CancellationToken;

use crate::service::{App, delivery};

/// How often it is looked. A claim is forgotten if two looks in a row find it so.
const EVERY: Duration = Duration::from_secs(15);

/// Runs until `stop`.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let mut suspects = HashSet::new();
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        suspects = look(&app, &suspects).await;
    }
}

/// Frees what was forgotten at the last look already; returns what was forgotten since.
pub async fn look(app: &App, suspects: &HashSet<DeliveryId>) -> HashSet<DeliveryId> {
    delivery::free_forgotten(app, suspects).await.unwrap_or_else(|error| {
        tracing::warn!(error = &error as &dyn std::error::Error, "Claims could not be looked through.");
        HashSet::new()
    })
}
