//! The log: every change once, in order, and nothing before its time.

use std::collections::HashMap;
use std::time::Duration;

use entity::{EventId, LinkId, Timestamp, WorkspaceId, event, workspace};
use futures_util::future::join_all;
use postern::domain::event::Kind;
use postern::service::Error;
use postern::service::log::{advance, watermark};
use postern::store::event::NewEvent;
use postern::store::{self, Tx};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::house::{House, texts};

stories! {
    changes_at_the_same_time_are_numbered_without_a_hole,
    the_log_can_be_pulled_in_pages_without_a_gap,
    types_that_no_event_has_are_refused,
}

stories_on_postgres! {
    a_transaction_that_commits_late_is_not_missed,
    writers_at_the_same_time_are_read_whole_and_in_order,
}

async fn workspace_of(house: &House) -> WorkspaceId {
    workspace::Entity::find().one(&house.app().db).await.unwrap().unwrap().id
}

async fn changes_at_the_same_time_are_numbered_without_a_hole(house: &mut House) {
    let links = join_all((0..3).map(|_| house.partner.create_link())).await;
    let ids: Vec<LinkId> = links.iter().map(|link| link.id.parse().unwrap()).collect();

    join_all((0..45).map(|number| house.note(ids[number % 3]))).await;

    for link in links {
        let shown = house.partner.link(&link.id, "sequence events(first: 100) { nodes { sequence } }").await;
        let numbers: Vec<_> =
            shown["events"]["nodes"].as_array().unwrap().iter().map(|event| &event["sequence"]).collect();
        assert_eq!(
            numbers,
            (1..=16).map(|number| json!(number)).collect::<Vec<_>>().iter().collect::<Vec<_>>()
        );
        assert_eq!(shown["sequence"], 16);
    }
}

const EVENTS: &str = "query($after: EventCursor, $first: Int, $types: [String!]) {
    events(after: $after, first: $first, types: $types) {
        nodes { id type cursor link { id } } pageInfo { hasNextPage endCursor } } }";

async fn the_log_can_be_pulled_in_pages_without_a_gap(house: &mut House) {
    let links = join_all((0..7).map(|_| house.partner.create_link())).await;
    house.partner.mutate("expireLink", json!({ "id": links[3].id })).await;

    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = house.partner.call(EVENTS, json!({ "first": 3, "after": after })).await["events"].clone();
        seen.extend(texts(&page["nodes"], "cursor"));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let whole = house.partner.call(EVENTS, json!({ "first": 100 })).await["events"]["nodes"].clone();
    let expired =
        house.partner.call(EVENTS, json!({ "types": ["link.expired"] })).await["events"]["nodes"].clone();

    assert_eq!((seen.len(), seen), (8, texts(&whole, "cursor")));
    assert_eq!(
        (texts(&expired, "type"), &expired[0]["link"]["id"]),
        (vec!["link.expired".to_owned()], &json!(links[3].id))
    );
}

async fn types_that_no_event_has_are_refused(house: &mut House) {
    for (types, fits) in
        [(json!(["link.*", "run.failed"]), true), (json!(["link.creatd"]), false), (json!(["*"]), false)]
    {
        let answer = house.partner.ask(EVENTS, json!({ "types": types })).await;

        assert_eq!(answer.get("errors").is_none(), fits, "{answer}");
    }
}

/// Writes an event that is about no link, and returns its position.
async fn write(tx: &Tx, workspace: WorkspaceId, now: Timestamp) -> Result<i64, Error> {
    let kind = Kind::EndpointDisabled.as_str();
    let id = EventId::new(now);
    let new = NewEvent { id, workspace, link: None, kind, facts: json!({}), occurred_at: now };
    Ok(store::event::insert_many(tx, &[new]).await?[&id])
}

/// A writer that has drawn its position and waits with its commit.
struct Slow {
    position: i64,
    go_on: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<Result<(), Error>>,
}

async fn slow_writer(house: &House) -> Slow {
    let (app, workspace, now) = (house.app().clone(), workspace_of(house).await, house.now());
    let (drawn, position) = oneshot::channel();
    let (go_on, may_commit) = oneshot::channel::<()>();
    let ended = tokio::spawn(async move {
        store::transact(&app.db, async move |tx| {
            drawn.send(write(&tx, workspace, now).await?).unwrap();
            may_commit.await.unwrap();
            Ok(())
        })
        .await
    });
    Slow { position: position.await.unwrap(), go_on, ended }
}

/// Two writers by hand: the one that drew the lower position commits last.
async fn a_transaction_that_commits_late_is_not_missed(house: &mut House) {
    let (workspace, now) = (workspace_of(house).await, house.now());
    let slow = slow_writer(house).await;
    let late = store::transact(&house.app().db, async move |tx| write(&tx, workspace, now).await);
    let (early, late) = (slow.position, late.await.unwrap());
    assert!(early < late);

    // Somebody who reads what is visible goes past the event that is still to come.
    assert_eq!(store::log::highest(&house.app().db).await.unwrap(), late);
    // We wait for it, who asks for events and who follows them.
    let a_moment = Duration::from_millis(300);
    assert!(tokio::time::timeout(a_moment, positions(house)).await.is_err());
    assert!(tokio::time::timeout(a_moment, advance(house.app())).await.is_err());
    assert!(watermark(house.app()) < early);

    slow.go_on.send(()).unwrap();
    slow.ended.await.unwrap().unwrap();
    assert_eq!((positions(house).await, watermark(house.app())), (vec![early, late], late));
}

/// The positions of all events that a reader gets.
async fn positions(house: &House) -> Vec<i64> {
    let nodes = house.partner.call(EVENTS, json!({ "first": 100 })).await["events"]["nodes"].clone();
    let ids = texts(&nodes, "id");
    let rows = event::Entity::find().all(&house.app().db).await.unwrap();
    let places: HashMap<String, i64> =
        rows.into_iter().map(|row| (row.id.to_string(), row.position)).collect();
    ids.iter().map(|id| places[id]).collect()
}

/// Eight writers who pause and sometimes roll back, and a reader who goes as far as he may all the while.
async fn writers_at_the_same_time_are_read_whole_and_in_order(house: &mut House) {
    let workspace = workspace_of(house).await;
    let writer = async |number: u64| {
        let mut written = Vec::new();
        for round in 0..12_u64 {
            let now = house.now();
            let outcome = store::transact(&house.app().db, async move |tx| {
                let position = write(&tx, workspace, now).await?;
                tokio::time::sleep(Duration::from_millis((number * 7 + round * 3) % 11)).await;
                if (number + round).is_multiple_of(5) { Err(Error::Gone) } else { Ok(position) }
            });
            written.extend(outcome.await.ok());
        }
        written
    };
    let writers = async { join_all((0..8).map(writer)).await.concat() };
    let (seen, mut written) = read_while(house, writers).await;

    written.sort_unstable();
    assert!(written.len() > 70);
    assert_eq!(seen, written);
}

/// Reads the log like a follower, by cursor, until `work` has ended and all of it is read.
async fn read_while<T>(house: &House, work: impl Future<Output = T>) -> (Vec<i64>, T) {
    let (mut seen, mut cursor) = (Vec::new(), 0);
    let mut work = std::pin::pin!(work);
    let mut done = None;
    while done.is_none() {
        tokio::select! {
            ended = &mut work => done = Some(ended),
            told = advance(house.app()) => drop(told.unwrap()),
        }
        if done.is_some() {
            house.tell().await;
        }
        let up_to = watermark(house.app());
        let workspace = workspace_of(house).await;
        let range = store::event::Range { after: cursor, up_to, link: None, types: Vec::new(), limit: 1_000 };
        let rows = store::event::read(&house.app().db, workspace, range).await.unwrap();
        seen.extend(rows.events.iter().map(|row| row.position));
        cursor = up_to;
    }
    (seen, done.unwrap())
}
