//! The workers, moved by hand: each call does what is to do now and returns.

use std::time::Duration;

use entity::{DeliveryId, LinkId, workspace};
use postern::domain::event::{Facts, Kind};
use postern::service::retention::Stage;
use postern::service::{Error, expiry, link, log, node};
use postern::{store, worker};
use sea_orm::{ConnectionTrait, EntityTrait, Statement};

use super::House;

impl House {
    /// Sends what is due; returns how many attempts were made.
    pub(crate) async fn deliver(&self) -> usize {
        worker::delivery::step(self.app()).await.unwrap()
    }

    /// Claims what is due, as if the answer to that had been lost on its way.
    pub(crate) async fn lose_a_claim(&self) {
        let (node, now) = (self.app().node, self.app().clock.now());
        let claim = async move |tx| {
            store::delivery::claim(&tx, node, now, 1, &store::delivery::claim::From::All).await
        };
        let claimed: Result<_, store::Error> = store::transact(&self.app().db, claim).await;
        assert_eq!(claimed.unwrap().len(), 1);
    }

    /// Frees claims that nobody knows of; returns what may be one of those at the next look.
    pub(crate) async fn look_for_forgotten(&self, suspects: &[DeliveryId]) -> Vec<DeliveryId> {
        worker::forgotten::look(self.app(), suspects).await.unwrap()
    }

    /// Creates links, a millisecond apart; returns their ids.
    pub(crate) async fn create_links(&self, count: usize) -> Vec<String> {
        let mut ids = Vec::with_capacity(count);
        for _ in 0..count {
            self.pass(Duration::from_millis(1));
            ids.push(self.partner.create_link().await.id);
        }
        ids
    }

    /// Makes the next batch of what is recovered; `false` if no recovery is under way any more.
    pub(crate) async fn recover(&self) -> bool {
        worker::recovery::step(self.app()).await.unwrap().is_some()
    }

    /// Moves deliveries that are out of line with their endpoint; returns how many that were.
    pub(crate) async fn straighten(&self) -> u64 {
        worker::backlog::step(self.app()).await.unwrap()
    }

    /// Records one more event about a link of the first workspace, as a step of a login does.
    pub(crate) async fn note(&self, id: LinkId) {
        let (first, now) =
            (workspace::Entity::find().one(&self.app().db).await.unwrap().unwrap(), self.now());
        let noted = store::transact(&self.app().db, async move |tx| {
            let mut row = store::link::lock(&tx, first.id, id).await?;
            link::note(&tx, now, &mut row, Kind::LoginPrompted, Facts::default()).await
        });
        noted.await.unwrap_or_else(|error: Error| panic!("nothing was recorded: {error}"));
    }

    /// Makes what was written to the log readable.
    pub(crate) async fn tell(&self) {
        log::advance(self.app()).await.unwrap();
    }

    /// Expires what is over; returns how many links that were.
    pub(crate) async fn expire(&self) -> usize {
        expiry::expire_links(self.app()).await.unwrap()
    }

    /// Says that this node lives, and takes over from those that do not.
    pub(crate) async fn beat(&self) {
        node::beat(self.app()).await.unwrap();
        node::bury(self.app()).await.unwrap();
    }

    /// Takes away what is too old, or of no use any more.
    pub(crate) async fn sweep(&self) {
        let mut next = Some(Stage::first(self.app()));
        while let Some(stage) = next {
            next = worker::retention::step(self.app(), stage).await.unwrap();
        }
    }

    /// How many rows there are in each of these tables.
    pub(crate) async fn rows_of(&self, tables: &[&str]) -> Vec<i64> {
        let database = self.database.open().await;
        let mut counts = Vec::new();
        for table in tables {
            let sql = format!("SELECT count(*) AS n FROM {table}");
            let statement = Statement::from_string(database.get_database_backend(), sql);
            let row = database.query_one_raw(statement).await.unwrap().unwrap();
            counts.push(row.try_get("", "n").unwrap());
        }
        counts
    }

    /// Lets the engine take the logins that wait; it drives them from then on.
    pub(crate) async fn engage(&mut self) -> usize {
        worker::login::step(&self.server.as_ref().unwrap().app, &mut self.logins).await.unwrap()
    }

    /// Every engine has a login in hand that takes for ever.
    pub(crate) fn occupy_engines(&mut self) {
        for _ in 0..worker::login::LOGINS {
            self.logins.spawn(std::future::pending());
        }
    }

    /// Those logins are over.
    pub(crate) fn free_engines(&mut self) {
        self.logins = tokio::task::JoinSet::new();
    }

    /// Begins the runs that wait, and leaves them running.
    pub(crate) async fn begin_runs(&mut self) -> usize {
        worker::run::step(&self.server.as_ref().unwrap().app, &mut self.runs).await.unwrap()
    }

    /// Waits for the end of the runs that were begun.
    pub(crate) async fn end_runs(&mut self) {
        while let Some(ended) = self.runs.join_next().await {
            ended.unwrap();
        }
    }

    /// Carries out the runs that wait, to their end.
    pub(crate) async fn run(&mut self) -> usize {
        let begun = self.begin_runs().await;
        self.end_runs().await;
        begun
    }
}
