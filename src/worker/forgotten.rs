//! The one who looks for deliveries that this node has claimed and does not know of: the database went
//! away between the commit of a claim and its answer, or before a claim could be given back.
//!
//! Such a row names a node that lives and that will never send it. It is looked for whenever a commit has
//! failed, for as long as one may still be under way.

use std::time::Duration;

use entity::DeliveryId;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::service::{App, Error, delivery};

/// How often it is looked while in doubt. A claim is forgotten if two looks in a row find it so.
const EVERY: Duration = Duration::from_secs(1);
/// How long the doubt lasts: longer than any transaction and any statement may take.
const DOUBT: Duration = Duration::from_secs(30);

/// Runs until `stop`.
pub(super) async fn run(app: App, stop: CancellationToken) {
    while stop.run_until_cancelled(app.bus.desk.doubted()).await.is_some() {
        let (until, mut suspects) = (Instant::now() + DOUBT, Vec::new());
        while Instant::now() < until {
            if stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
                return;
            }
            // As long as the database does not answer there is nothing to see.
            suspects = look(&app, &suspects).await.unwrap_or_default();
        }
    }
}

/// Frees what was forgotten at the last look already; returns what was forgotten since.
///
/// # Errors
/// If the database does not answer.
pub async fn look(app: &App, suspects: &[DeliveryId]) -> Result<Vec<DeliveryId>, Error> {
    delivery::free_forgotten(app, suspects).await
}
