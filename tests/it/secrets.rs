//! Secrets: planted, carried through everything, and looked for wherever they must not be.

use std::process::Command;

use entity::Scope;
use postern::service::key;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::json;

use crate::house::bank::{PASSWORD, code_now};
use crate::house::{Ear, House, KEPT, Receiver, Shop};
use crate::rerun::{rerun, signed_in};

stories! {
    no_secret_of_the_customers_is_left_anywhere,
    a_kept_password_is_readable_nowhere,
    no_secret_of_the_partners_is_readable_in_the_database,
}

/// Typed by mistake: not this site's password, but somebody's.
const WRONG_PASSWORD: &str = "Canary-7f3a-Passw0rd";
const WRONG_CODE: &str = "QzX7WvK";
/// The name of the bank's session cookie: whoever can read it can read the session.
const SESSION: &str = "mill_lane_session";
/// Must be found: else nobody has looked.
const FOUND: &str = "customer-that-is-found";

async fn no_secret_of_the_customers_is_left_anywhere(house: &mut House) {
    let ear = Ear::listen().await;
    let receiver = house.subscribe([]).await;
    sign_in_with_mistakes(house).await;
    house.deliver().await;

    let log = ear.heard();
    assert!(log.contains("lgn_") || log.contains("sqlx") || log.len() > 10_000, "the log was not heard");
    let told = told(house, &receiver).await;
    assert!(told.contains(FOUND));
    for secret in [WRONG_PASSWORD, WRONG_CODE, PASSWORD, SESSION] {
        assert!(!log.contains(secret), "{secret} is in the log: {}", around(&log, secret));
        assert!(!told.contains(secret), "{secret} was told to the partner");
    }
    let secrets = [WRONG_PASSWORD, WRONG_CODE, PASSWORD, SESSION, FOUND];
    assert_eq!(stored(house, &secrets).await, [FOUND]);
}

/// Wrong password, right password, wrong code, right code; then the job runs, and its session is kept.
async fn sign_in_with_mistakes(house: &mut House) {
    let source = json!({ "name": "Bank", "loginUrl": format!("{}/login", house.bank.origin) });
    let account = json!({ "goto": { "url": format!("{}/account", house.bank.origin) } });
    let steps = json!([account, { "extract": { "name": "balance", "selector": "#balance" } }]);
    let job = house.partner.job_that_keeps_the_session(source, steps).await;
    let link = house.partner.create_link_with(json!({ "jobId": job, "externalId": FOUND })).await;
    let mut customer = house.customer();
    let opening = customer.begin(&link.url).await;
    house.engage().await;
    let asked = customer.wait(&opening).await;
    let name = ("User name", "otp_app");
    let again = customer.press(&asked, "Sign in", &[name, ("Password", WRONG_PASSWORD)]).await;
    let code = customer.press(&again, "Sign in", &[name, ("Password", PASSWORD)]).await;
    let again = customer.press(&code, "Continue", &[("Verification code", WRONG_CODE)]).await;
    let done = customer.press(&again, "Continue", &[("Verification code", &code_now())]).await;
    done.says("You are signed in");
    house.run().await;
    assert_eq!(house.bank.received("otp_app").await, [4, 2, 2]);
    assert_eq!(house.partner.status(&link.id).await, "COMPLETED");
}

/// Everything the partner was told: webhooks and what the API shows.
async fn told(house: &House, receiver: &Receiver) -> String {
    let query = "{ links { nodes { failure { siteMessage message } events(first: 100) { nodes { data } }
        logins { nodes { outcome prompts { kind siteMessage } } } run { output steps { error } } } }
        webhookDeliveries { nodes { attempts { nodes { error responseBody } } } } }";
    let shown = house.partner.call(query, json!({})).await;
    format!("{shown} {}", json!(receiver.payloads()))
}

async fn a_kept_password_is_readable_nowhere(house: &mut House) {
    let ear = Ear::listen().await;
    let receiver = house.subscribe([]).await;
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "VAULT", true).await;
    shop.forget_sessions();
    // Opened, sent once more, and taken.
    assert_eq!(rerun(house, &link).await["status"], "SUCCEEDED");
    assert_eq!(shop.mind().passwords, [KEPT, KEPT]);
    assert_eq!(house.rows_of(&["credential"]).await, [1]);
    house.deliver().await;

    let (log, told) = (ear.heard(), told(house, &receiver).await);
    assert!(log.len() > 10_000 && told.contains("customer-1"));
    assert!(!log.contains(KEPT), "it is in the log: {}", around(&log, KEPT));
    assert!(!told.contains(KEPT), "it was told to the partner");
    assert_eq!(stored(house, &[KEPT, "customer-1"]).await, ["customer-1"]);
}

fn around<'a>(text: &'a str, found: &str) -> &'a str {
    let at = text.find(found).unwrap_or_default();
    &text[text.floor_char_boundary(at.saturating_sub(300))..text.floor_char_boundary(at + 100)]
}

async fn no_secret_of_the_partners_is_readable_in_the_database(house: &mut House) {
    let headers = json!({ "x-token": "Canary-Header-51c2" });
    let receiver = house.subscribe([]).with("headers", headers).await;
    let made = key::create(house.app(), workspace(house).await, "canary", Scope::ALL).await.unwrap();
    let api_key = made.secret.expose().rsplit_once('_').unwrap().1.to_owned();
    house.partner.create_link_with(json!({ "externalId": FOUND })).await;
    house.deliver().await;

    receiver.saw([204]).with_valid_signatures();
    assert_eq!(receiver.peer.seen()[0].header("x-token"), "Canary-Header-51c2");
    let signing = receiver.secret.trim_start_matches("whsec_").to_owned();
    let secrets = [signing.as_str(), "Canary-Header-51c2", api_key.as_str(), FOUND];
    assert_eq!(stored(house, &secrets).await, [FOUND]);
}

async fn workspace(house: &House) -> entity::WorkspaceId {
    postern::service::workspace::find(house.app(), "Acme").await.unwrap().id
}

/// Those of `texts` that are stored: as they are, as bytes in a row, or in any file of the database.
pub(crate) async fn stored<'a>(house: &House, texts: &[&'a str]) -> Vec<&'a str> {
    let database = house.database.open().await;
    let rows = rows(house, &database).await;
    let files = files(house, &database).await;
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let is_stored = |text: &&str| rows.contains(*text) || rows.contains(&hex(text)) || is_in(&files, text);
    texts.iter().copied().filter(is_stored).collect()
}

/// Every row of every table as text; bytes as hexadecimal digits.
pub(crate) async fn rows(house: &House, database: &DatabaseConnection) -> String {
    if house.app().db.is_embedded() {
        return String::new();
    }
    let tables = texts(database, "SELECT tablename AS t FROM pg_tables WHERE schemaname = 'public'").await;
    let mut rows = String::new();
    for table in tables {
        rows += &texts(database, &format!("SELECT row_to_json(r)::text AS t FROM \"{table}\" r"))
            .await
            .join("\n");
    }
    rows
}

/// The files that hold the database, its log of writes included.
async fn files(house: &House, database: &DatabaseConnection) -> Vec<String> {
    if house.app().db.is_embedded() {
        return vec![house.data_dir().display().to_string()];
    }
    texts(database, "CHECKPOINT").await;
    let place = "SELECT current_setting('data_directory') || '/base/' || oid AS t FROM pg_database
        WHERE datname = current_database() UNION SELECT current_setting('data_directory') || '/pg_wal'";
    texts(database, place).await
}

async fn texts(database: &DatabaseConnection, statement: &str) -> Vec<String> {
    let statement = Statement::from_string(database.get_database_backend(), statement);
    let rows = database.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get("", "t").unwrap()).collect()
}

pub(crate) fn is_in(files: &[String], text: &str) -> bool {
    let grep = Command::new("grep").args(["-r", "-q", "-a", "-F", "-e", text]).args(files).status().unwrap();
    assert!(matches!(grep.code(), Some(0 | 1)), "the files of the database cannot be read: {files:?}");
    grep.success()
}
