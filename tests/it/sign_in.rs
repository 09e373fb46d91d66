//! A customer signs in, and the partner hears of it: from the click to the job's output.

use std::time::Duration;

use serde_json::{Value, json};

use crate::house::bank::{PASSWORD, code_now};
use crate::house::{Act, Customer, House, Link, Page, Peer, RETURN_URL};

stories! {
    a_customer_signs_in_and_the_job_runs,
    a_wrong_password_is_another_question_in_the_sites_words,
    a_refusal_keeps_its_own_words_however_late_it_is_told,
    a_code_by_app_is_asked_for_and_may_be_wrong_once,
    a_site_that_asks_on_two_pages_is_followed,
    a_locked_account_ends_the_login_in_the_sites_words,
    a_site_that_is_out_of_order_ends_the_login,
    a_site_that_cannot_be_reached_ends_the_login,
    a_slow_site_is_waited_for,
    a_customer_who_cancels_can_come_back,
    a_customer_who_says_nothing_for_ten_minutes_can_come_back,
    a_customer_who_is_signing_in_may_finish_when_the_links_time_is_over,
    a_failed_login_after_the_links_time_expires_it,
    a_revoked_link_ends_the_login_and_nothing_more_is_sent,
    tries_end_before_an_account_is_locked,
    a_link_cannot_be_used_to_try_passwords,
    an_account_cannot_be_tried_through_many_links,
    a_job_that_fails_fails_the_link_but_not_the_customer,
}

/// A customer who stands before the bank's first question.
async fn before_the_form(house: &mut House, link: &Link) -> (Customer, Page) {
    let mut customer = house.customer();
    let opening = customer.begin(&link.url).await;
    assert_eq!(house.engage().await, 1);
    let asked = customer.wait(&opening).await;
    (customer, asked)
}

async fn sign_in(customer: &mut Customer, page: &Page, username: &str, password: &str) -> Page {
    customer.press(page, "Sign in", &[("User name", username), ("Password", password)]).await
}

/// The link's failure and status, as the partner reads them.
async fn failure(house: &House, link: &Link) -> Value {
    house.partner.link(&link.id, "status usable failure { code siteMessage retryable }").await
}

async fn a_customer_signs_in_and_the_job_runs(house: &mut House) {
    let link = house.partner.create_link_with(json!({ "returnUrl": RETURN_URL })).await;
    let (mut customer, asked) = before_the_form(house, &link).await;

    let done = sign_in(&mut customer, &asked, "good", PASSWORD).await;
    assert_eq!(house.partner.status(&link.id).await, "IN_PROGRESS");
    assert_eq!(house.run().await, 1);

    done.says("You are signed in").says("You can close this page").says("Go back to acme.example");
    customer.open(&link.url).await.says("You have already signed in");
    let shown =
        house.partner.link(&link.id, "status usable run { status output steps { kind status } }").await;
    assert_eq!((&shown["status"], &shown["usable"]), (&json!("COMPLETED"), &json!(false)));
    assert_eq!(shown["run"]["output"], json!({ "account": { "holder": "good", "balance": "3,474.45" } }));
    assert_eq!(house.bank.received("good").await, [1, 1, 0]);
    let events = house.partner.events_of(&link.id).await.join(" ");
    assert_eq!(
        events,
        "link.created link.accessed login.prompted link.authenticating link.in_progress run.started run.succeeded \
         link.completed"
    );
}

async fn a_wrong_password_is_another_question_in_the_sites_words(house: &mut House) {
    let link = house.partner.create_link().await;
    let (mut customer, asked) = before_the_form(house, &link).await;

    let again = sign_in(&mut customer, &asked, "good", "not my password").await;
    let status = house.partner.status(&link.id).await;
    let done = sign_in(&mut customer, &again, "good", PASSWORD).await;

    again.alerts("That user name and password do not match. Please check both and try again.");
    assert_eq!(status, "AUTHENTICATING");
    done.says("You are signed in");
    assert_eq!(house.bank.received("good").await, [2, 2, 0]);
    assert!(house.partner.events_of(&link.id).await.contains(&"login.rejected".to_owned()));
}

async fn a_refusal_keeps_its_own_words_however_late_it_is_told(house: &mut House) {
    let receiver = house.subscribe(["login.rejected", "link.failed"]).answering([500, 204]).await;
    let link = house.partner.create_link().await;
    let (mut customer, asked) = before_the_form(house, &link).await;

    let again = sign_in(&mut customer, &asked, "locked", "wrong").await;
    house.deliver().await;
    sign_in(&mut customer, &again, "locked", PASSWORD).await;
    house.pass(Duration::from_secs(6));
    house.deliver().await;

    let words = |event: &Value| event["data"]["failure"]["siteMessage"].as_str().unwrap().to_owned();
    let told: Vec<_> =
        receiver.payloads().iter().map(|event| (event["type"].clone(), words(event))).collect();
    let of =
        |kind: &str| told.iter().filter(|(told, _)| told == kind).map(|(_, words)| words).collect::<Vec<_>>();
    let refused = "That user name and password do not match. Please check both and try again.";
    assert_eq!(of("login.rejected"), [refused, refused]);
    assert!(of("link.failed")[0].contains("Your account is locked"), "{told:?}");
}

async fn a_code_by_app_is_asked_for_and_may_be_wrong_once(house: &mut House) {
    let link = house.partner.create_link().await;
    let (mut customer, asked) = before_the_form(house, &link).await;

    let code = sign_in(&mut customer, &asked, "otp_app", PASSWORD).await;
    let again = customer.press(&code, "Continue", &[("Verification code", "000000")]).await;
    let done = customer.press(&again, "Continue", &[("Verification code", &code_now())]).await;
    house.run().await;

    code.says("Open your authenticator app and enter the six digits it shows");
    again.alerts("That code is not right. Wait for the next one in your app and try again.");
    done.says("You are signed in");
    assert_eq!(house.partner.status(&link.id).await, "COMPLETED");
    assert_eq!(house.bank.received("otp_app").await, [3, 1, 2]);
    let prompts = house.partner.link(&link.id, "logins { nodes { outcome prompts { kind } } }").await;
    assert_eq!(
        prompts["logins"]["nodes"][0]["prompts"],
        json!([{ "kind": "CREDENTIALS" }, { "kind": "CODE" }, { "kind": "CODE" }])
    );
}

async fn a_site_that_asks_on_two_pages_is_followed(house: &mut House) {
    let job = house.partner.job_at(&format!("{}/login/name", house.bank.origin)).await;
    let link = house.partner.create_link_with(json!({ "jobId": job })).await;
    let (mut customer, asked) = before_the_form(house, &link).await;

    let password = customer.press(&asked, "Sign in", &[("User name", "two_pages")]).await;
    let again = customer.press(&password, "Sign in", &[("Password", "wrong")]).await;
    let done = customer.press(&again, "Sign in", &[("Password", PASSWORD)]).await;
    house.run().await;

    again.alerts("That user name and password do not match");
    done.says("You are signed in");
    assert_eq!(house.partner.status(&link.id).await, "COMPLETED");
    assert_eq!(house.bank.received("two_pages").await, [3, 2, 0]);
}

async fn a_locked_account_ends_the_login_in_the_sites_words(house: &mut House) {
    let link = house.partner.create_link().await;
    let (mut customer, asked) = before_the_form(house, &link).await;

    let ended = sign_in(&mut customer, &asked, "locked", PASSWORD).await;

    let words = "Your account is locked. To unlock it, visit a branch with your passport.";
    ended.says("The sign-in did not work").says(words);
    let failure = failure(house, &link).await;
    assert_eq!((&failure["status"], &failure["usable"]), (&json!("FAILED"), &json!(true)));
    assert_eq!(failure["failure"]["code"], "ACCOUNT_LOCKED");
    assert!(failure["failure"]["siteMessage"].as_str().unwrap().contains(words), "{failure}");
    assert_eq!((&failure["failure"]["retryable"], house.run().await), (&json!(false), 0));
}

async fn a_site_that_is_out_of_order_ends_the_login(house: &mut House) {
    let link = house.partner.create_link().await;
    let (mut customer, asked) = before_the_form(house, &link).await;

    let ended = sign_in(&mut customer, &asked, "down", PASSWORD).await;

    ended.says("The sign-in did not work").says("Online banking is out of order at the moment");
    let failure = failure(house, &link).await;
    assert_eq!(
        (&failure["status"], &failure["failure"]["code"]),
        (&json!("FAILED"), &json!("SITE_UNAVAILABLE"))
    );
    assert_eq!(house.bank.received("down").await, [1, 1, 0]);
}

async fn a_site_that_cannot_be_reached_ends_the_login(house: &mut House) {
    let nobody = Peer::start([Act::Reset]).await;
    let job = house.partner.job_at(&nobody.url("/login")).await;
    let link = house.partner.create_link_with(json!({ "jobId": job })).await;

    let (_, ended) = before_the_form(house, &link).await;

    ended.says("The site cannot be reached at the moment");
    assert_eq!(failure(house, &link).await["failure"]["code"], "SITE_UNAVAILABLE");
    // No secret was sent, so it was tried again.
    assert_eq!(nobody.seen().len(), 4);
}

async fn a_slow_site_is_waited_for(house: &mut House) {
    let link = house.partner.create_link().await;
    let (mut customer, asked) = before_the_form(house, &link).await;

    let done = sign_in(&mut customer, &asked, "slow", PASSWORD).await;

    done.says("You are signed in");
    assert_eq!(house.bank.received("slow").await, [1, 1, 0]);
}

async fn a_customer_who_cancels_can_come_back(house: &mut House) {
    let link = house.partner.create_link().await;
    let (mut customer, asked) = before_the_form(house, &link).await;

    let cancelled = customer.press(&asked, "Cancel", &[]).await;
    let failure = failure(house, &link).await;
    house.sign_in(&link, "good", PASSWORD).await.says("You are signed in");
    house.run().await;

    cancelled.says("You cancelled the sign-in").says("You can try again with the same link");
    assert_eq!((&failure["status"], &failure["usable"]), (&json!("FAILED"), &json!(true)));
    assert_eq!(failure["failure"]["code"], "CUSTOMER_CANCELLED");
    let shown = house.partner.link(&link.id, "status failure { code } logins { nodes { outcome } }").await;
    let outcomes = json!([{ "outcome": "CUSTOMER_CANCELLED" }, { "outcome": "SIGNED_IN" }]);
    assert_eq!(shown, json!({ "status": "COMPLETED", "failure": null, "logins": { "nodes": outcomes } }));
}

async fn a_customer_who_says_nothing_for_ten_minutes_can_come_back(house: &mut House) {
    let link = house.partner.create_link().await;
    let (mut customer, asked) = before_the_form(house, &link).await;

    house.pass(Duration::from_mins(10));
    let ended = customer.wait(&asked).await;

    ended.says("There was no answer for a while").says("You can try again with the same link");
    assert_eq!(failure(house, &link).await["failure"]["code"], "INPUT_TIMEOUT");
    house.sign_in(&link, "good", PASSWORD).await.says("You are signed in");
}

async fn a_customer_who_is_signing_in_may_finish_when_the_links_time_is_over(house: &mut House) {
    let link = house.partner.create_link_with(json!({ "expiresIn": "PT5M" })).await;
    let (mut customer, asked) = before_the_form(house, &link).await;

    house.pass(Duration::from_mins(6));
    assert_eq!(house.expire().await, 0);
    let done = sign_in(&mut customer, &asked, "good", PASSWORD).await;
    house.run().await;

    done.says("You are signed in");
    assert_eq!(house.partner.status(&link.id).await, "COMPLETED");
    house.customer().open(&link.url).await.says("You have already signed in");
}

async fn a_failed_login_after_the_links_time_expires_it(house: &mut House) {
    let link = house.partner.create_link_with(json!({ "expiresIn": "PT5M" })).await;
    let (mut customer, asked) = before_the_form(house, &link).await;

    house.pass(Duration::from_mins(6));
    let ended = customer.press(&asked, "Cancel", &[]).await;

    ended.says("You cancelled the sign-in");
    assert!(!ended.text().contains("try again"), "{}", ended.text());
    let events = house.partner.events_of(&link.id).await;
    assert_eq!(events[3..], ["link.failed", "link.expired"], "{events:?}");
    assert_eq!(failure(house, &link).await["status"], "EXPIRED");
}

async fn a_revoked_link_ends_the_login_and_nothing_more_is_sent(house: &mut House) {
    let link = house.partner.create_link().await;
    let (mut customer, asked) = before_the_form(house, &link).await;

    house.partner.mutate("expireLink", json!({ "id": link.id })).await;
    let told = customer.wait(&asked).await;
    let late = sign_in(&mut customer, &asked, "good", PASSWORD).await;

    told.says("The link was withdrawn by whoever sent it");
    late.says("The link was withdrawn by whoever sent it");
    let failure = failure(house, &link).await;
    assert_eq!(
        (&failure["status"], &failure["failure"]["code"]),
        (&json!("EXPIRED"), &json!("LINK_REVOKED"))
    );
    assert_eq!(house.bank.received("good").await, [0, 0, 0]);
}

async fn tries_end_before_an_account_is_locked(house: &mut House) {
    let link = house.partner.create_link().await;
    let (mut customer, mut page) = before_the_form(house, &link).await;

    for number in 1..=3 {
        page = sign_in(&mut customer, &page, "good", &format!("wrong {number}")).await;
    }

    page.says("The tries for this sign-in are used up");
    assert_eq!(failure(house, &link).await["failure"]["code"], "ATTEMPTS_EXHAUSTED");
    assert_eq!(house.bank.received("good").await, [3, 3, 0]);
}

/// Types wrong passwords until a login ends; returns the code of its end.
async fn try_passwords(house: &mut House, link: &Link, username: &str) -> String {
    let (mut customer, mut page) = before_the_form(house, link).await;
    while page.prompt().is_some() {
        page = sign_in(&mut customer, &page, username, "wrong").await;
    }
    failure(house, link).await["failure"]["code"].as_str().unwrap().to_owned()
}

async fn a_link_cannot_be_used_to_try_passwords(house: &mut House) {
    let link = house.partner.create_link().await;

    for username in ["good", "otp_app", "slow_", "locked"] {
        assert_eq!(try_passwords(house, &link, username).await, "ATTEMPTS_EXHAUSTED");
    }

    let mut passwords = 0;
    for username in ["good", "otp_app", "unknown", "locked"] {
        passwords += house.bank.received(username).await[1];
    }
    assert_eq!(passwords, 10);
    house.pass(Duration::from_hours(25));
    house.sign_in(&link, "good", PASSWORD).await.says("You are signed in");
}

async fn an_account_cannot_be_tried_through_many_links(house: &mut House) {
    let mut ends = Vec::new();
    for _ in 0..3 {
        let link = house.partner.create_link().await;
        ends.push(try_passwords(house, &link, "good").await);
    }

    assert_eq!(ends, ["ATTEMPTS_EXHAUSTED", "ATTEMPTS_EXHAUSTED", "RATE_LIMITED"]);
    assert_eq!(house.bank.received("good").await, [6, 6, 0]);
    house.pass(Duration::from_mins(61));
    let link = house.partner.create_link().await;
    house.sign_in(&link, "good", PASSWORD).await.says("You are signed in");
}

async fn a_job_that_fails_fails_the_link_but_not_the_customer(house: &mut House) {
    let receiver = house.subscribe(["run.failed", "link.failed"]).await;
    let source = json!({ "name": "Bank", "loginUrl": format!("{}/login", house.bank.origin) });
    let steps = json!([{ "extract": { "name": "x", "selector": "#nothing", "timeout": "PT1S" } }]);
    let job = house.partner.job_of(source, "work", steps).await;
    let link = house.partner.create_link_with(json!({ "jobId": job })).await;
    let (mut customer, asked) = before_the_form(house, &link).await;
    let done = sign_in(&mut customer, &asked, "good", PASSWORD).await;
    house.run().await;
    house.deliver().await;

    done.says("You are signed in");
    customer.reload(&done).await.says("You are signed in");
    let failure = failure(house, &link).await;
    assert_eq!((&failure["status"], &failure["usable"]), (&json!("FAILED"), &json!(false)));
    assert_eq!(failure["failure"]["code"], "STEP_FAILED");
    customer.open(&link.url).await.says("This link is finished");
    let mut types = receiver.types();
    types.sort();
    assert_eq!(types, ["link.failed", "run.failed"]);
}
