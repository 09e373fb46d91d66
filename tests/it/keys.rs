//! API keys: who may come in, who may let others in, and who has to go.

use std::time::Duration;

use entity::Scope;
use futures_util::future::join_all;
use postern::domain::Secret;
use postern::service::Error;
use postern::service::key::{self, revocation};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement, TransactionTrait};
use serde_json::{Value, json};

use crate::house::{House, PATIENCE, Partner, Setup, Told, texts};

stories! {
    who_shows_no_valid_key_stays_outside,
    a_socket_without_a_valid_key_is_closed,
    a_revoked_key_ends_within_a_moment_also_on_open_sockets_and_streams,
    a_key_that_ends_by_itself_ends_everywhere,
    a_new_key_is_shown_once_and_does_what_it_was_made_for,
    a_key_grants_only_what_it_has,
    a_key_that_ends_by_itself_makes_none_that_outlives_it,
    a_key_that_cannot_be_is_refused_by_the_field_that_is_wrong,
    a_key_that_is_asked_for_twice_is_one_and_its_secret_is_not_shown_again,
    there_is_room_for_a_hundred_live_keys,
    the_last_key_that_could_make_another_cannot_be_revoked,
    keys_are_exchanged_without_a_refused_request,
    the_use_of_a_key_is_noted,
    the_operator_makes_lists_and_ends_keys,
}

// On SQLite there is one writer: nothing happens at the same time there.
stories_on_postgres! {
    two_keys_cannot_revoke_each_other,
}

/// Keys that open nothing.
fn useless_keys(house: &House) -> Vec<String> {
    let valid = &house.partner.key;
    let other = valid.chars().rev().collect::<String>();
    let last = if valid.ends_with('0') { "1" } else { "0" };
    let (prefix, _) = valid.rsplit_once('_').unwrap();
    vec![
        String::new(),
        "psk_".to_owned(),
        "psk__".to_owned(),
        other,
        prefix.to_owned(),
        format!("{prefix}_"),
        format!("{prefix}_{}", "0".repeat(64)),
        format!("{}{last}", &valid[..valid.len() - 1]),
        format!("{valid}0"),
        valid.to_uppercase(),
        format!("psk_{}", "a".repeat(60_000)),
        "psk_%00_' OR 1=1".to_owned(),
    ]
}

async fn who_shows_no_valid_key_stays_outside(house: &mut House) {
    for useless in useless_keys(house) {
        let answer =
            house.partner.with_key(&useless).request().body(r#"{"query":"{ viewer { id } }"}"#).send().await;
        let answer = answer.unwrap();

        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["www-authenticate"]),
            (401, &"Bearer".parse().unwrap())
        );
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{useless:.80}");
    }
    for wrong in [None, Some(format!("Basic {}", house.partner.key)), Some(house.partner.key.clone())] {
        let request = reqwest::Client::builder().no_proxy().build().unwrap().post(house.url("/graphql"));
        let request = wrong.iter().fold(request, |request, value| request.header("authorization", value));
        assert_eq!(request.send().await.unwrap().status(), 401, "{wrong:?}");
    }
}

async fn a_socket_without_a_valid_key_is_closed(house: &mut House) {
    for useless in useless_keys(house).into_iter().take(8) {
        let refused = house.partner.with_key(&useless).try_socket().await.err();

        assert!(matches!(refused, Some(4401 | 4403)), "{useless}: {refused:?}");
    }
}

/// Within a second, and half a one for a busy machine.
const A_MOMENT: Duration = Duration::from_millis(1_500);

/// Makes a key by the API; returns its payload.
async fn make(partner: &Partner, name: &str, scopes: &[&str]) -> Value {
    partner.mutate("createApiKey", json!({ "name": name, "scopes": scopes })).await
}

/// The partner with a key that was made by the API, and that key's id.
async fn with_new_key(partner: &Partner, scopes: &[&str]) -> (Partner, Value) {
    let made = make(partner, "another", scopes).await;
    let secret = made["secret"].as_str().unwrap_or_else(|| panic!("no key: {made}"));
    (partner.with_key(secret), made["apiKey"]["id"].clone())
}

async fn is_refused(partner: &Partner) -> bool {
    partner.request().body(r#"{"query":"{ viewer { id } }"}"#).send().await.unwrap().status() == 401
}

async fn a_revoked_key_ends_within_a_moment_also_on_open_sockets_and_streams(house: &mut House) {
    let (leaving, id) = with_new_key(&house.partner, &["LINKS_READ"]).await;
    let mut socket = leaving.socket().await;
    socket.follow_status(json!({})).await;
    let mut stream = leaving.stream("subscription { events { type } }", json!({}), None).await;
    leaving.call("{ viewer { id } }", json!({})).await;

    let revoked = house.partner.mutate("revokeApiKey", json!({ "id": id })).await;

    assert!(revoked["apiKey"]["revokedAt"].is_string(), "{revoked}");
    let both = async { (socket.next().await, stream.next().await) };
    let (closed, told) = tokio::time::timeout(A_MOMENT, both).await.expect("both end within a moment");
    assert_eq!(closed, Told::Closed(4403));
    let told = told.expect("the stream says why");
    assert_eq!(told.data["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert!(is_refused(&leaving).await);
    house.partner.call("{ viewer { id } }", json!({})).await;
}

async fn a_key_that_ends_by_itself_ends_everywhere(house: &mut House) {
    let input = json!({ "name": "for an hour", "scopes": ["LINKS_READ"], "expiresIn": "PT1H" });
    let made = house.partner.mutate("createApiKey", input).await;
    let guest = house.partner.with_key(made["secret"].as_str().unwrap());
    let mut socket = guest.socket().await;

    house.pass(Duration::from_mins(59));
    guest.call("{ links { nodes { id } } }", json!({})).await;
    house.pass(Duration::from_mins(1));

    let closed = tokio::time::timeout(A_MOMENT, socket.next()).await;
    assert_eq!(closed, Ok(Told::Closed(4403)));
    assert!(is_refused(&guest).await);
}

async fn a_new_key_is_shown_once_and_does_what_it_was_made_for(house: &mut House) {
    let made = make(&house.partner, "reader", &["WEBHOOKS_READ", "LINKS_READ", "LINKS_READ"]).await;

    let secret = made["secret"].as_str().unwrap();
    let key = &made["apiKey"];
    assert!(secret.starts_with(&format!("{}_", key["prefix"].as_str().unwrap())));
    assert_eq!(key["scopes"], json!(["LINKS_READ", "WEBHOOKS_READ"]));
    let reader = house.partner.with_key(secret);
    assert_eq!(reader.call("{ viewer { id } }", json!({})).await["viewer"]["id"], key["id"]);
    reader.call("{ links { nodes { id } } }", json!({})).await;
    let beyond = reader.try_mutate("createLink", reader.link_input(json!({}))).await;
    assert_eq!(beyond["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let list = house.partner.call("{ apiKeys { nodes { id name prefix scopes } } }", json!({})).await;
    assert_eq!(texts(&list["apiKeys"]["nodes"], "name"), ["reader", "everything"]);
    assert!(!list.to_string().contains(secret));
}

async fn a_key_grants_only_what_it_has(house: &mut House) {
    let admin = house.partner_with(&[Scope::Admin, Scope::LinksRead]).await;

    let beyond = make(&admin, "more", &["LINKS_READ", "LINKS_WRITE"]).await;
    let within = make(&admin, "as much", &["ADMIN", "LINKS_READ"]).await;

    assert_eq!((&beyond["apiKey"], &beyond["secret"]), (&Value::Null, &Value::Null));
    assert_eq!(beyond["userErrors"][0]["field"], json!(["scopes", "1"]), "{beyond}");
    assert!(beyond["userErrors"][0]["message"].as_str().unwrap().contains("LINKS_WRITE"));
    assert_eq!(within["userErrors"], json!([]));
}

async fn a_key_that_ends_by_itself_makes_none_that_outlives_it(house: &mut House) {
    let at = |seconds: i64| {
        let at = chrono::DateTime::from_timestamp_millis(house.now().0 + seconds * 1_000).unwrap();
        at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
    };
    let of = |fields: Value| {
        let mut input = json!({ "name": "for a while", "scopes": ["ADMIN"] });
        input.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        input
    };
    let end = at(3_600);
    let lent = house.partner.mutate("createApiKey", of(json!({ "expiresAt": end }))).await;
    let lent = house.partner.with_key(lent["secret"].as_str().unwrap());
    let before = house.inventory().await;

    for (field, fields) in [
        ("expiresAt", json!({})),
        ("expiresAt", json!({ "expiresAt": at(3_601) })),
        ("expiresIn", json!({ "expiresIn": "PT1H1S" })),
    ] {
        let refused = lent.mutate("createApiKey", of(fields)).await;

        assert_eq!((&refused["apiKey"], &refused["secret"]), (&Value::Null, &Value::Null));
        let error = &refused["userErrors"][0];
        assert_eq!((&error["code"], &error["field"]), (&json!("INVALID"), &json!([field])), "{refused}");
        assert!(error["message"].as_str().unwrap().contains(&end), "{refused}");
    }
    assert_eq!(house.inventory().await, before);
    for fields in
        [json!({ "expiresAt": end }), json!({ "expiresIn": "PT1H" }), json!({ "expiresIn": "PT1M" })]
    {
        let made = lent.mutate("createApiKey", of(fields)).await;
        assert!(made["apiKey"]["expiresAt"].as_str().unwrap() <= end.as_str(), "{made}");
    }
}

async fn a_key_that_cannot_be_is_refused_by_the_field_that_is_wrong(house: &mut House) {
    let before = house.inventory().await;
    let at = |seconds: i64| {
        let at = chrono::DateTime::from_timestamp_millis(house.now().0 + seconds * 1_000).unwrap();
        json!(at.to_rfc3339())
    };
    for (field, fields, code) in [
        ("name", json!({ "name": "" }), "INVALID"),
        ("name", json!({ "name": "x".repeat(257) }), "TOO_LONG"),
        ("name", json!({ "name": "a\u{0}b" }), "INVALID"),
        ("scopes", json!({ "scopes": [] }), "INVALID"),
        ("expiresIn", json!({ "expiresIn": "PT59S" }), "INVALID"),
        ("expiresIn", json!({ "expiresIn": "P3651D" }), "INVALID"),
        ("expiresAt", json!({ "expiresAt": at(-1) }), "INVALID"),
        ("expiresAt", json!({ "expiresAt": at(30) }), "INVALID"),
        ("expiresAt", json!({ "expiresAt": at(3_651 * 86_400) }), "INVALID"),
        ("expiresAt", json!({ "expiresAt": at(3_600), "expiresIn": "PT1H" }), "INVALID"),
        ("idempotencyKey", json!({ "idempotencyKey": "" }), "INVALID"),
    ] {
        let mut input = json!({ "name": "reader", "scopes": ["LINKS_READ"] });
        input.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let refused = house.partner.mutate("createApiKey", input).await;

        assert_eq!(refused["userErrors"][0]["field"], json!([field]), "{fields}: {refused}");
        assert_eq!(refused["userErrors"][0]["code"], code, "{fields}");
    }
    assert_eq!(house.inventory().await, before);
    let until = json!({ "name": "until", "scopes": ["LINKS_READ"], "expiresAt": at(60) });
    assert_eq!(house.partner.mutate("createApiKey", until).await["userErrors"], json!([]));
}

async fn a_key_that_is_asked_for_twice_is_one_and_its_secret_is_not_shown_again(house: &mut House) {
    let input = json!({ "name": "reader", "scopes": ["LINKS_READ"], "idempotencyKey": "key-1" });

    let first = house.partner.mutate("createApiKey", input.clone()).await;
    let again = house.partner.mutate("createApiKey", input.clone()).await;
    let mut other = input;
    other["scopes"] = json!(["LINKS_WRITE"]);
    let other = house.partner.mutate("createApiKey", other).await;

    assert_eq!(first["apiKey"], again["apiKey"]);
    assert!(first["secret"].is_string() && again["secret"].is_null());
    assert_eq!(other["userErrors"][0]["code"], "CONFLICT");
}

async fn there_is_room_for_a_hundred_live_keys(house: &mut House) {
    let makers = (1..100).map(|_| make(&house.partner, "one of many", &["LINKS_READ"]));
    let made = join_all(makers).await;
    assert!(made.iter().all(|one| one["userErrors"] == json!([])));

    let one_more = make(&house.partner, "one more", &["LINKS_READ"]).await;
    house.partner.mutate("revokeApiKey", json!({ "id": made[0]["apiKey"]["id"] })).await;
    let after = join_all((0..2).map(|_| make(&house.partner, "one more", &["LINKS_READ"]))).await;

    assert_eq!(one_more["userErrors"][0]["code"], "LIMIT_EXCEEDED");
    assert!(one_more["userErrors"][0]["message"].as_str().unwrap().contains("100"));
    let refused = after.iter().filter(|one| one["apiKey"].is_null()).count();
    assert_eq!(refused, 1, "there was room for one: {after:?}");
}

async fn the_last_key_that_could_make_another_cannot_be_revoked(house: &mut House) {
    let viewer = house.partner.call("{ viewer { id } }", json!({})).await;
    let own = json!({ "id": viewer["viewer"]["id"] });
    make(&house.partner, "no admin", &["LINKS_WRITE"]).await;
    let brief = json!({ "name": "brief", "scopes": ["ADMIN"], "expiresIn": "PT1H" });
    house.partner.mutate("createApiKey", brief).await;
    house.pass(Duration::from_hours(2));

    let refused = house.partner.mutate("revokeApiKey", own.clone()).await;
    assert_eq!(refused["userErrors"][0]["code"], "CONFLICT", "{refused}");
    assert!(refused["apiKey"].is_null() && !is_refused(&house.partner).await);

    let (heir, _) = with_new_key(&house.partner, &["ADMIN"]).await;
    let revoked = house.partner.mutate("revokeApiKey", own.clone()).await;
    assert_eq!(revoked["userErrors"], json!([]));
    let again = heir.mutate("revokeApiKey", own).await;
    assert_eq!(again["apiKey"], revoked["apiKey"], "twice is as once");
}

/// How many of those who revoke keys wait for somebody else.
async fn waiting(database: &DatabaseConnection) -> i64 {
    let sql = "SELECT count(*) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'
        AND (query LIKE '%FOR NO KEY UPDATE%' OR query LIKE 'UPDATE \"api_key\"%revoked_at%')";
    let statement = Statement::from_string(database.get_database_backend(), sql);
    database.query_one_raw(statement).await.unwrap().unwrap().try_get("", "n").unwrap()
}

async fn two_keys_cannot_revoke_each_other(house: &mut House) {
    let (other, _) = with_new_key(&house.partner, &["ADMIN"]).await;
    let app = house.app();
    let caller = async |partner: &Partner| {
        key::authenticate(app, &Secret::new(partner.key.clone())).await.unwrap().unwrap()
    };
    let (one, two) = (caller(&house.partner).await, caller(&other).await);
    let (rows, watch) = (house.database.open().await, house.database.open().await);
    // Nobody gets at the keys before both have come as far as they can.
    let held = rows.begin().await.unwrap();
    held.execute_unprepared("SELECT id FROM api_key FOR UPDATE").await.unwrap();
    let release = async {
        while waiting(&watch).await < 2 {}
        held.commit().await.unwrap();
    };

    let all = async {
        tokio::join!(revocation::end(app, &one, two.key), revocation::end(app, &two, one.key), release)
    };
    let (by_one, by_two, ()) = tokio::time::timeout(PATIENCE, all).await.expect("both come to an end");

    let conflicts = [&by_one, &by_two].map(|ended| matches!(ended, Err(Error::Conflict(_))));
    assert!(conflicts == [true, false] || conflicts == [false, true], "{by_one:?} {by_two:?}");
    assert!(by_one.is_ok() || by_two.is_ok());
}

async fn keys_are_exchanged_without_a_refused_request(house: &mut House) {
    let old_id = house.partner.call("{ viewer { id scopes } }", json!({})).await["viewer"].clone();
    let scopes = texts_of(&old_id["scopes"]);
    house.partner.create_link().await;

    // Create the new one, switch to it, see that the old one is no longer used, revoke it.
    let (renewed, _) = with_new_key(&house.partner, &scopes).await;
    house.partner.create_link().await;
    renewed.create_link().await;
    let revoked = renewed.mutate("revokeApiKey", json!({ "id": old_id["id"] })).await;

    assert_eq!(revoked["userErrors"], json!([]));
    renewed.create_link().await;
    let links = renewed.call("{ links { nodes { id } } }", json!({})).await;
    assert_eq!(links["links"]["nodes"].as_array().unwrap().len(), 4);
}

fn texts_of(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// When the key was last used, once that is another time than `before`: nobody waits for the note of it.
async fn used_after(partner: &Partner, before: &Value) -> Value {
    let noted = async {
        loop {
            let viewer = partner.call("{ viewer { lastUsedAt } }", json!({})).await;
            if viewer["viewer"]["lastUsedAt"] != *before {
                return viewer["viewer"]["lastUsedAt"].clone();
            }
        }
    };
    tokio::time::timeout(PATIENCE, noted).await.expect("a use is noted")
}

async fn the_use_of_a_key_is_noted(house: &mut House) {
    let (fresh, id) = with_new_key(&house.partner, &["LINKS_READ"]).await;
    let query = "query($id: ID!) { node(id: $id) { ... on ApiKey { createdAt lastUsedAt } } }";
    let unused = house.partner.call(query, json!({ "id": id })).await["node"].clone();
    assert_eq!(unused["lastUsedAt"], Value::Null);

    let first = used_after(&fresh, &Value::Null).await;
    house.pass(Duration::from_mins(2));
    let second = used_after(&fresh, &first).await;

    assert_eq!(first, unused["createdAt"]);
    assert!(first.as_str() < second.as_str());
}

async fn the_operator_makes_lists_and_ends_keys(house: &mut House) {
    let setup = Setup::new(house.data_dir(), &house.database.url);
    let command =
        ["key", "create", "--workspace", "Acme", "--name", "backend", "--scopes", "LINKS_READ", "--json"];

    let made = setup.json(&[command.as_slice(), &["--expires-in", "P90D"]].concat());
    let prefix = made["prefix"].as_str().unwrap();
    let list = || setup.json(&["key", "list", "--workspace", "Acme", "--json"]);
    let listed = list();
    let partner = house.partner.with_key(made["api_key"].as_str().unwrap());
    assert!(!is_refused(&partner).await);
    let revoked = setup.json(&["key", "revoke", "--prefix", prefix, "--json"]);

    let of =
        |list: &Value| list.as_array().unwrap().iter().find(|key| key["prefix"] == prefix).unwrap().clone();
    assert_eq!((&of(&listed)["state"], &of(&listed)["name"]), (&json!("live"), &json!("backend")));
    assert_eq!(of(&listed)["expires_at"], made["expires_at"]);
    assert_eq!((&revoked["state"], &of(&list())["state"]), (&json!("revoked"), &json!("revoked")));
    let sheet = setup.run(&["key", "list", "--workspace", "Acme"]);
    let sheet = String::from_utf8(sheet.stdout).unwrap();
    assert!(sheet.starts_with("PREFIX") && sheet.contains(prefix), "{sheet}");
    assert!(!listed.to_string().contains("hash") && !sheet.contains(made["api_key"].as_str().unwrap()));
    let unknown = setup.run(&["key", "revoke", "--prefix", "psk_0000000000000000"]);
    assert!(!unknown.status.success());
    key::revoke(house.app(), prefix).await.unwrap();
    let workspaces = setup.json(&["workspace", "list", "--json"]);
    assert_eq!(workspaces, json!([{ "id": made["workspace_id"], "name": "Acme" }]));
}
