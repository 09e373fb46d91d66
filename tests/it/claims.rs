//! What a claim costs while somebody is flooded: a measurement, printed on demand.
//!
//! `scripts/with-postgres cargo test --release --test it claims -- --ignored --nocapture`

use std::time::{Duration, Instant};

use entity::{DeliveryId, EndpointId, EventId, Timestamp, WorkspaceId};
use postern::service::delivery::due::{Due, look};
use postern::store;
use sea_orm::ConnectionTrait;

use crate::house::{House, Kind};

/// How many deliveries of the flooded endpoint are due.
const FLOOD: usize = 100_000;
/// How many endpoints have something to send beside it.
const OTHERS: usize = 100;
/// How many deliveries each of them has.
const EACH: usize = 40;
/// How many claims a figure is the median of.
const TIMES: usize = 41;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, not a story"]
async fn a_flood_beside_a_claim() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let house = House::start(kind).await;
        let flooded = EndpointId::new(house.now());
        fill(&house, None, OTHERS * EACH).await;
        let calm = [median(&house, Vec::new()).await, median(&house, vec![flooded]).await];
        fill(&house, Some(flooded), FLOOD).await;
        let beside = median(&house, vec![flooded]).await;
        println!(
            "{kind:?}: a claim of 256 takes {:?}; with an endpoint left out {:?}, and {:?} while that has {FLOOD} due",
            calm[0], calm[1], beside
        );
        house.leave().await;
    }
}

/// Adds due deliveries, longer due than all others if they are a flood.
async fn fill(house: &House, flooded: Option<EndpointId>, count: usize) {
    let now = house.now();
    let due = if flooded.is_some() { now.minus(Duration::from_hours(1)) } else { now };
    let others: Vec<EndpointId> = (0..OTHERS).map(|_| EndpointId::new(now)).collect();
    let workspace = WorkspaceId::new(now);
    let rows = (0..count).map(|number| row(workspace, flooded.unwrap_or(others[number % OTHERS]), due));
    let rows: Vec<_> = rows.collect();
    for some in rows.chunks(10_000) {
        let some = some.to_vec();
        let written = store::transact(&house.app().db, async move |tx| {
            store::delivery::insert_many(&tx, some.into_iter().map(Into::into).collect()).await
        });
        written.await.unwrap();
    }
    house.database.open().await.execute_unprepared("ANALYZE").await.unwrap();
}

fn row(workspace: WorkspaceId, endpoint: EndpointId, due: Timestamp) -> entity::delivery::Model {
    entity::delivery::Model {
        id: DeliveryId::new(due),
        workspace_id: workspace,
        endpoint_id: endpoint,
        event_id: EventId::new(due),
        link_id: None,
        sequence: None,
        status: entity::DeliveryStatus::Pending,
        attempt_count: 0,
        attempts_before: 0,
        turn: entity::DeliveryTurn::Next,
        next_attempt_at: Some(due),
        claimed_by: None,
        created_at: due,
    }
}

/// What the hub does to claim: look for what is due, and take it; then everything is as before.
async fn median(house: &House, except: Vec<EndpointId>) -> Duration {
    let (app, node, now) = (house.app(), house.app().node, house.now());
    let mut took = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let begun = Instant::now();
        let Due::Now(from) = look(app, &except, now).await.unwrap() else { panic!("something is due") };
        let claimed = store::transact(&app.db, async move |tx| {
            store::delivery::claim(&tx, node, now, 256, &from).await
        });
        let rows: Result<_, store::Error> = claimed.await;
        took.push(begun.elapsed());
        let ids: Vec<DeliveryId> = rows.unwrap().iter().map(|row| row.id).collect();
        assert_eq!(ids.len(), 256);
        let given = store::transact(&app.db, async move |tx| store::delivery::release(&tx, node, &ids).await);
        given.await.unwrap();
    }
    took.sort_unstable();
    took[TIMES / 2]
}
