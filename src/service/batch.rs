//! The batcher of `createLink`: whatever waits becomes one multi-row statement per table and one
//! commit.
//!
//! Callers lose nothing by it: alone, a create is written at once; in a crowd many share a commit.
//! Each caller gets its own outcome. If a whole batch is refused by the database, its members are
//! tried one by one, so that one row cannot fail its neighbours.
//!
//! `createLinks` has a transaction of its own, which takes the same way through the tables.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use entity::{
    CustomerId, JobId, KeyId, LinkId, Timestamp, WorkspaceId, idempotency as idempotency_row, link,
};
use tokio::sync::{mpsc, oneshot};

use super::clock::Clock;
use super::event::{self, Record};
use super::idempotency::{self, Request};
use super::link::{Created, NO_SUCH_JOB, New, Refused, fresh};
use super::{Caller, Error, Problem};
use crate::domain::event::{Facts, Kind};
use crate::domain::link as life;
use crate::store::{self, Db, Tx};

/// How many creates may wait; more make the callers wait.
const QUEUE: usize = 4096;
/// How many creates share a commit at most: 256 × 16 columns stay far below the parameter limits.
const BATCH: usize = 256;

/// Where creates are handed in.
pub(super) struct Batcher {
    db: Db,
    clock: Arc<dyn Clock>,
    wishes: mpsc::Sender<Wish>,
}

#[derive(Clone)]
struct Order {
    workspace: WorkspaceId,
    /// Goes into the link's row, which is its own entry of the audit log.
    created_by: KeyId,
    new: New,
    token_key: u8,
}

impl Order {
    fn of(caller: &Caller, new: New, token_key: u8) -> Self {
        Self { workspace: caller.workspace, created_by: caller.key, new, token_key }
    }
}

struct Wish {
    order: Order,
    reply: oneshot::Sender<Result<Created, Error>>,
}

impl Batcher {
    pub(super) fn start(db: Db, clock: Arc<dyn Clock>) -> Self {
        let (wishes, mut waiting) = mpsc::channel::<Wish>(QUEUE);
        let batcher = Self { db: db.clone(), clock: Arc::clone(&clock), wishes };
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH);
            while waiting.recv_many(&mut batch, BATCH).await > 0 {
                let (orders, replies): (Vec<_>, Vec<_>) =
                    batch.drain(..).map(|wish| (wish.order, wish.reply)).unzip();
                let outcomes = carry_out(&db, clock.as_ref(), orders).await;
                for (reply, outcome) in replies.into_iter().zip(outcomes) {
                    // The request may have gone away; its link is made all the same.
                    let _ = reply.send(outcome);
                }
            }
        });
        batcher
    }

    pub(super) async fn create(&self, caller: &Caller, new: New, token_key: u8) -> Result<Created, Error> {
        let (reply, outcome) = oneshot::channel();
        self.wishes
            .send(Wish { order: Order::of(caller, new, token_key), reply })
            .await
            .map_err(|_| Error::Unavailable)?;
        outcome.await.unwrap_or(Err(Error::Unavailable))
    }

    /// All of `news` in one transaction, or none of them; in their order.
    pub(super) async fn create_together(
        &self,
        caller: &Caller,
        news: Vec<New>,
        token_key: u8,
    ) -> Result<Vec<Created>, Refused> {
        let orders = news.into_iter().map(|new| Order::of(caller, new, token_key)).collect();
        all(&self.db, self.clock.now(), orders).await
    }
}

/// All orders in one transaction, or none of them. Each link's row is its entry of the audit log.
async fn all(db: &Db, now: Timestamp, orders: Vec<Order>) -> Result<Vec<Created>, Refused> {
    store::transact(db, async move |tx| {
        let (first, later) = by_turn(orders);
        let mut outcomes = Vec::new();
        for turn in [first, later] {
            let (indexes, orders): (Vec<usize>, Vec<Order>) = turn.into_iter().unzip();
            outcomes.extend(indexes.into_iter().zip(put(&tx, now, &orders).await?));
        }
        all_or_none(outcomes)
    })
    .await
}

/// What was made, in order; or all that was not.
fn all_or_none(mut outcomes: Numbered<Result<Created, Error>>) -> Result<Vec<Created>, Refused> {
    outcomes.sort_by_key(|(index, _)| *index);
    let (mut made, mut refused) = (Vec::with_capacity(outcomes.len()), Vec::new());
    for (index, outcome) in outcomes {
        match outcome {
            Ok(created) => made.push(created),
            Err(error) => refused.push(Refused::at(index, error)),
        }
    }
    if refused.is_empty() { Ok(made) } else { Err(Refused(refused)) }
}

/// One outcome for each order, in their order.
async fn carry_out(db: &Db, clock: &dyn Clock, orders: Vec<Order>) -> Vec<Result<Created, Error>> {
    let (first, later) = by_turn(orders);
    let mut outcomes = each(db, clock, first).await;
    for order in later {
        outcomes.extend(each(db, clock, vec![order]).await);
    }
    outcomes.sort_by_key(|(index, _)| *index);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

type Numbered<T> = Vec<(usize, T)>;

/// Of several orders with one key, the later ones are replays of the first: they go after it.
fn by_turn(orders: Vec<Order>) -> (Numbered<Order>, Numbered<Order>) {
    let mut keys = HashSet::new();
    orders.into_iter().enumerate().partition(|(_, order)| {
        order.new.idempotency_key.as_ref().is_none_or(|key| keys.insert((order.workspace, key.clone())))
    })
}

async fn each(db: &Db, clock: &dyn Clock, orders: Numbered<Order>) -> Numbered<Result<Created, Error>> {
    let (indexes, orders): (Vec<usize>, Vec<Order>) = orders.into_iter().unzip();
    let together = write(db, clock, orders.clone()).await;
    let outcomes = match together {
        Ok(outcomes) => outcomes,
        Err(error) if orders.len() == 1 => vec![Err(error)],
        // It may be committed or not: trying again could make every link twice.
        Err(Error::Unavailable) => orders.iter().map(|_| Err(Error::Unavailable)).collect(),
        Err(_) => {
            let mut alone = Vec::with_capacity(orders.len());
            for order in orders {
                let one = write(db, clock, vec![order]).await;
                alone.push(one.and_then(|mut one| one.pop().unwrap_or(Err(Error::Unavailable))));
            }
            alone
        }
    };
    indexes.into_iter().zip(outcomes).collect()
}

/// All orders in one transaction. The outer error is the database's; the inner ones are theirs.
async fn write(db: &Db, clock: &dyn Clock, orders: Vec<Order>) -> Result<Vec<Result<Created, Error>>, Error> {
    let now = clock.now();
    store::transact(db, async move |tx| put(&tx, now, &orders).await).await
}

/// The way through the tables: one statement for each, however many orders there are. No two of them have
/// the same key, unless an earlier transaction or turn has taken it.
async fn put(tx: &Tx, now: Timestamp, orders: &[Order]) -> Result<Vec<Result<Created, Error>>, Error> {
    let jobs = known_jobs(tx, orders).await?;
    let is_known = |order: &Order| jobs.contains(&(order.workspace, order.new.job));
    let names: BTreeSet<_> = orders.iter().filter(|order| is_known(order)).map(name).collect();
    let customers = store::customer::ensure(tx, &names, now).await?;
    let links: Vec<Option<link::Model>> = orders
        .iter()
        .map(|order| is_known(order).then(|| customers.get(&name(order))).flatten().map(|id| (order, *id)))
        .map(|wanted| {
            wanted.map(|(order, customer)| {
                fresh(&order.new, (order.workspace, order.created_by), customer, (now, order.token_key))
            })
        })
        .collect();
    let taken = claim_keys(tx, now, orders, &links).await?;
    let earlier = made_earlier(tx, taken.values()).await?;
    let is_new = |link: &&link::Model| !taken.contains_key(&link.id);
    let names: HashMap<_, &str> = customers.iter().map(|((_, name), id)| (*id, name.as_str())).collect();
    let new: Vec<link::Model> = links.iter().flatten().filter(is_new).cloned().collect();
    let positions = insert(tx, now, (&new, &names)).await?;
    let outcome = |link: Option<link::Model>| match link {
        None => Err(Error::input("jobId", Problem::NotFound, NO_SUCH_JOB)),
        Some(link) => match taken.get(&link.id) {
            Some(replay) => again(replay, &earlier),
            None => made(link, &positions),
        },
    };
    Ok(links.into_iter().map(outcome).collect())
}

fn name(order: &Order) -> store::customer::Name {
    (order.workspace, order.new.external_id.clone())
}

fn made(link: link::Model, positions: &HashMap<LinkId, i64>) -> Result<Created, Error> {
    let position = positions.get(&link.id).copied().ok_or(Error::Unavailable)?;
    Ok(Created { link, position, replayed: false })
}

async fn known_jobs(tx: &Tx, orders: &[Order]) -> Result<HashSet<(WorkspaceId, JobId)>, Error> {
    let mut wanted: HashMap<WorkspaceId, HashSet<JobId>> = HashMap::new();
    for order in orders {
        wanted.entry(order.workspace).or_default().insert(order.new.job);
    }
    let mut known = HashSet::new();
    for (workspace, jobs) in wanted {
        let rows = store::job::find_many(tx, workspace, jobs).await?;
        known.extend(rows.into_iter().map(|job| (workspace, job.id)));
    }
    Ok(known)
}

/// An earlier use of an order's key.
struct Replay {
    earlier: idempotency_row::Model,
    input: Vec<u8>,
}

/// Claims the orders' keys; returns what stands in the way, by the link that is then not made.
async fn claim_keys(
    tx: &Tx,
    now: Timestamp,
    orders: &[Order],
    links: &[Option<link::Model>],
) -> Result<HashMap<LinkId, Replay>, Error> {
    let rows: Vec<_> = orders
        .iter()
        .zip(links)
        .filter_map(|(order, link)| {
            let new = &order.new;
            let request = Request::new(order.workspace, "createLink", new.idempotency_key.clone(), new);
            request.row(link.as_ref()?.id.0, now)
        })
        .collect();
    let taken = store::idempotency::claim(tx, &rows, now).await?;
    let replay = |row: idempotency_row::Model| {
        let earlier = taken.get(&(row.workspace_id, row.key.clone()))?.clone();
        Some((LinkId(row.object_id), Replay { earlier, input: row.input_hash }))
    };
    Ok(rows.into_iter().filter_map(replay).collect())
}

/// Links that stand in the way of others, each with the position of its last event.
type Earlier = HashMap<LinkId, (link::Model, i64)>;

async fn made_earlier(tx: &Tx, replays: impl Iterator<Item = &Replay>) -> Result<Earlier, Error> {
    let mut wanted: HashMap<WorkspaceId, HashSet<LinkId>> = HashMap::new();
    for Replay { earlier, .. } in replays {
        wanted.entry(earlier.workspace_id).or_default().insert(LinkId(earlier.object_id));
    }
    let mut found = HashMap::new();
    for (workspace, ids) in wanted {
        let links = store::link::find_many(tx, workspace, ids).await?;
        let keys: Vec<_> = links.iter().map(|link| (link.id, link.sequence)).collect();
        let positions = store::event::positions(tx, workspace, &keys).await?;
        let with_position = |link: link::Model| {
            let position = *positions.get(&(link.id, link.sequence))?;
            Some((link.id, (link, position)))
        };
        found.extend(links.into_iter().filter_map(with_position));
    }
    Ok(found)
}

fn again(replay: &Replay, earlier: &Earlier) -> Result<Created, Error> {
    let id = LinkId(idempotency::replay(&replay.earlier, &replay.input)?);
    let (link, position) = earlier.get(&id).cloned().ok_or(Error::Gone)?;
    Ok(Created { link, position, replayed: true })
}

/// Adds the links, each with its first event; returns the events' positions.
async fn insert(
    tx: &Tx,
    now: Timestamp,
    (links, names): (&[link::Model], &HashMap<CustomerId, &str>),
) -> Result<HashMap<LinkId, i64>, Error> {
    if links.is_empty() {
        return Ok(HashMap::new());
    }
    store::link::insert_many(tx, links).await?;
    let records: Vec<_> = links
        .iter()
        .map(|link| Record {
            workspace: link.workspace_id,
            link: Some((link.id, link.sequence)),
            kind: Kind::LinkCreated,
            facts: Facts {
                status: Some(link.status),
                usable: Some(life::is_usable(link, now)),
                ..Facts::default()
            },
            in_hand: names.get(&link.customer_id).map(|name| (link, *name)),
        })
        .collect();
    let positions = event::record(tx, now, &records).await?;
    Ok(links.iter().map(|link| link.id).zip(positions).collect())
}
