//! Rows that many objects of one answer point to, read in one statement each.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, Error, Result};
use entity::{
    CustomerId, DeliveryId, EndpointId, EventId, JobId, KeyId, LinkId, LoginId, RunId, SourceSystemId,
    WorkspaceId, api_key, attempt, customer, delivery, endpoint, event, job, link, login, prompt, run,
    run_file, run_step, source_system,
};
use futures_util::future::{BoxFuture, try_join_all};
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::error;
use super::together::Turns;
use crate::service::kept::Clocks;
use crate::service::{self, App};

/// How often everybody who is ready goes before a reading for all answers: they may ask for rows of their own.
const OTHERS_FIRST: usize = 6;
/// How long such a reading waits for the one before it, which may hang.
const PATIENCE: Duration = Duration::from_millis(100);

/// Reads rows by workspace and id.
pub(super) struct Rows(App);

/// The loader of an answer, which reads in turns. Many answers need none: it is made when it is first asked.
pub(super) struct Load {
    app: App,
    turns: Turns,
    rows: OnceLock<DataLoader<Rows>>,
}

impl Load {
    pub(super) fn new(app: App, turns: Turns) -> Self {
        Self { app, turns, rows: OnceLock::new() }
    }

    fn rows(&self) -> &DataLoader<Rows> {
        self.turns.ask();
        self.rows.get_or_init(|| {
            let turns = self.turns.clone();
            DataLoader::new(Rows(self.app.clone()), move |rows| turns.read(rows)).delay(Duration::ZERO)
        })
    }
}

/// A loader for all answers, of what is asked for alone: while some rows are read, others gather for the next reading.
#[derive(Clone)]
pub(super) struct Gathering(Arc<DataLoader<Rows>>);

impl Gathering {
    pub(super) fn new(app: App) -> Self {
        let turn = Arc::new(Semaphore::new(1));
        let read = move |rows| tokio::spawn(in_turn(Arc::clone(&turn), rows));
        Self(Arc::new(DataLoader::new(Rows(app), read).delay(Duration::ZERO)))
    }
}

/// Reads when the reading before is over or has taken too long, and all who are ready have asked.
async fn in_turn(turn: Arc<Semaphore>, rows: BoxFuture<'static, ()>) {
    let _turn = timeout(PATIENCE, turn.acquire()).await;
    for _ in 0..OTHERS_FIRST {
        yield_now().await;
    }
    rows.await;
}

/// The row behind `key`, read together with those that other answers ask for at this moment.
pub(super) async fn gathered<K>(ctx: &Context<'_>, key: K) -> Result<Option<<Rows as Loader<K>>::Value>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Rows: Loader<K, Error = Arc<service::Error>>,
{
    let Gathering(load) = ctx.data::<Gathering>()?;
    load.load_one(key).await.map_err(|error| shared(&error))
}

/// The row behind `key`, read together with the others of this answer.
pub(super) async fn one<K>(ctx: &Context<'_>, key: K) -> Result<Option<<Rows as Loader<K>>::Value>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Rows: Loader<K, Error = Arc<service::Error>>,
{
    let load = ctx.data::<Load>()?;
    load.rows().load_one(key).await.map_err(|error| shared(&error))
}

/// A row that must be there and is not: it was erased while this answer was made.
pub(super) fn missing() -> Error {
    error::top_level(service::Error::Unavailable)
}

/// A failed load fails every field that waited for it; it is logged once for each.
fn shared(error: &Arc<service::Error>) -> Error {
    error::top_level(match error.as_ref() {
        service::Error::Unavailable => service::Error::Unavailable,
        other => service::Error::internal(Shared(other.to_string())),
    })
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Shared(String);

macro_rules! loads {
    ($($key:ident($id:ty) -> $value:ty = |$app:ident, $workspace:ident, $ids:ident| $read:expr;)*) => {$(
        /// One row of one workspace.
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub(super) struct $key(pub(super) WorkspaceId, pub(super) $id);

        impl Loader<$key> for Rows {
            type Value = $value;
            type Error = Arc<service::Error>;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $value>, Self::Error> {
                let mut by_workspace: HashMap<WorkspaceId, Vec<$id>> = HashMap::new();
                for key in keys {
                    by_workspace.entry(key.0).or_default().push(key.1);
                }
                // Side by side: what is gathered may be of many workspaces.
                let readings = by_workspace.into_iter().map(async |($workspace, $ids)| {
                    let $app = &self.0;
                    let rows: Vec<($id, $value)> = $read;
                    let rows = rows.into_iter().map(|(id, row)| ($key($workspace, id), row));
                    Ok::<_, Self::Error>(rows.collect::<Vec<_>>())
                });
                Ok(try_join_all(readings).await?.into_iter().flatten().collect())
            }
        }
    )*};
}

loads! {
    JobOf(JobId) -> job::Model = |app, workspace, ids| {
        let rows = service::job::find_many(app, workspace, ids).await?;
        rows.into_iter().map(|row| (row.id, row)).collect()
    };
    SourceSystemOf(SourceSystemId) -> source_system::Model = |app, workspace, ids| {
        let rows = service::source_system::find_many(app, workspace, ids).await?;
        rows.into_iter().map(|row| (row.id, row)).collect()
    };
    CustomerOf(CustomerId) -> customer::Model = |app, workspace, ids| {
        let rows = service::link::customers(app, workspace, ids).await?;
        rows.into_iter().map(|row| (row.id, row)).collect()
    };
    LinkOf(LinkId) -> link::Model = |app, workspace, ids| {
        let rows = service::link::find_many(app, workspace, ids).await?;
        rows.into_iter().map(|row| (row.id, row)).collect()
    };
    PositionOf((LinkId, i64)) -> i64 = |app, workspace, ids| {
        service::link::cursors(app, workspace, &ids).await?.into_iter().collect()
    };
    RunOf(LinkId) -> run::Model = |app, workspace, ids| {
        // Oldest first: the newest run of a link wins.
        let rows = service::run::of_links(app, workspace, ids).await?;
        rows.into_iter().map(|row| (row.link_id, row)).collect()
    };
    SessionOf(LinkId) -> Clocks = |app, workspace, ids| {
        // Oldest first: the newest session of a link wins.
        let rows = service::kept::clocks(app, workspace, ids).await?;
        rows.into_iter().map(|row| (row.link_id, row)).collect()
    };
    StepsOf(RunId) -> Vec<run_step::Model> = |app, workspace, ids| {
        let rows = service::run::steps(app, workspace, ids).await?;
        grouped(rows, |row| row.run_id)
    };
    FilesOf(RunId) -> Vec<run_file::Model> = |app, workspace, ids| {
        let rows = service::file::of_runs(app, workspace, ids).await?;
        grouped(rows, |row| row.run_id)
    };
    PromptsOf(LoginId) -> Vec<prompt::Model> = |app, workspace, ids| {
        let rows = service::login::prompts(app, workspace, ids).await?;
        grouped(rows, |row| row.login_id)
    };
    LoginsOf(Part<LinkId, Option<LoginId>>) -> Vec<login::Model> = |app, workspace, parts| {
        let mut found = Vec::new();
        for (range, links) in by_range(parts) {
            let rows = service::login::of_links(app, workspace, links, range).await?;
            found.extend(grouped(rows, |row| Part(row.link_id, range.0, range.1)));
        }
        found
    };
    EventsOf(Part<LinkId, Option<i64>>) -> Option<Vec<event::Model>> = |app, workspace, parts| {
        let mut found = Vec::new();
        for (range, links) in by_range(parts) {
            // Gone for one is gone for all that begin at the same place.
            match service::event::of_links(app, workspace, links.clone(), range).await? {
                None => found.extend(links.into_iter().map(|link| (Part(link, range.0, range.1), None))),
                Some(rows) => {
                    let rows = rows.into_iter().filter_map(|row| Some((row.link_id?, row))).collect();
                    let lists = grouped(rows, |(link, _)| Part(*link, range.0, range.1));
                    let events = |rows: Vec<(LinkId, event::Model)>| rows.into_iter().map(|(_, row)| row);
                    found.extend(lists.into_iter().map(|(part, rows)| (part, Some(events(rows).collect()))));
                }
            }
        }
        found
    };
    AttemptsOf(Part<DeliveryId, i32>) -> Vec<attempt::Model> = |app, workspace, parts| {
        let mut found = Vec::new();
        for (range, deliveries) in by_range(parts) {
            let rows = service::delivery::attempts(app, workspace, deliveries, range).await?;
            found.extend(grouped(rows, |row| Part(row.delivery_id, range.0, range.1)));
        }
        found
    };
    PublicKeyOf(EndpointId) -> String = |app, workspace, ids| {
        service::endpoint::seal::public_keys(app, workspace, ids).await?
    };
    EventOf(EventId) -> event::Model = |app, workspace, ids| {
        let rows = service::event::find_many(app, workspace, ids).await?;
        rows.into_iter().map(|row| (row.id, row)).collect()
    };
    EventData(EventId) -> serde_json::Value = |app, workspace, ids| {
        service::event::render_many(app, workspace, ids).await?
    };
    DeliveryOf(DeliveryId) -> delivery::Model = |app, workspace, ids| {
        let rows = service::delivery::find_many(app, workspace, ids).await?;
        rows.into_iter().map(|row| (row.id, row)).collect()
    };
    StatsOf(EndpointId) -> service::endpoint::Totals = |app, workspace, ids| {
        service::endpoint::stats(app, workspace, ids).await?.into_iter().collect()
    };
    KeyOf(KeyId) -> api_key::Model = |app, workspace, ids| {
        let rows = service::key::find_many(app, workspace, ids).await?;
        rows.into_iter().map(|row| (row.id, row)).collect()
    };
    EndpointOf(EndpointId) -> endpoint::Model = |app, workspace, ids| {
        let rows = service::endpoint::find_many(app, workspace, ids).await?;
        rows.into_iter().map(|row| (row.id, row)).collect()
    };
}

/// The beginning of a list that belongs to something: whose, after what, and how many rows.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Part<I, A>(pub(super) I, pub(super) A, pub(super) u64);

/// Parts that begin at the same place and are as long are read together.
fn by_range<I, A: Copy + Eq + Hash>(parts: Vec<Part<I, A>>) -> HashMap<(A, u64), Vec<I>> {
    let mut ranges: HashMap<(A, u64), Vec<I>> = HashMap::new();
    for Part(id, after, limit) in parts {
        ranges.entry((after, limit)).or_default().push(id);
    }
    ranges
}

fn grouped<K: Eq + Hash, T>(rows: Vec<T>, key: impl Fn(&T) -> K) -> Vec<(K, Vec<T>)> {
    let mut groups: HashMap<K, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn readings_go_one_after_another_and_one_that_hangs_holds_up_none_for_long() {
        let turn = Arc::new(Semaphore::new(1));
        let takes = |millis| Box::pin(async move { sleep(Duration::from_millis(millis)).await });
        let read = |millis| in_turn(Arc::clone(&turn), takes(millis));
        let began = Instant::now();

        let (first, second) = (tokio::spawn(read(50)), tokio::spawn(read(10)));
        assert!(tokio::join!(first, second).1.is_ok());
        assert_eq!(began.elapsed().as_millis(), 60);

        let hangs = tokio::spawn(in_turn(Arc::clone(&turn), Box::pin(std::future::pending())));
        yield_now().await;
        read(10).await;
        assert_eq!(began.elapsed(), Duration::from_millis(70) + PATIENCE);
        hangs.abort();
    }
}
