//! What retention costs the others: a measurement, for those who change it. It asserts nothing of time.
//!
//! `scripts/with-postgres cargo test --release --test it retention_cost -- --ignored --nocapture --test-threads 1`

use std::time::{Duration, Instant};

use entity::{
    AttemptOutcome, DeliveryId, DeliveryStatus, EndpointId, EventId, Timestamp, WorkspaceId, attempt,
    delivery, workspace,
};
use postern::service::retention::{self, Stage};
use postern::service::{App, Error, node};
use postern::store::{self, event::NewEvent};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::json;

use crate::house::{House, Kind, RETENTION};

const ROWS: usize = 100_000;
const CHUNK: usize = 1_000;
/// As the worker pauses.
const PAUSE: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it prints how long others wait while 100,000 events go"]
async fn on_sqlite() {
    measure(House::start(Kind::Sqlite).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it prints how long others wait while 100,000 events go"]
async fn on_postgres() {
    measure(House::start(Kind::Postgres).await).await;
}

async fn measure(house: House) {
    let workspace = workspace::Entity::find().one(&house.app().db).await.unwrap().unwrap().id;
    for _ in 0..ROWS / CHUNK {
        fill(house.app(), workspace, house.now()).await.unwrap();
    }
    house.pass(RETENTION + Duration::from_hours(1));
    house.partner.create_link().await;

    let alone = writes(house.app(), tokio::time::sleep(Duration::from_secs(3))).await;
    let began = Instant::now();
    let mut batches = Vec::new();
    let beside = writes(house.app(), sweep(house.app(), &mut batches)).await;

    println!("{ROWS} events with a delivery and an attempt each, gone in {:.1?}", began.elapsed());
    println!("  batches                    {}", spread(batches));
    println!("  other writes, undisturbed  {}", spread(alone));
    println!("  other writes, meanwhile    {}", spread(beside));
    house.leave().await;
}

async fn sweep(app: &App, took: &mut Vec<Duration>) {
    let mut next = Some(Stage::first(app));
    while let Some(stage) = next {
        let began = Instant::now();
        next = retention::step(app, stage).await.unwrap().next;
        took.push(began.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
}

/// How long small writes take, one after another, until `work` has ended.
async fn writes(app: &App, work: impl Future<Output = ()>) -> Vec<Duration> {
    let mut took = Vec::new();
    let mut work = std::pin::pin!(work);
    loop {
        let write = async {
            let began = Instant::now();
            node::beat(app).await.unwrap();
            took.push(began.elapsed());
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        tokio::select! {
            biased;
            () = &mut work => return took,
            () = write => {}
        }
    }
}

fn spread(mut took: Vec<Duration>) -> String {
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() - 1) * percent / 100];
    let (count, half, most, all) = (took.len(), at(50), at(99), at(100));
    format!("{count} of them, p50 {half:.1?}, p99 {most:.1?}, longest {all:.1?}")
}

async fn fill(app: &App, workspace: WorkspaceId, now: Timestamp) -> Result<(), Error> {
    let kind = "webhook.test";
    let event = |_| NewEvent {
        id: EventId::new(now),
        workspace,
        link: None,
        kind,
        facts: json!({}),
        occurred_at: now,
    };
    let events: Vec<_> = (0..CHUNK).map(event).collect();
    let endpoint = EndpointId::new(now);
    let deliveries: Vec<_> =
        events.iter().map(|event| delivered(workspace, endpoint, event.id, now)).collect();
    let attempts: Vec<_> = deliveries.iter().map(attempted).collect();
    store::transact(&app.db, async move |tx| {
        store::event::insert_many(&tx, &events).await?;
        store::delivery::insert_many(&tx, deliveries.into_iter().map(Into::into).collect()).await?;
        let rows = attempts.into_iter().map(|row| row.into_active_model().reset_all());
        attempt::Entity::insert_many(rows).exec_without_returning(&tx).await.map_err(store::Error::from)?;
        Ok(())
    })
    .await
}

fn delivered(
    workspace_id: WorkspaceId,
    endpoint_id: EndpointId,
    event_id: EventId,
    now: Timestamp,
) -> delivery::Model {
    delivery::Model {
        id: DeliveryId::new(now),
        workspace_id,
        endpoint_id,
        event_id,
        link_id: None,
        status: DeliveryStatus::Delivered,
        attempt_count: 1,
        attempts_before: 0,
        next_attempt_at: None,
        claimed_by: None,
        sequence: None,
        turn: entity::DeliveryTurn::Next,
        created_at: now,
    }
}

fn attempted(delivery: &delivery::Model) -> attempt::Model {
    attempt::Model {
        delivery_id: delivery.id,
        number: 1,
        workspace_id: delivery.workspace_id,
        started_at: delivery.created_at,
        duration_ms: 12,
        outcome: AttemptOutcome::Delivered,
        response_status: Some(204),
        response_body: Some("thank you".repeat(10)),
        error: None,
    }
}
