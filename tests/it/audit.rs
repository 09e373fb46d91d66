//! The audit log: every change and who asked for it, and nothing that would have to be erased.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use entity::audit_entry;
use postern::service::{key, workspace};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::house::{House, RETENTION, Shop, texts};
use crate::rerun::signed_in;

stories! {
    every_mutation_leaves_an_entry_with_its_key_and_targets,
    what_changes_nothing_leaves_no_entry,
    an_entry_holds_ids_and_nothing_that_was_said,
    links_and_everything_else_stand_in_one_order,
    the_operators_work_is_told_as_the_operators,
    entries_go_with_the_log,
    nobody_sees_anothers_entries,
}

const LOG: &str = "query($first: Int, $after: String) { auditLog(first: $first, after: $after) {
    nodes { id operation actor targets occurredAt apiKey { id } } pageInfo { hasNextPage endCursor } } }";

async fn log(house: &House, arguments: Value) -> Value {
    house.partner.call(LOG, arguments).await["auditLog"].clone()
}

async fn entries(house: &House) -> Vec<Value> {
    log(house, json!({ "first": 100 })).await["nodes"].as_array().unwrap().clone()
}

/// What is said in inputs, and must not be in the log.
const SAID: &str = "Canary-5d1c";

/// Carries out a mutation and returns its payload, once the log's first entry is about it.
async fn audited(house: &House, mutation: &'static str, input: Value, done: &mut Vec<&'static str>) -> Value {
    house.pass(Duration::from_millis(1));
    let before = entries(house).await;
    let payload = house.partner.mutate(mutation, input).await;
    assert_eq!(payload["userErrors"], json!([]), "{mutation}: {payload}");

    let after = entries(house).await;
    let viewer = house.partner.call("{ viewer { id } }", json!({})).await;
    assert_eq!(after.len(), before.len() + 1, "{mutation} leaves one entry");
    let entry = &after[0];
    assert_eq!((&entry["operation"], &entry["actor"]), (&json!(mutation), &json!("API_KEY")));
    assert_eq!(entry["apiKey"], viewer["viewer"], "{mutation}");
    let target = entry["targets"][0].as_str().unwrap_or_else(|| panic!("{mutation} has no target"));
    assert!(target.contains('_') && entry["targets"].as_array().unwrap().len() == 1, "{mutation}: {target}");
    done.push(mutation);
    payload
}

/// Every mutation of the schema, with inputs that have something to say.
async fn everything(house: &mut House) -> Vec<&'static str> {
    let mut done = Vec::new();
    let shop = Shop::open().await;
    let signed_in = signed_in(house, &shop, "SESSION", false).await;
    let done = &mut done;
    let site = json!({ "name": SAID, "loginUrl": format!("{}/login", shop.origin) });
    let site = audited(house, "createSourceSystem", site, done).await["sourceSystem"]["id"].clone();
    audited(house, "updateSourceSystem", json!({ "id": site, "name": SAID }), done).await;
    let job = audited(house, "createJob", json!({ "name": SAID, "sourceSystemId": site }), done).await;
    let change = json!({ "id": job["job"]["id"], "name": SAID });
    audited(house, "updateJob", change, done).await;
    let link = json!({ "externalId": SAID, "jobId": job["job"]["id"], "metadata": { "a": SAID } });
    let link = audited(house, "createLink", link, done).await["link"]["id"].clone();
    audited(house, "expireLink", json!({ "id": link }), done).await;
    several(house, &job["job"]["id"], done).await;
    audited(house, "eraseCustomer", json!({ "externalId": SAID }), done).await;
    audited(house, "rerunJob", json!({ "linkId": signed_in.id }), done).await;
    audited(house, "revokeSession", json!({ "linkId": signed_in.id }), done).await;
    webhooks(house, &shop, done).await;
    let key = json!({ "name": SAID, "scopes": ["LINKS_READ"] });
    let key = audited(house, "createApiKey", key, done).await["apiKey"]["id"].clone();
    audited(house, "revokeApiKey", json!({ "id": key }), done).await;
    let branding = json!({ "name": SAID, "branding": { "displayName": SAID } });
    audited(house, "updateWorkspace", branding, done).await;
    std::mem::take(done)
}

/// Each link that is made with others has an entry of its own, as if it had been made alone.
async fn several(house: &House, job: &Value, done: &mut Vec<&'static str>) {
    let link = json!({ "externalId": SAID, "jobId": job, "metadata": { "a": SAID } });
    let made = house.partner.mutate("createLinks", json!({ "links": [link, link] })).await;

    let mut expected: Vec<Value> =
        made["links"].as_array().unwrap().iter().map(|link| json!([link["id"]])).collect();
    let mut told: Vec<Value> =
        entries(house).await.into_iter().take(2).map(|entry| entry["targets"].clone()).collect();
    expected.sort_by_key(Value::to_string);
    told.sort_by_key(Value::to_string);
    assert_eq!(told, expected);
    done.push("createLinks");
}

async fn webhooks(house: &House, shop: &Shop, done: &mut Vec<&'static str>) {
    let hook = json!({ "url": format!("{}/{SAID}", shop.origin), "headers": { "x-token": SAID } });
    let hook = audited(house, "createWebhookEndpoint", hook, done).await["endpoint"]["id"].clone();
    audited(house, "updateWebhookEndpoint", json!({ "id": hook, "description": SAID }), done).await;
    audited(house, "rotateWebhookSecret", json!({ "id": hook }), done).await;
    let sent = audited(house, "sendTestEvent", json!({ "id": hook }), done).await;
    house.deliver().await;
    audited(house, "resendDelivery", json!({ "id": sent["delivery"]["id"] }), done).await;
    let since = json!({ "endpointId": hook, "since": "2020-01-01T00:00:00Z" });
    audited(house, "recoverDeliveries", since, done).await;
    audited(house, "deleteWebhookEndpoint", json!({ "id": hook }), done).await;
}

async fn every_mutation_leaves_an_entry_with_its_key_and_targets(house: &mut House) {
    let query = "{ __schema { mutationType { fields { name } } } }";
    let schema = house.partner.call(query, json!({})).await;
    let mutations = texts(&schema["__schema"]["mutationType"]["fields"], "name");

    let done = everything(house).await;

    let done: BTreeSet<_> = done.into_iter().map(str::to_owned).collect();
    assert_eq!(mutations.into_iter().collect::<BTreeSet<_>>(), done);
}

async fn an_entry_holds_ids_and_nothing_that_was_said(house: &mut House) {
    everything(house).await;

    let rows = audit_entry::Entity::find().all(&house.app().db).await.unwrap();
    let (stored, told) = (format!("{rows:?}"), json!(entries(house).await).to_string());
    assert!(rows.len() > 15);
    assert!(!stored.contains(SAID) && !stored.contains("psk_") && !stored.contains("whsec_"), "{stored}");
    assert!(!told.contains(SAID), "{told}");
}

async fn what_changes_nothing_leaves_no_entry(house: &mut House) {
    let order = json!({ "idempotencyKey": "order-7" });
    house.partner.create_link_with(order.clone()).await;
    let key = json!({ "name": "reader", "scopes": ["LINKS_READ"], "idempotencyKey": "key-1" });
    let made = house.partner.mutate("createApiKey", key.clone()).await;
    let revoke = json!({ "id": made["apiKey"]["id"] });
    house.partner.mutate("revokeApiKey", revoke.clone()).await;
    let receiver = house.subscribe([]).await;
    let reader = house.partner_with(&[entity::Scope::LinksRead]).await;
    let before = entries(house).await;

    house.partner.create_link_with(order).await;
    house.partner.mutate("createApiKey", key).await;
    house.partner.mutate("revokeApiKey", revoke).await;
    house.partner.mutate("updateWorkspace", json!({ "name": "" })).await;
    house.partner.try_create_link(json!({ "expiresIn": "PT1S" })).await;
    house.partner.mutate("expireLink", json!({ "id": "lnk_0193b5a0000070008000000000000000" })).await;
    let dry = json!({ "endpointId": receiver.id, "since": "2020-01-01T00:00:00Z", "dryRun": true });
    assert_ne!(house.partner.mutate("recoverDeliveries", dry).await["count"], 0);
    reader.try_mutate("createLink", house.partner.link_input(json!({}))).await;

    assert_eq!(entries(house).await, before);
}

async fn links_and_everything_else_stand_in_one_order(house: &mut House) {
    for number in 0..7 {
        house.pass(Duration::from_millis(1));
        let link = house.partner.create_link().await;
        house.pass(Duration::from_millis(1));
        if number % 2 == 0 {
            house.partner.mutate("expireLink", json!({ "id": link.id })).await;
        }
    }
    let whole = entries(house).await;

    for size in [1, 3, 4] {
        let (mut paged, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = log(house, json!({ "first": size, "after": after })).await;
            paged.extend(page["nodes"].as_array().unwrap().clone());
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(paged, whole, "in pages of {size}");
    }
    let times: Vec<_> = whole.iter().map(|entry| entry["occurredAt"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|later, earlier| later >= earlier), "{times:?}");
    let operations: Vec<_> = whole.iter().map(|entry| entry["operation"].as_str().unwrap()).collect();
    assert_eq!(operations[..4], ["expireLink", "createLink", "createLink", "expireLink"]);
}

async fn the_operators_work_is_told_as_the_operators(house: &mut House) {
    let acme = workspace::find(house.app(), "Acme").await.unwrap();
    let made = key::create(house.app(), acme.id, "by hand", &[entity::Scope::LinksRead]).await.unwrap();
    key::revoke(house.app(), &made.key.prefix).await.unwrap();

    let by_hand: Vec<_> = entries(house).await.into_iter().filter(|one| one["actor"] == "OPERATOR").collect();

    let operations: Vec<_> = by_hand.iter().map(|entry| entry["operation"].as_str().unwrap()).collect();
    assert_eq!(operations, ["revokeApiKey", "createApiKey", "createApiKey", "createWorkspace"]);
    assert_eq!(by_hand[0]["targets"], json!([made.key.id]));
    assert_eq!((&by_hand[0]["apiKey"], &by_hand[3]["targets"]), (&Value::Null, &json!([acme.id])));
}

async fn entries_go_with_the_log(house: &mut House) {
    house.partner.create_link().await;
    house.pass(RETENTION);
    let young = house.partner.create_link().await;
    house.partner.mutate("expireLink", json!({ "id": young.id })).await;
    let all = entries(house).await;
    house.pass(Duration::from_secs(1));

    let before_the_sweep = entries(house).await;
    house.sweep().await;

    let operations =
        |entries: &[Value]| entries.iter().map(|one| one["operation"].clone()).collect::<Vec<_>>();
    assert!(all.len() > 3, "what is as old as that is kept");
    assert_eq!(operations(&before_the_sweep), ["expireLink", "createLink"]);
    assert_eq!(entries(house).await, before_the_sweep);
    assert_eq!(house.rows_of(&["audit_entry", "link"]).await, [1, 2]);
}

async fn nobody_sees_anothers_entries(house: &mut House) {
    let stranger = house.stranger().await;
    house.partner.create_link().await;

    let theirs = stranger.call(LOG, json!({ "first": 100 })).await["auditLog"]["nodes"].clone();
    let ours = entries(house).await;

    let theirs: BTreeSet<_> = texts(&theirs, "id").into_iter().collect();
    assert!(!theirs.is_empty() && ours.iter().all(|entry| !theirs.contains(entry["id"].as_str().unwrap())));
}

/// Every file of a folder, and of those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_use_case_with_a_caller_opens_no_transaction_but_the_audited_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/service");
    let mut found = Vec::new();
    for file in files(&folder) {
        let text = fs::read_to_string(&file).unwrap();
        // A function of a module begins at the left edge, and ends before the next one.
        for function in text.split("\n}\n").filter(|text| text.contains("caller: &Caller")) {
            if function.contains("store::transact(") {
                found.push(format!(
                    "{}: {}",
                    file.display(),
                    function.lines().find(|line| line.contains("fn ")).unwrap_or_default()
                ));
            }
        }
    }
    assert!(found.is_empty(), "not audited:\n{}", found.join("\n"));
}
