//! Erasing a customer: nothing that was known of the person is found anywhere, and nobody else's is gone.

use std::time::Duration;

use entity::Scope;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};

use crate::house::{Act, House, Link, Receiver, Shop, texts};
use crate::rerun::{CONSENT, signed_in};
use crate::secrets::{is_in, rows};

stories! {
    nothing_of_an_erased_customer_is_found_anywhere,
    what_is_left_says_of_whom_nothing,
    links_that_can_change_are_expired_and_say_so_without_a_name,
    a_customer_in_the_middle_of_a_login_is_told_that_it_is_over,
    a_run_under_way_ends_and_leaves_nothing,
    what_waits_to_be_delivered_goes_out_without_the_name,
    what_a_receiver_says_to_an_attempt_under_way_is_not_kept,
    a_customer_with_many_links_is_erased_and_twice_is_as_once,
    who_comes_again_by_the_same_name_is_somebody_else,
    a_customer_can_be_erased_while_links_are_made,
    erasing_needs_the_scope_and_a_name,
}

/// Stands wherever something of the customer can be.
const CANARY: &str = "Canary-e7a5-customer";
/// Must be found: else nobody has looked.
const FOUND: &str = "customer-that-is-found";

async fn erase(house: &House, external_id: &str) -> u64 {
    let erased = house.partner.mutate("eraseCustomer", json!({ "externalId": external_id })).await;
    assert_eq!(erased["userErrors"], json!([]), "{erased}");
    erased["erasedLinks"].as_u64().unwrap()
}

/// Columns of text, JSON or bytes that may stay as they are, in the tables below: words of closed sets, what is
/// the partner's own configuration, and what stands for a browser or an account without telling which.
const STAYS: [(&str, &[&str]); 13] = [
    ("answer", &[]),
    ("attempt", &["outcome"]),
    ("credential", &[]),
    ("customer", &["external_id"]),
    ("idempotency", &["operation", "key", "input_hash"]),
    ("link", &["status", "failure_code"]),
    ("login", &["status", "driver", "cookie_hash", "public_key", "outcome", "failure_code"]),
    ("prompt", &["kind"]),
    ("run", &["status", "failure_code"]),
    ("run_file", &[]),
    ("run_file_part", &[]),
    ("run_step", &["workflow", "kind", "status"]),
    ("session", &[]),
];

/// Tables that hold nothing of a customer beside ids, times and words of closed sets.
const NOTHING: [&str; 16] = [
    "api_key",
    "audit_entry",
    "delivery",
    "endpoint",
    "endpoint_secret",
    "event",
    "horizon",
    "job",
    "node",
    "recovery",
    "seaql_migrations",
    "source_system",
    "sqlite_sequence",
    "submit",
    "tally",
    "workspace",
];

/// Whatever the customer leaves in one pass through everything: made by signing in, and then every column that
/// could hold anything does.
async fn leave_traces(house: &mut House) -> Receiver {
    let receiver = house.subscribe([]).answering([500]).await;
    let mut shop = Shop::open().await;
    let given = json!({
        "externalId": CANARY,
        "metadata": { "name": CANARY },
        "returnUrl": format!("{}/{CANARY}", crate::house::RETURN_URL),
        "locale": "en-x-canary",
        "idempotencyKey": CANARY,
    });
    let link = with_file(house, &mut shop, given).await;
    house.deliver().await;
    assert!(house.partner.link(&link.id, "run { files { name } }").await.to_string().contains("all"));
    let database = house.database.open().await;
    let answer = "INSERT INTO answer (prompt_id, workspace_id, login_id, sealed, created_at)
        SELECT id, workspace_id, login_id, login_id, created_at FROM prompt LIMIT 1";
    let answer = match database.get_database_backend() {
        DbBackend::Postgres => answer.replace("login_id, login_id", "login_id, 'x'::bytea"),
        _ => answer.to_owned(),
    };
    database.execute_unprepared(&answer).await.unwrap();
    plant(&database).await;
    receiver
}

/// A customer signs in for a job that keeps everything, and its run fetches a file.
async fn with_file(house: &mut House, shop: &mut Shop, given: Value) -> Link {
    let source = json!({ "name": "Shop", "loginUrl": format!("{}/login", shop.origin) });
    let steps = json!([
        { "goto": { "url": format!("{}/orders", shop.origin) } },
        { "extract": { "name": "orders", "selector": "#orders", "as": "OBJECTS" } },
        { "download": { "name": "all", "selector": "#csv" } },
    ]);
    let workflows = json!([{ "name": "work", "steps": steps }]);
    let job = json!({ "name": "Read the orders", "workflows": workflows, "keepCredentials": "VAULT" });
    let job = house.partner.job(source, job).await;
    let mut fields = given;
    fields["jobId"] = json!(job);
    let link = house.partner.create_link_with(fields).await;
    let mut customer = house.customer();
    let opening = customer.begin(&link.url).await;
    assert_eq!(house.engage().await, 1);
    let asked = customer.wait(&opening).await;
    let typed = |password| [("User name", "ann"), ("Password", password), (CONSENT, "yes")];
    let again = customer.press(&asked, "Sign in", &typed("wrong")).await;
    customer.press(&again, "Sign in", &typed(crate::house::KEPT)).await.says("You are signed in");
    assert_eq!(house.run().await, 1);
    assert_eq!(house.partner.status(&link.id).await, "COMPLETED");
    link
}

/// Every table and column of the database that can hold words or bytes.
async fn columns(database: &DatabaseConnection) -> Vec<(String, String, String)> {
    let sql = match database.get_database_backend() {
        DbBackend::Postgres => {
            "SELECT table_name AS t, column_name AS c, data_type AS k FROM information_schema.columns
                WHERE table_schema = 'public' ORDER BY 1, 2"
        }
        _ => {
            "SELECT m.name AS t, p.name AS c, p.type AS k FROM sqlite_master AS m, pragma_table_info(m.name) AS p
                WHERE m.type = 'table' ORDER BY 1, 2"
        }
    };
    let statement = Statement::from_string(database.get_database_backend(), sql);
    let rows = database.query_all_raw(statement).await.unwrap();
    let text = |row: &sea_orm::QueryResult, name| row.try_get::<String>("", name).unwrap();
    rows.iter().map(|row| (text(row, "t"), text(row, "c"), text(row, "k").to_lowercase())).collect()
}

/// Writes the canary into every column that may hold anything of a customer. A new table must be named above.
async fn plant(database: &DatabaseConnection) {
    for (table, column, kind) in columns(database).await {
        let Some((_, stays)) = STAYS.iter().find(|(name, _)| *name == table) else {
            assert!(NOTHING.contains(&table.as_str()), "can {table} hold anything of a customer?");
            continue;
        };
        let value = match kind.as_str() {
            "text" | "varchar" => format!("'{CANARY}'"),
            "jsonb" | "jsonb_text" | "json_text" => format!("'{{\"said\": \"{CANARY}\"}}'"),
            "bytea" => format!("'{CANARY}'::bytea"),
            "blob" => format!("CAST('{CANARY}' AS BLOB)"),
            _ => continue,
        };
        if stays.contains(&column.as_str()) {
            continue;
        }
        let sql = format!("UPDATE \"{table}\" SET \"{column}\" = {value}");
        let planted =
            database.execute_unprepared(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert!(planted.rows_affected() > 0, "there is nothing in {table}");
    }
}

/// Whether a text is anywhere: in a row, as words or bytes, or in a file of the embedded database.
async fn is_found(house: &House, text: &str) -> bool {
    let database = house.database.open().await;
    if house.app().db.is_embedded() {
        return is_in(&[house.data_dir().display().to_string()], text);
    }
    let rows = rows(house, &database).await;
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    rows.contains(text) || rows.contains(&hex)
}

async fn nothing_of_an_erased_customer_is_found_anywhere(house: &mut House) {
    leave_traces(house).await;
    house.partner.create_link_with(json!({ "externalId": FOUND })).await;
    assert!(is_found(house, CANARY).await);

    assert_eq!(erase(house, CANARY).await, 1);

    assert!(!is_found(house, CANARY).await);
    assert!(is_found(house, FOUND).await);
}

async fn what_is_left_says_of_whom_nothing(house: &mut House) {
    leave_traces(house).await;
    let id =
        house.partner.call("{ links { nodes { id } } }", json!({})).await["links"]["nodes"][0]["id"].clone();

    erase(house, CANARY).await;

    let shown = "id status externalId metadata returnUrl locale failure { siteMessage }
        run { status output failure { siteMessage } steps { kind error } files { name } }
        logins { nodes { outcome recipe prompts { siteMessage } } } events(first: 100) { nodes { type data } }";
    let left = house.partner.link(id.as_str().unwrap(), shown).await;
    assert_eq!((&left["status"], &left["metadata"]), (&json!("COMPLETED"), &json!({})), "{left}");
    for gone in ["externalId", "returnUrl", "locale"] {
        assert_eq!(left[gone], Value::Null, "{gone}");
    }
    assert_eq!((&left["run"]["output"], &left["run"]["files"]), (&json!({}), &json!([])));
    assert_eq!(left["logins"]["nodes"][0]["prompts"], json!([]));
    let events = left["events"]["nodes"].as_array().unwrap();
    assert!(events.len() > 5 && events.iter().all(|event| event["data"]["link"]["externalId"].is_null()));
    let attempts =
        "{ webhookDeliveries { nodes { attempts { nodes { number outcome responseBody error } } } } }";
    let attempts = house.partner.call(attempts, json!({})).await.to_string();
    assert!(attempts.contains("HTTP_ERROR") && !attempts.contains(CANARY), "{attempts}");
    let by_name = "{ links(filter: { externalId: \"\" }) { nodes { id } } }";
    assert_eq!(house.partner.call(by_name, json!({})).await["links"]["nodes"], json!([]));
}

async fn links_that_can_change_are_expired_and_say_so_without_a_name(house: &mut House) {
    let receiver = house.subscribe(["link.expired"]).await;
    let link =
        house.partner.create_link_with(json!({ "externalId": CANARY, "metadata": { "a": CANARY } })).await;
    let other = house.partner.create_link_with(json!({ "externalId": FOUND })).await;

    erase(house, CANARY).await;
    house.deliver().await;

    assert_eq!(house.partner.events_of(&link.id).await, ["link.created", "link.expired"]);
    let told = &receiver.payloads()[0]["data"];
    assert_eq!((&told["reason"], &told["failure"]["code"]), (&json!("erased"), &json!("LINK_REVOKED")));
    assert_eq!((&told["link"]["externalId"], &told["link"]["metadata"]), (&Value::Null, &json!({})));
    assert_eq!(
        (receiver.links(), house.partner.status(&other.id).await),
        (vec![link.id], "CREATED".to_owned())
    );
}

async fn a_customer_in_the_middle_of_a_login_is_told_that_it_is_over(house: &mut House) {
    let link = house.partner.create_link_with(json!({ "externalId": CANARY })).await;
    let mut customer = house.customer();
    let opening = customer.begin(&link.url).await;
    house.engage().await;
    let asked = customer.wait(&opening).await;

    assert_eq!(erase(house, CANARY).await, 1);

    let page = customer.reload(&asked).await;
    assert!(page.prompt().is_none(), "{}", page.text());
    assert_eq!(house.partner.status(&link.id).await, "EXPIRED");
    assert_eq!(house.rows_of(&["prompt", "answer"]).await, [0, 0]);
    assert!(!is_found(house, CANARY).await);
}

async fn a_run_under_way_ends_and_leaves_nothing(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "VAULT", true).await;
    let seen = shop.mind().orders;
    shop.change(|mind| mind.hangs_from = seen + 1);
    house.partner.mutate("rerunJob", json!({ "linkId": link.id })).await;
    house.begin_runs().await;
    shop.has_shown(seen + 1).await;

    assert_eq!(erase(house, "customer-1").await, 1);
    house.end_runs().await;

    let left = house.partner.link(&link.id, "status run { status failure { code } output }").await;
    assert_eq!((&left["status"], &left["run"]["status"]), (&json!("COMPLETED"), &json!("FAILED")));
    assert_eq!(
        (&left["run"]["failure"]["code"], &left["run"]["output"]),
        (&json!("LINK_REVOKED"), &json!({}))
    );
    assert_eq!(house.rows_of(&["session", "credential", "run_file"]).await, [0, 0, 0]);
}

async fn what_waits_to_be_delivered_goes_out_without_the_name(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).answering([500, 204]).await;
    house.partner.create_link_with(json!({ "externalId": CANARY, "metadata": { "a": CANARY } })).await;
    house.deliver().await;

    erase(house, CANARY).await;
    house.pass(Duration::from_hours(1));
    house.deliver().await;

    receiver.saw([500, 204]).with_one_id().with_valid_signatures();
    let [before, after] = <[Value; 2]>::try_from(receiver.payloads()).unwrap();
    assert_eq!(before["data"]["link"]["externalId"], CANARY);
    assert_eq!(
        (&after["data"]["link"]["externalId"], &after["data"]["link"]["metadata"]),
        (&Value::Null, &json!({}))
    );
}

async fn what_a_receiver_says_to_an_attempt_under_way_is_not_kept(house: &mut House) {
    let script = [Act::Late(Duration::from_secs(2)), Act::Status(204)];
    let receiver = house.subscribe(["link.created"]).answering(script).await;
    house.partner.create_link_with(json!({ "externalId": CANARY })).await;
    let erasing = async {
        receiver.peer.has_seen(1).await;
        erase(house, CANARY).await
    };

    tokio::join!(house.deliver(), erasing);
    house.deliver().await;

    receiver.saw([200, 204]).with_one_id();
    let shown = "{ webhookDeliveries { nodes { status attemptCount attempts { nodes { number } } } } }";
    let shown = house.partner.call(shown, json!({})).await["webhookDeliveries"]["nodes"][0].clone();
    let expected =
        json!({ "status": "DELIVERED", "attemptCount": 2, "attempts": { "nodes": [{ "number": 2 }] } });
    assert_eq!(shown, expected);
}

async fn a_customer_with_many_links_is_erased_and_twice_is_as_once(house: &mut House) {
    let links: Vec<_> = (0..35)
        .map(|_| house.partner.link_input(json!({ "externalId": CANARY, "metadata": { "a": CANARY } })))
        .collect();
    house.partner.mutate("createLinks", json!({ "links": links })).await;
    house.partner.create_link_with(json!({ "externalId": FOUND })).await;

    assert_eq!((erase(house, CANARY).await, erase(house, CANARY).await), (35, 0));

    assert!(!is_found(house, CANARY).await);
    let listed = house.partner.call("{ links(first: 100) { nodes { status externalId } } }", json!({})).await;
    let expired =
        texts(&listed["links"]["nodes"], "status").iter().filter(|status| *status == "EXPIRED").count();
    // The person's row is gone; there is one for all who are erased, and the other's.
    assert_eq!((expired, house.rows_of(&["customer"]).await), (35, vec![2]));
}

async fn who_comes_again_by_the_same_name_is_somebody_else(house: &mut House) {
    let with_key = json!({ "externalId": CANARY, "idempotencyKey": "once" });
    let before = house.partner.create_link_with(with_key.clone()).await;
    erase(house, CANARY).await;

    let after = house.partner.try_create_link(with_key).await;

    assert_eq!(after["replayed"], false);
    let query = format!("{{ links(filter: {{ externalId: \"{CANARY}\" }}) {{ nodes {{ id }} }} }}");
    let listed = house.partner.call(&query, json!({})).await;
    assert_eq!(texts(&listed["links"]["nodes"], "id"), [after["link"]["id"].as_str().unwrap()]);
    assert_ne!(after["link"]["id"], before.id);
    assert_eq!(house.partner.link(&before.id, "externalId").await["externalId"], Value::Null);
}

async fn a_customer_can_be_erased_while_links_are_made(house: &mut House) {
    let create = || house.partner.create_link_with(json!({ "externalId": CANARY }));
    create().await;

    for _ in 0..5 {
        let (made, erasures) = tokio::join!(
            join_all((0..10).map(|_| create())),
            join_all(
                (0..3).map(|_| house.partner.try_mutate("eraseCustomer", json!({ "externalId": CANARY })))
            ),
        );
        assert_eq!(made.len(), 10);
        // Two that erase at once may ask one of them to come again; nobody else is disturbed.
        for answer in erasures {
            let code = &answer["errors"][0]["extensions"]["code"];
            assert!(code.is_null() || code == "UNAVAILABLE", "{answer}");
        }
    }
    erase(house, CANARY).await;

    assert!(!is_found(house, CANARY).await);
    assert_eq!(house.rows_of(&["link", "customer"]).await, [51, 1]);
}

async fn erasing_needs_the_scope_and_a_name(house: &mut House) {
    house.partner.create_link_with(json!({ "externalId": CANARY })).await;
    let all_but_admin: Vec<_> = Scope::ALL.iter().copied().filter(|scope| *scope != Scope::Admin).collect();
    let less = house.partner_with(&all_but_admin).await;

    let refused = less.try_mutate("eraseCustomer", json!({ "externalId": CANARY })).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
    for (name, code) in [(String::new(), "INVALID"), ("x".repeat(257), "TOO_LONG")] {
        let refused = house.partner.mutate("eraseCustomer", json!({ "externalId": name })).await;
        assert_eq!(refused["userErrors"][0]["code"], code, "{refused}");
        assert_eq!(refused["userErrors"][0]["field"], json!(["externalId"]));
    }
    assert!(is_found(house, CANARY).await);
}
