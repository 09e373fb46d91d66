//! What an answer costs the database: the same number of statements, however many rows it shows.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};

use crate::house::{House, Kind, Toll, texts};

/// How many rows a page has at most.
const MANY: usize = 100;
/// For how long a key that was read is trusted, as `service::key` says.
const KEY_TRUSTED: Duration = Duration::from_millis(100);
/// Queries that show everything there is about each row of a list, and where the rows are.
const LISTS: [(&str, &str); 6] = [
    (
        "links",
        "id externalId status linkUrl eventCursor usable failure { code } job { name sourceSystem { name } }
         run { status output steps { kind } files { name } } events(first: 1) { nodes { type data } }
         logins(first: 2) { nodes { outcome prompts { kind siteMessage } } }",
    ),
    (
        "webhookDeliveries",
        "status event { type data link { externalId } } endpoint { url stats { pending } publicKey }
         attempts(first: 3) { nodes { number outcome delivery { status } } }",
    ),
    ("jobs", "name workflows { name } sourceSystem { name recipe }"),
    ("sourceSystems", "name allowedOrigins recipe"),
    ("webhookEndpoints", "url publicKey stats { delivered pending oldestPendingAt }"),
    ("events", "type data link { externalId job { name } run { status } logins { nodes { outcome } } }"),
];

/// Runs, logins with questions, and attempts, for every link and delivery.
const LIVES: &str = "
    INSERT INTO run (id, workspace_id, link_id, job_id, status, output, created_at)
        SELECT gen_random_uuid(), workspace_id, id, job_id, 'QUEUED', '{}', created_at FROM link;
    INSERT INTO run_step (run_id, position, workspace_id, workflow, step_index, kind, status)
        SELECT id, 0, workspace_id, 'work', 0, 'goto', 'SUCCEEDED' FROM run;
    INSERT INTO login (id, workspace_id, link_id, source_system_id, status, driver, cookie_hash, prompt_number,
            outcome, started_at, active_at, ended_at)
        SELECT gen_random_uuid(), l.workspace_id, l.id, j.source_system_id, 'ENDED', 'HTTP', '', 1, 'SIGNED_IN', 0, 0, 0
        FROM link AS l JOIN job AS j ON j.id = l.job_id, generate_series(1, 3);
    INSERT INTO prompt (id, workspace_id, login_id, number, kind, body, created_at)
        SELECT gen_random_uuid(), workspace_id, id, 1, 'CODE', '{}', 0 FROM login;
    INSERT INTO attempt (delivery_id, number, workspace_id, started_at, duration_ms, outcome)
        SELECT id, n, workspace_id, 0, 1, 'TIMEOUT' FROM delivery, generate_series(1, 5) AS n;";

/// A hundred of everything.
async fn filled(house: &House) {
    let (url, login_url) = (format!("{}/hook", house.bank.origin), format!("{}/login", house.bank.origin));
    let endpoint = async |number: usize| {
        let types = if number == 0 { json!([]) } else { json!(["webhook.test"]) };
        let endpoint = json!({ "url": url, "eventTypes": types, "signature": "STANDARD_V1A" });
        house.partner.mutate("createWebhookEndpoint", endpoint).await
    };
    join_all((0..MANY).map(endpoint)).await;
    let jobs = join_all((0..MANY).map(|_| house.partner.job_at(&login_url))).await;
    let link = |(number, job): (usize, String)| {
        house.partner.link_input(json!({ "jobId": job, "externalId": format!("customer-{number}") }))
    };
    let links: Vec<_> = jobs.into_iter().enumerate().map(link).collect();
    house.partner.mutate("createLinks", json!({ "links": links })).await;
    house.database.open().await.execute_unprepared(LIVES).await.unwrap();
}

/// How many statements a page of so many rows takes, and the rows.
async fn asked(house: &House, toll: &Toll, (list, shown): (&str, &str), rows: usize) -> (usize, Value) {
    let query = format!("{{ {list}(first: {rows}) {{ nodes {{ {shown} }} }} }}");
    // The key is read again for each: it is trusted for a tenth of a second, which some queries take here.
    tokio::time::sleep(KEY_TRUSTED * 2).await;
    let before = toll.statements();
    let nodes = house.partner.call(&query, json!({})).await[list]["nodes"].clone();
    (toll.statements() - before, nodes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_takes_as_many_statements_however_many_rows_it_shows() {
    let (house, toll) = House::start_counted().await;
    filled(&house).await;

    for list in LISTS {
        // Whoever comes first pays for what is remembered from then on.
        asked(&house, &toll, list, 2).await;
        let (few, _) = asked(&house, &toll, list, 2).await;
        let (many, nodes) = asked(&house, &toll, list, MANY).await;

        assert_eq!(nodes.as_array().unwrap().len(), MANY, "{}", list.0);
        assert_eq!(many, few, "{}: statements for {MANY} rows, and for 2", list.0);
    }
    house.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_loaded_together_is_still_each_links_own() {
    let (house, toll) = House::start_counted().await;
    filled(&house).await;

    let (_, links) = asked(&house, &toll, LISTS[0], MANY).await;

    let links = links.as_array().unwrap();
    let ids: HashSet<_> = links.iter().map(|link| link["id"].as_str().unwrap()).collect();
    for link in links {
        let event = &link["events"]["nodes"][0]["data"]["link"];
        assert_eq!((&event["id"], &event["externalId"]), (&link["id"], &link["externalId"]));
        assert_eq!(link["logins"]["nodes"].as_array().unwrap().len(), 2);
        assert_eq!(texts(&link["run"]["steps"], "kind"), ["goto"]);
    }
    assert_eq!(ids.len(), MANY);
    house.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn making_five_hundred_links_takes_as_many_statements_as_making_five() {
    let (house, toll) = House::start_counted().await;
    house
        .partner
        .mutate("createWebhookEndpoint", json!({ "url": format!("{}/hook", house.bank.origin) }))
        .await;
    let make = async |count: usize| {
        let link = |number| {
            let name = format!("customer-{count}-{number}");
            house.partner.link_input(json!({ "externalId": name, "idempotencyKey": name }))
        };
        let input = json!({ "links": (0..count).map(link).collect::<Vec<_>>() });
        let create =
            "mutation($input: CreateLinksInput!) { createLinks(input: $input) { userErrors { message } } }";
        let before = toll.statements();
        let made = house.partner.call(create, json!({ "input": input })).await;
        assert_eq!(made["createLinks"]["userErrors"], json!([]));
        toll.statements() - before
    };

    make(1).await;
    let (few, many) = (make(5).await, make(500).await);

    assert!(few == many && many < 20, "{few} statements for 5 links, {many} for 500");
    house.leave().await;
}

#[tokio::test]
async fn postgres_plans_every_reading_for_what_it_asks() {
    let house = House::start(Kind::Postgres).await;
    let asked = Statement::from_string(DbBackend::Postgres, "SHOW plan_cache_mode");
    let row = house.app().db.query_one_raw(asked).await.unwrap().unwrap();
    // One that PostgreSQL made while a table was small, and kept, would read all of it for a few ids.
    assert_eq!(row.try_get::<String>("", "plan_cache_mode").unwrap(), "force_custom_plan");
    house.leave().await;
}
