//! What is kept after a sign-in, and what a partner does with it: run again, sign in anew, forget.

use std::time::Duration;

use serde_json::{Value, json};

use crate::house::{CODE, Customer, House, KEPT, Link, Page, Shop, texts};

stories! {
    a_rerun_uses_the_kept_session_and_leaves_the_link_as_it_is,
    a_session_that_is_kept_alone_ends_with_a_link_that_signs_in_anew,
    a_kept_password_signs_in_again_once_and_without_the_customer,
    a_password_is_kept_only_if_the_customer_agrees,
    a_rerun_stops_before_a_code_and_the_new_link_asks_for_nothing_else,
    a_kept_password_that_is_refused_is_forgotten,
    an_account_that_locks_in_a_rerun_gets_no_password_by_another_link,
    a_site_that_is_closed_is_no_dead_session,
    one_run_of_a_link_is_under_way_at_a_time,
    what_cannot_be_run_again_is_told,
    a_link_that_signs_in_anew_is_for_the_same_customer_and_job,
    a_revoked_session_is_gone_with_everything_else,
    a_run_whose_session_is_revoked_ends,
    a_rerun_that_dies_after_the_password_is_not_begun_again,
    a_rerun_that_dies_among_its_steps_is_begun_again,
    passwords_of_reruns_count_for_the_links_budget,
}

pub(crate) const CONSENT: &str = "Keep my user name and password";

/// A job at the shop, and a link of it by which its customer has signed in.
pub(crate) async fn signed_in(house: &mut House, shop: &Shop, keep: &str, consents: bool) -> Link {
    let job = job(house, shop, keep).await;
    let link = house.partner.create_link_with(json!({ "jobId": job })).await;
    let (mut customer, asked) = opened(house, &link).await;
    let page = types(&mut customer, &asked, consents).await;
    let page = if shop.mind().asks_code {
        customer.press(&page, "Continue", &[("Verification code", CODE)]).await
    } else {
        page
    };
    page.says("You are signed in");
    assert_eq!(house.run().await, 1);
    assert_eq!(house.partner.status(&link.id).await, "COMPLETED");
    link
}

async fn job(house: &House, shop: &Shop, keep: &str) -> String {
    let source = json!({ "name": "Shop", "loginUrl": format!("{}/login", shop.origin) });
    let steps = json!([
        { "goto": { "url": format!("{}/orders", shop.origin) } },
        { "extract": { "name": "orders", "selector": "#orders", "as": "OBJECTS" } },
    ]);
    let workflows = json!([{ "name": "work", "steps": steps }]);
    let job = json!({ "name": "Read the orders", "workflows": workflows, "keepCredentials": keep });
    house.partner.job(source, job).await
}

async fn opened(house: &mut House, link: &Link) -> (Customer, Page) {
    let mut customer = house.customer();
    let opening = customer.begin(&link.url).await;
    assert_eq!(house.engage().await, 1);
    let asked = customer.wait(&opening).await;
    (customer, asked)
}

async fn types(customer: &mut Customer, asked: &Page, consents: bool) -> Page {
    let mut typed = vec![("User name", "ann"), ("Password", KEPT)];
    typed.extend(consents.then_some((CONSENT, "yes")));
    customer.press(asked, "Sign in", &typed).await
}

/// Asks for a rerun and carries it out; the run as it ended.
pub(crate) async fn rerun(house: &mut House, link: &Link) -> Value {
    let made = ask(house, link).await;
    assert!(made["run"]["id"].is_string(), "{made}");
    assert_eq!(house.run().await, 1);
    shown(house, link).await
}

async fn ask(house: &House, link: &Link) -> Value {
    house.partner.mutate("rerunJob", json!({ "linkId": link.id })).await
}

async fn shown(house: &House, link: &Link) -> Value {
    let selection = "run { id status output failure { code siteMessage } }";
    house.partner.link(&link.id, selection).await["run"].clone()
}

fn outcome(run: &Value) -> (&str, Option<&str>) {
    (run["status"].as_str().unwrap(), run["failure"]["code"].as_str())
}

/// How many sessions and passwords are kept.
async fn kept(house: &House) -> Vec<i64> {
    house.rows_of(&["session", "credential"]).await
}

async fn a_rerun_uses_the_kept_session_and_leaves_the_link_as_it_is(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "SESSION", false).await;
    let before = house.partner.events_of(&link.id).await;

    let first = shown(house, &link).await;
    let again = rerun(house, &link).await;

    assert_ne!(first["id"], again["id"]);
    assert_eq!(outcome(&again), ("SUCCEEDED", None));
    assert_eq!(again["output"], json!({ "work": { "orders": [{ "No": "17", "Sum": "9.90" }] } }));
    assert_eq!(house.partner.status(&link.id).await, "COMPLETED");
    let events = house.partner.events_of(&link.id).await;
    assert_eq!(events[before.len()..], ["run.started", "run.succeeded"]);
    assert_eq!((shop.mind().passwords.len(), kept(house).await), (1, vec![1, 0]));
}

async fn a_session_that_is_kept_alone_ends_with_a_link_that_signs_in_anew(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "SESSION", false).await;
    shop.forget_sessions();

    let dead = rerun(house, &link).await;
    assert_eq!(outcome(&dead), ("FAILED", Some("RELOGIN_REQUIRED")));
    assert_eq!(house.partner.status(&link.id).await, "COMPLETED");
    assert_eq!(house.partner.events_of(&link.id).await.last().unwrap(), "run.failed");
    let job = house.partner.link(&link.id, "job { id }").await["job"]["id"].clone();
    let anew = house.partner.create_link_with(json!({ "jobId": job, "relogin": dead["id"] })).await;
    let (mut customer, asked) = opened(house, &anew).await;
    types(&mut customer, &asked, false).await.says("You are signed in");
    house.run().await;

    assert_eq!(outcome(&rerun(house, &anew).await), ("SUCCEEDED", None));
    // The one before has given up its place.
    assert_eq!((shop.mind().passwords.len(), kept(house).await), (2, vec![1, 0]));
    assert_eq!(outcome(&rerun(house, &link).await), ("FAILED", Some("RELOGIN_REQUIRED")));
}

async fn a_kept_password_signs_in_again_once_and_without_the_customer(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "VAULT", true).await;
    assert_eq!(kept(house).await, [1, 1]);
    shop.forget_sessions();

    assert_eq!(outcome(&rerun(house, &link).await), ("SUCCEEDED", None));
    assert_eq!(shop.mind().passwords, [KEPT, KEPT]);
    // The new session has taken the place of the old: no password is needed now.
    assert_eq!(outcome(&rerun(house, &link).await), ("SUCCEEDED", None));
    assert_eq!((shop.mind().passwords.len(), kept(house).await), (2, vec![1, 1]));
}

async fn a_password_is_kept_only_if_the_customer_agrees(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "VAULT", false).await;
    assert_eq!(kept(house).await, [1, 0]);
    assert_eq!(outcome(&rerun(house, &link).await), ("SUCCEEDED", None));
    shop.forget_sessions();

    assert_eq!(outcome(&rerun(house, &link).await), ("FAILED", Some("RELOGIN_REQUIRED")));
    assert_eq!(shop.mind().passwords.len(), 1);
    // A job that does not keep passwords does not ask.
    let job = job(house, &shop, "SESSION").await;
    let link = house.partner.create_link_with(json!({ "jobId": job })).await;
    let (_, asked) = opened(house, &link).await;
    assert!(!asked.text().contains(CONSENT), "{}", asked.text());
}

async fn a_rerun_stops_before_a_code_and_the_new_link_asks_for_nothing_else(house: &mut House) {
    let shop = Shop::open().await;
    shop.change(|mind| mind.asks_code = true);
    let link = signed_in(house, &shop, "VAULT", true).await;
    shop.forget_sessions();

    let stopped = rerun(house, &link).await;
    assert_eq!(outcome(&stopped), ("FAILED", Some("RELOGIN_REQUIRED")));
    assert_eq!((shop.mind().passwords.len(), shop.mind().codes), (2, 1));
    let job = house.partner.link(&link.id, "job { id }").await["job"]["id"].clone();
    let anew = house.partner.create_link_with(json!({ "jobId": job, "relogin": stopped["id"] })).await;
    let (mut customer, asked) = opened(house, &anew).await;
    asked.says("Enter the code from your authenticator app");
    customer.press(&asked, "Continue", &[("Verification code", CODE)]).await.says("You are signed in");
    house.run().await;

    let shown = house.partner.link(&anew.id, "status logins { nodes { prompts { kind } } }").await;
    assert_eq!((&shown["status"], shop.mind().passwords.len()), (&json!("COMPLETED"), 3));
    assert_eq!(shown["logins"]["nodes"][0]["prompts"], json!([{ "kind": "CODE" }]));
    // The password moved along, by the consent of the first time.
    assert_eq!(kept(house).await, [1, 1]);
    assert_eq!(outcome(&rerun(house, &anew).await), ("SUCCEEDED", None));
}

async fn a_kept_password_that_is_refused_is_forgotten(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "VAULT", true).await;
    shop.forget_sessions();
    shop.change(|mind| "another".clone_into(&mut mind.password));

    let refused = rerun(house, &link).await;

    assert_eq!(outcome(&refused), ("FAILED", Some("RELOGIN_REQUIRED")));
    assert_eq!(refused["failure"]["siteMessage"], "The user name or the password is not right.");
    assert_eq!((shop.mind().passwords.len(), kept(house).await[1]), (2, 0));
    assert_eq!(outcome(&rerun(house, &link).await), ("FAILED", Some("RELOGIN_REQUIRED")));
    assert_eq!(shop.mind().passwords.len(), 2);
}

async fn an_account_that_locks_in_a_rerun_gets_no_password_by_another_link(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "VAULT", true).await;
    shop.forget_sessions();
    shop.change(|mind| mind.is_locked = true);
    assert_eq!(outcome(&rerun(house, &link).await), ("FAILED", Some("ACCOUNT_LOCKED")));
    assert_eq!((shop.mind().passwords.len(), kept(house).await[1]), (2, 0));

    let job = "query($id: ID!) { link(id: $id) { job { id } } }";
    let job = house.partner.call(job, json!({ "id": link.id })).await["link"]["job"]["id"].clone();
    let other = house.partner.create_link_with(json!({ "jobId": job })).await;
    let (mut customer, asked) = opened(house, &other).await;
    types(&mut customer, &asked, false).await;

    assert_eq!(house.partner.status(&other.id).await, "FAILED");
    assert_eq!(shop.mind().passwords.len(), 2);
}

async fn a_site_that_is_closed_is_no_dead_session(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "VAULT", true).await;
    shop.change(|mind| mind.is_closed = true);

    assert_eq!(outcome(&rerun(house, &link).await), ("FAILED", Some("STEP_FAILED")));
    shop.change(|mind| mind.is_closed = false);

    assert_eq!(outcome(&rerun(house, &link).await), ("SUCCEEDED", None));
    assert_eq!((shop.mind().passwords.len(), kept(house).await), (1, vec![1, 1]));
}

async fn one_run_of_a_link_is_under_way_at_a_time(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "SESSION", false).await;

    let both = tokio::join!(ask(house, &link), ask(house, &link));

    let codes = [&both.0, &both.1].map(|made| made["userErrors"][0]["code"].as_str().map(str::to_owned));
    assert!(codes.contains(&None) && codes.contains(&Some("CONFLICT".to_owned())), "{both:?}");
    assert_eq!(house.run().await, 1);
    assert_eq!(outcome(&rerun(house, &link).await), ("SUCCEEDED", None));
}

/// The code and field of the error that a mutation is answered with.
fn error(made: &Value) -> (String, Value) {
    let error = &made["userErrors"][0];
    (error["code"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned(), error["field"].clone())
}

async fn what_cannot_be_run_again_is_told(house: &mut House) {
    let shop = Shop::open().await;
    let never = signed_in(house, &shop, "NEVER", false).await;
    let fresh = house.partner.create_link().await;
    let conflict = ("CONFLICT".to_owned(), Value::Null);
    let not_found = ("NOT_FOUND".to_owned(), json!(["linkId"]));

    assert_eq!(error(&ask(house, &never).await), conflict);
    assert_eq!(error(&ask(house, &fresh).await), conflict);
    let stranger = house.stranger().await;
    for mutation in ["rerunJob", "revokeSession"] {
        let theirs = stranger.mutate(mutation, json!({ "linkId": never.id })).await;
        assert_eq!(error(&theirs), not_found);
        let nonsense = house.partner.mutate(mutation, json!({ "linkId": "lnk_x" })).await;
        assert_eq!(error(&nonsense), not_found);
        let less = house.partner_with(&[entity::Scope::LinksWrite]).await;
        let refused = less.try_mutate(mutation, json!({ "linkId": never.id })).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
    }
}

async fn a_link_that_signs_in_anew_is_for_the_same_customer_and_job(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "VAULT", true).await;
    let good = shown(house, &link).await["id"].clone();
    shop.forget_sessions();
    shop.change(|mind| mind.asks_code = true);
    let ended = rerun(house, &link).await["id"].clone();
    let job = house.partner.link(&link.id, "job { id }").await["job"]["id"].clone();
    let relogin = ("INVALID".to_owned(), json!(["relogin"]));

    for (fields, expected) in [
        (json!({ "jobId": job, "relogin": good }), &relogin),
        (json!({ "relogin": ended }), &relogin),
        (json!({ "jobId": job, "relogin": ended, "externalId": "somebody else" }), &relogin),
        (json!({ "jobId": job, "relogin": "run_x" }), &("NOT_FOUND".to_owned(), json!(["relogin"]))),
    ] {
        assert_eq!(error(&house.partner.try_create_link(fields.clone()).await), *expected, "{fields}");
    }
    let stranger = house.stranger().await;
    let theirs = stranger.try_create_link(json!({ "relogin": ended })).await;
    assert_eq!(error(&theirs), ("NOT_FOUND".to_owned(), json!(["relogin"])));
}

async fn a_revoked_session_is_gone_with_everything_else(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "VAULT", true).await;

    for _ in 0..2 {
        let revoked = house.partner.mutate("revokeSession", json!({ "linkId": link.id })).await;
        assert_eq!(revoked["link"]["status"], "COMPLETED", "{revoked}");
        assert_eq!(kept(house).await, [0, 0]);
    }

    assert_eq!(outcome(&rerun(house, &link).await), ("FAILED", Some("RELOGIN_REQUIRED")));
    assert_eq!(shop.mind().passwords.len(), 1);
}

async fn a_run_whose_session_is_revoked_ends(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "SESSION", false).await;
    let seen = shop.mind().orders;
    shop.change(|mind| mind.hangs_from = seen + 1);
    ask(house, &link).await;
    house.begin_runs().await;
    shop.has_shown(seen + 1).await;

    house.partner.mutate("revokeSession", json!({ "linkId": link.id })).await;

    assert_eq!(outcome(&shown(house, &link).await), ("FAILED", Some("RELOGIN_REQUIRED")));
    let events = house.partner.events_of(&link.id).await;
    assert_eq!(events.last().unwrap(), "run.failed");
    // The worker hears of it and lets go, and has nothing more to say.
    house.end_runs().await;
    assert_eq!(house.partner.events_of(&link.id).await, events);
    assert_eq!(kept(house).await, [0, 0]);
}

async fn a_rerun_that_dies_after_the_password_is_not_begun_again(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "VAULT", true).await;
    shop.forget_sessions();
    shop.change(|mind| mind.thinks = true);
    ask(house, &link).await;
    house.begin_runs().await;
    shop.has_heard(2).await;

    house.crash().await;
    assert_eq!(house.run().await, 0);

    assert_eq!(outcome(&shown(house, &link).await), ("INTERRUPTED", Some("INTERRUPTED")));
    assert_eq!(
        (house.partner.status(&link.id).await.as_str(), shop.mind().passwords.len()),
        ("COMPLETED", 2)
    );
    // Another one may, by the partner's wish.
    shop.change(|mind| mind.thinks = false);
    assert_eq!(outcome(&rerun(house, &link).await), ("SUCCEEDED", None));
    assert_eq!(shop.mind().passwords.len(), 3);
}

async fn a_rerun_that_dies_among_its_steps_is_begun_again(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "VAULT", true).await;
    shop.forget_sessions();
    // The sign-in ends on the orders; the first step asks for them again.
    let first_step = shop.mind().orders + 2;
    shop.change(|mind| mind.hangs_from = first_step);
    ask(house, &link).await;
    house.begin_runs().await;
    shop.has_shown(first_step).await;

    house.crash().await;
    shop.change(|mind| mind.hangs_from = 0);
    assert_eq!(house.run().await, 1);

    assert_eq!(outcome(&shown(house, &link).await), ("SUCCEEDED", None));
    assert_eq!(shop.mind().passwords.len(), 2);
}

async fn passwords_of_reruns_count_for_the_links_budget(house: &mut House) {
    let shop = Shop::open().await;
    let link = signed_in(house, &shop, "VAULT", true).await;
    for _ in 0..9 {
        shop.forget_sessions();
        assert_eq!(outcome(&rerun(house, &link).await), ("SUCCEEDED", None));
    }
    shop.forget_sessions();

    let refused = rerun(house, &link).await;
    assert_eq!(outcome(&refused), ("FAILED", Some("ATTEMPTS_EXHAUSTED")));
    assert_eq!((shop.mind().passwords.len(), kept(house).await[1]), (10, 1));
    house.pass(Duration::from_hours(25));
    assert_eq!(outcome(&rerun(house, &link).await), ("SUCCEEDED", None));
    assert_eq!(texts(&json!([shown(house, &link).await]), "status"), ["SUCCEEDED"]);
}
