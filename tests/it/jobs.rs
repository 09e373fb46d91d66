//! Jobs that are changed, and whoever is on the way through them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::house::bank::PASSWORD;
use crate::house::{Act, House, Link, Peer, Shop};
use crate::rerun::signed_in;

stories! {
    a_job_is_changed_in_what_is_given,
    what_a_job_cannot_be_is_told_by_its_field_and_changes_nothing,
    a_job_of_another_workspace_cannot_be_changed,
    a_link_that_was_made_before_runs_the_job_as_it_is_when_its_turn_comes,
    a_run_that_has_begun_goes_on_as_it_began,
    a_run_that_dies_after_its_job_was_changed_is_not_begun_again,
    a_job_that_keeps_less_uses_nothing_of_what_was_kept,
}

const SHOWN: &str = "query($id: ID!) { job(id: $id) { name keepCredentials workflows { name steps } } }";

async fn shown(house: &House, id: &str) -> Value {
    house.partner.call(SHOWN, json!({ "id": id })).await["job"].clone()
}

async fn update(house: &House, mut changes: Value, id: &str) -> Value {
    changes["id"] = json!(id);
    house.partner.mutate("updateJob", changes).await
}

async fn a_job_is_changed_in_what_is_given(house: &mut House) {
    let id = house.partner.job.clone();
    let before = shown(house, &id).await;

    let named = update(house, json!({ "name": "Read it" }), &id).await;
    let kept = update(house, json!({ "keepCredentials": "SESSION" }), &id).await;
    let emptied = update(house, json!({ "workflows": [] }), &id).await;
    let nothing = update(house, json!({}), &id).await;

    assert_eq!(
        (&named["job"]["name"], &named["job"]["workflows"]),
        (&json!("Read it"), &before["workflows"])
    );
    assert_eq!(
        (&kept["job"]["name"], &kept["job"]["keepCredentials"]),
        (&json!("Read it"), &json!("SESSION"))
    );
    assert_eq!(emptied["job"]["workflows"], json!([]));
    assert_eq!(nothing["job"], emptied["job"]);
    let expected = json!({ "name": "Read it", "keepCredentials": "SESSION", "workflows": [] });
    assert_eq!(shown(house, &id).await, expected);
}

async fn what_a_job_cannot_be_is_told_by_its_field_and_changes_nothing(house: &mut House) {
    let id = house.partner.job.clone();
    let before = shown(house, &id).await;
    let goto = |url: &str| json!([{ "name": "away", "steps": [{ "goto": { "url": url } }] }]);

    for (field, value, path, code) in [
        ("name", json!(""), "name", "INVALID"),
        ("name", json!("x".repeat(257)), "name", "TOO_LONG"),
        ("name", Value::Null, "name", "INVALID"),
        ("workflows", Value::Null, "workflows", "INVALID"),
        ("keepCredentials", Value::Null, "keepCredentials", "INVALID"),
        ("workflows", goto("https://evil.example/"), "workflows.0.steps.0.goto.url", "FORBIDDEN_URL"),
        ("workflows", goto("nonsense"), "workflows.0.steps.0.goto.url", "INVALID"),
        ("workflows", json!(vec![json!({ "name": "a", "steps": [] }); 2]), "workflows.1.name", "TAKEN"),
        ("id", json!("job_0193b5a0000070008000000000000000"), "id", "NOT_FOUND"),
        ("id", json!("nonsense"), "id", "NOT_FOUND"),
    ] {
        // The other fields are good, and are not changed either.
        let mut changes = json!({ "id": id, "name": "Another", "keepCredentials": "VAULT" });
        changes[field] = value;
        let refused = house.partner.mutate("updateJob", changes).await;

        let error = &refused["userErrors"][0];
        let told: Vec<_> = path.split('.').collect();
        assert_eq!((&error["field"], &error["code"]), (&json!(told), &json!(code)), "{refused}");
        assert_eq!(refused["job"], Value::Null);
    }
    assert_eq!(shown(house, &id).await, before);
}

async fn a_job_of_another_workspace_cannot_be_changed(house: &mut House) {
    let stranger = house.stranger().await;
    let before = shown(house, &house.partner.job).await;

    let theirs = stranger.mutate("updateJob", json!({ "id": house.partner.job, "name": "Mine" })).await;
    let less = house.partner_with(&[entity::Scope::JobsRead]).await;
    let refused = less.try_mutate("updateJob", json!({ "id": house.partner.job, "name": "Mine" })).await;

    assert_eq!(theirs["userErrors"][0]["code"], "NOT_FOUND");
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(shown(house, &house.partner.job).await, before);
}

/// The id of a link's job.
async fn job_of(house: &House, link: &Link) -> String {
    let link = house.partner.link(&link.id, "job { id }").await;
    link["job"]["id"].as_str().unwrap().to_owned()
}

/// One workflow that reads the shop's orders under another name.
fn reading(shop: &Shop, name: &str) -> Value {
    let goto = json!({ "goto": { "url": format!("{}/orders", shop.origin) } });
    let extract = json!({ "extract": { "name": name, "selector": "h1" } });
    json!([{ "name": "new", "steps": [goto, extract] }])
}

async fn run_of(house: &House, link: &Link) -> Value {
    house.partner.link(&link.id, "run { status output failure { code } }").await["run"].clone()
}

async fn a_link_that_was_made_before_runs_the_job_as_it_is_when_its_turn_comes(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "SESSION", false).await;
    let job = job_of(house, &link).await;
    // Queued before the change, begun after it.
    house.partner.mutate("rerunJob", json!({ "linkId": link.id })).await;

    let changed = update(house, json!({ "workflows": reading(&shop, "title") }), &job).await;
    assert_eq!(changed["userErrors"], json!([]));
    assert_eq!(house.run().await, 1);

    assert_eq!(run_of(house, &link).await["output"], json!({ "new": { "title": "Your orders" } }));
}

/// A rerun that hangs in its first step, and the job that it began with.
async fn hanging(house: &mut House, shop: &Shop) -> (Link, String) {
    let link = signed_in(house, shop, "SESSION", false).await;
    let seen = shop.mind().orders;
    shop.change(|mind| mind.hangs_from = seen + 2);
    house.pass(Duration::from_secs(1));
    house.partner.mutate("rerunJob", json!({ "linkId": link.id })).await;
    house.begin_runs().await;
    shop.has_shown(seen + 2).await;
    house.pass(Duration::from_secs(1));
    let job = job_of(house, &link).await;
    (link, job)
}

async fn a_run_that_has_begun_goes_on_as_it_began(house: &mut House) {
    let slow = Peer::start([Act::Late(Duration::from_secs(1))]).await;
    let origins = json!([house.bank.origin, slow.url("")]);
    let login_url = format!("{}/login", house.bank.origin);
    let source = json!({ "name": "Bank", "loginUrl": login_url, "allowedOrigins": origins });
    let account = json!({ "goto": { "url": format!("{}/account", house.bank.origin) } });
    let holder = json!({ "extract": { "name": "holder", "selector": "#holder" } });
    let steps = json!([{ "goto": { "url": slow.url("/") } }, account, holder]);
    let job = house.partner.job_of(source, "old", steps).await;
    let link = house.partner.create_link_with(json!({ "jobId": job })).await;
    house.sign_in(&link, "good", PASSWORD).await.says("You are signed in");
    house.begin_runs().await;
    slow.has_seen(1).await;

    update(house, json!({ "workflows": [] }), &job).await;
    house.end_runs().await;

    let run = run_of(house, &link).await;
    assert_eq!(
        (&run["status"], run["output"]["old"]["holder"].is_string()),
        (&json!("SUCCEEDED"), true),
        "{run}"
    );
}

async fn a_run_that_dies_after_its_job_was_changed_is_not_begun_again(house: &mut House) {
    let shop = Shop::open().await;
    let (link, job) = hanging(house, &shop).await;

    update(house, json!({ "workflows": reading(&shop, "title") }), &job).await;
    house.crash().await;
    shop.change(|mind| mind.hangs_from = 0);

    assert_eq!(house.run().await, 0);
    assert_eq!(run_of(house, &link).await["status"], "INTERRUPTED");
}

async fn a_job_that_keeps_less_uses_nothing_of_what_was_kept(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "VAULT", true).await;
    let job = job_of(house, &link).await;
    shop.forget_sessions();

    update(house, json!({ "keepCredentials": "SESSION" }), &job).await;
    house.partner.mutate("rerunJob", json!({ "linkId": link.id })).await;
    house.run().await;
    assert_eq!(run_of(house, &link).await["failure"]["code"], "RELOGIN_REQUIRED");
    assert_eq!(shop.mind().passwords.len(), 1);

    update(house, json!({ "keepCredentials": "NEVER" }), &job).await;
    let refused = house.partner.mutate("rerunJob", json!({ "linkId": link.id })).await;
    assert_eq!(refused["userErrors"][0]["code"], "CONFLICT");
}
