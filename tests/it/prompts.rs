//! What a site may ask between the password and the account, as the customer meets it.

use std::time::Duration;

use serde_json::json;

use crate::house::bank::PASSWORD;
use crate::house::{Customer, House, Link, Page};

stories! {
    an_approval_goes_on_by_itself,
    an_approval_that_never_comes_ends_the_login,
    a_declined_approval_is_told_and_may_be_tried_again,
    a_picture_to_be_read_comes_through_the_logins_own_session,
    a_picture_to_be_scanned_is_shown_on_the_page_itself,
    a_captcha_of_the_account_is_handed_to_the_customer_once,
    a_captcha_for_everybody_ends_the_login_before_anything_is_typed,
    what_is_to_be_done_at_the_site_is_handed_to_the_customer,
    a_code_can_be_asked_for_again_and_another_way_taken,
    an_old_answer_changes_nothing_and_the_same_answer_twice_is_one,
}

/// A customer who has typed the right password of `username`.
async fn after_the_password(house: &mut House, username: &str) -> (Link, Customer, Page) {
    let link = house.partner.create_link().await;
    let mut customer = house.customer();
    let opening = customer.begin(&link.url).await;
    assert_eq!(house.engage().await, 1);
    let asked = customer.wait(&opening).await;
    let typed = [("User name", username), ("Password", PASSWORD)];
    let page = customer.press(&asked, "Sign in", &typed).await;
    (link, customer, page)
}

async fn kinds(house: &House, link: &Link) -> serde_json::Value {
    let shown = house.partner.link(&link.id, "logins { nodes { prompts { kind } } }").await;
    shown["logins"]["nodes"][0]["prompts"].clone()
}

async fn code(house: &House, link: &Link) -> serde_json::Value {
    house.partner.link(&link.id, "failure { code siteMessage }").await["failure"].clone()
}

async fn an_approval_goes_on_by_itself(house: &mut House) {
    let (link, mut customer, asked) = after_the_password(house, "approval").await;

    let done = customer.wait(&asked).await;

    asked.says("Approve the sign-in").says("47").says("Waiting for you").says("goes on by itself");
    done.says("You are signed in");
    assert_eq!(kinds(house, &link).await, json!([{ "kind": "CREDENTIALS" }, { "kind": "APPROVAL" }]));
    // Looking is not sending.
    assert_eq!(house.bank.received("approval").await, [1, 1, 0]);
}

async fn an_approval_that_never_comes_ends_the_login(house: &mut House) {
    let (link, mut customer, asked) = after_the_password(house, "approval_button").await;

    house.pass(Duration::from_mins(5));
    let ended = customer.wait(&asked).await;

    ended.says("The approval did not come in time.").says("You can try again with the same link");
    assert_eq!(code(house, &link).await["code"], "APPROVAL_TIMEOUT");
}

async fn a_declined_approval_is_told_and_may_be_tried_again(house: &mut House) {
    let (link, mut customer, asked) = after_the_password(house, "approval_denied").await;

    let again = customer.wait(&asked).await;
    let typed = [("User name", "good"), ("Password", PASSWORD)];
    let done = customer.press(&again, "Sign in", &typed).await;

    again.alerts("The request was denied in the app.");
    done.says("You are signed in");
    let events = house.partner.events_of(&link.id).await;
    assert!(events.contains(&"login.rejected".to_owned()), "{events:?}");
}

async fn a_picture_to_be_read_comes_through_the_logins_own_session(house: &mut House) {
    let (_, mut customer, asked) = after_the_password(house, "captcha_image").await;

    let again = customer.press(&asked, "Continue", &[("Characters", "WRONG")]).await;
    let done = customer.press(&again, "Continue", &[("Characters", "W7KQ4")]).await;

    asked.says("Type what the picture shows");
    assert!(asked.html.contains("<img src=\"data:image/png;base64,iVBOR"), "{}", asked.html);
    again.alerts("The characters did not match the image.");
    done.says("You are signed in");
}

async fn a_picture_to_be_scanned_is_shown_on_the_page_itself(house: &mut House) {
    let (_, mut customer, asked) = after_the_password(house, "approval_qr").await;

    let done = customer.wait(&asked).await;

    asked.says("Scan this code with the app on your phone").says("goes on by itself");
    let of_ours = asked.html.contains("<img src=\"data:image/png;base64,iVBOR");
    assert!(of_ours && asked.html.contains("to be scanned with the app"), "{}", asked.html);
    let policy = asked.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("img-src 'self' data:;"), "{policy}");
    done.says("You are signed in");
}

/// A customer before the login page of a scenario that has its own.
async fn at_its_own_page(house: &mut House, username: &str) -> (Link, Customer, Page) {
    let job = house.partner.job_at(&format!("{}/at/{username}", house.bank.origin)).await;
    let link = house.partner.create_link_with(json!({ "jobId": job })).await;
    let mut customer = house.customer();
    let opening = customer.begin(&link.url).await;
    assert_eq!(house.engage().await, 1);
    let page = customer.wait(&opening).await;
    (link, customer, page)
}

async fn a_captcha_of_the_account_is_handed_to_the_customer_once(house: &mut House) {
    let (link, mut customer, asked) = at_its_own_page(house, "captcha_stays").await;
    let typed = [("User name", "captcha_stays"), ("Password", PASSWORD)];

    let wall = customer.press(&asked, "Sign in", &typed).await;
    let again = customer.press(&wall, "I have done it", &[]).await;
    let ended = customer.press(&again, "Sign in", &typed).await;

    wall.says("Something to do at")
        .says("wants proof that a person is there")
        .says("Sign in at http://127.0.0.1:");
    ended.says("which it takes only in your own browser and not from here");
    assert_eq!(code(house, &link).await["code"], "CAPTCHA_UNSOLVABLE");
    assert_eq!(house.bank.received("captcha_stays").await, [2, 2, 0]);
}

async fn a_captcha_for_everybody_ends_the_login_before_anything_is_typed(house: &mut House) {
    let (link, _, ended) = at_its_own_page(house, "captcha_frame").await;

    ended.says("The site wants proof that a person is there").says("You can try again with the same link");
    assert_eq!(code(house, &link).await["code"], "CAPTCHA_UNSOLVABLE");
    assert_eq!(house.bank.received("captcha_frame").await, [0, 0, 0]);
}

async fn what_is_to_be_done_at_the_site_is_handed_to_the_customer(house: &mut House) {
    let (link, mut customer, asked) = after_the_password(house, "action_required").await;

    let form = customer.press(&asked, "I have done it", &[]).await;
    let typed = [("User name", "action_required"), ("Password", PASSWORD)];
    let ended = customer.press(&form, "Sign in", &typed).await;

    asked.says("Something to do at").says("Please verify your email address first");
    assert!(
        form.html.contains("type=\"password\"") && !form.html.contains("role=\"alert\""),
        "{}",
        form.html
    );
    ended.says("The site wants you to do something there first.");
    assert_eq!(code(house, &link).await["code"], "ACTION_REQUIRED");
}

async fn a_code_can_be_asked_for_again_and_another_way_taken(house: &mut House) {
    let (link, mut customer, asked) = after_the_password(house, "resend_later").await;

    let again = customer.press(&asked, "Send a new code", &[]).await;
    let done = customer.press(&again, "Continue", &[("Code", "864 209")]).await;

    asked.says("You can ask for a new one in").says("Sent to ••• ••• 381");
    done.says("You are signed in");
    assert_eq!(house.bank.received("resend_later").await, [3, 1, 1]);
    let asked = json!([{ "kind": "CREDENTIALS" }, { "kind": "CODE" }, { "kind": "CODE" }]);
    assert_eq!(kinds(house, &link).await, asked);
}

async fn an_old_answer_changes_nothing_and_the_same_answer_twice_is_one(house: &mut House) {
    let (_, mut customer, code) = after_the_password(house, "otp_sms").await;

    let wrong = [("Security code", "000000")];
    let again = customer.press(&code, "Continue", &wrong).await;
    let late = customer.press(&code, "Continue", &[("Security code", "246810")]).await;
    let sent = house.bank.received("otp_sms").await;
    let done = customer.press(&again, "Continue", &[("Security code", "246810")]).await;

    assert_eq!(late.status, 409);
    late.alerts("What you sent answered an earlier question and was not used.");
    assert_eq!(late.prompt(), again.prompt());
    assert_eq!(sent, [2, 1, 1]);
    done.says("You are signed in");
}
