//! Idle means idle: a server without work costs next to nothing.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use tempfile::TempDir;

use crate::house::{Database, Kind, Setup, Toll};

/// Long enough for everything that happens every five seconds to happen once.
const WHILE: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_server_costs_next_to_nothing_on_either_database() {
    let (file, server) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let embedded = Database::create(Kind::Sqlite, file.path()).await;
    let shared = Database::create(Kind::Postgres, server.path()).await;
    let toll = Toll::before(&shared.url).await;
    let on_sqlite = Setup::new(file.path(), &embedded.url).serve();
    let on_postgres = Setup::new(server.path(), &toll.url).serve();
    // What a start costs is no matter here.
    tokio::time::sleep(Duration::from_secs(1)).await;

    let processor = || [on_sqlite.processor_time(), on_postgres.processor_time()];
    let (before, statements) = (processor(), toll.statements());
    tokio::time::sleep(WHILE).await;
    let (after, statements) = (processor(), toll.statements() - statements);

    // Two hundredths a second are two percent of one processor; a debug build at that.
    let spent = [after[0] - before[0], after[1] - before[1]];
    assert!(spent[0] <= 5 && spent[1] <= 15, "hundredths of a second of processor time: {spent:?}");
    // DESIGN, rule 7: three a second and node.
    assert!((1..=15).contains(&statements), "{statements} statements in five seconds");
    drop((on_sqlite, on_postgres));
    shared.remove().await;
}

/// One delivery that is due in hours, and 50,000 that stand behind it.
const LINE: &str = "INSERT INTO delivery (id, workspace_id, endpoint_id, event_id, link_id, sequence, status,
    attempt_count, turn, next_attempt_at, created_at)
    SELECT gen_random_uuid(), w, e, gen_random_uuid(), l, n, 'PENDING', 0,
        CASE WHEN n = 1 THEN 'RETRY' ELSE 'BEHIND' END, CASE WHEN n = 1 THEN 4102444800000 END, 0
    FROM (SELECT gen_random_uuid() AS w, gen_random_uuid() AS e, gen_random_uuid() AS l) AS one,
        generate_series(1, 50000) AS n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_waits_is_not_looked_at_all_the_time() {
    let dir = TempDir::new().unwrap();
    let shared = Database::create(Kind::Postgres, dir.path()).await;
    let toll = Toll::before(&shared.url).await;
    let server = Setup::new(dir.path(), &toll.url).serve();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let spent = async || {
        let before = [toll.statements() as u64, server.processor_time()];
        tokio::time::sleep(WHILE).await;
        [toll.statements() as u64 - before[0], server.processor_time() - before[1]]
    };

    let without = spent().await;
    shared.open().await.execute_unprepared(LINE).await.unwrap();
    let with = spent().await;

    // Whatever happens every five seconds can fall into a while once more or once less.
    assert!(with[0] <= without[0] + 6 && with[1] <= 15, "{with:?}, and {without:?} without a line");
    drop(server);
    shared.remove().await;
}
