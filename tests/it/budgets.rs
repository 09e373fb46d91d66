//! Nobody's account is locked by us, and nobody tries stolen passwords with us.

use std::time::Duration;

use sea_orm::EntityTrait;

use crate::house::bank::PASSWORD;
use crate::house::{House, Link, Partner};

stories! {
    an_account_that_was_locked_gets_no_password_for_half_an_hour,
    a_locked_account_of_one_customer_does_not_stop_another,
    an_operators_limit_counts_over_all_workspaces,
    a_login_ends_after_twenty_minutes_whatever_the_customer_does,
    a_customer_who_waits_too_long_for_an_engine_is_told_so,
    what_is_kept_about_an_account_does_not_name_it,
}

/// How a link's last login ended.
async fn code(partner: &Partner, link: &Link) -> String {
    let shown = partner.link(&link.id, "failure { code }").await;
    shown["failure"]["code"].as_str().unwrap_or("none").to_owned()
}

async fn an_account_that_was_locked_gets_no_password_for_half_an_hour(house: &mut House) {
    let link = house.partner.create_link().await;
    house.sign_in(&link, "locked", PASSWORD).await.says("Your account is locked.");

    let again = house.partner.create_link().await;
    let held_back = house.sign_in(&again, " LOCKED ", PASSWORD).await;
    let sent = house.bank.received("locked").await[1];
    house.pass(Duration::from_mins(31));
    let later = house.partner.create_link().await;
    house.sign_in(&later, "locked", PASSWORD).await.says("Your account is locked.");

    held_back.says("The site has locked this account a short while ago. To keep it safe nothing was sent");
    assert_eq!(code(&house.partner, &again).await, "ACCOUNT_LOCKED");
    assert_eq!((sent, house.bank.received("locked").await[1]), (1, 2));
}

async fn a_locked_account_of_one_customer_does_not_stop_another(house: &mut House) {
    let link = house.partner.create_link().await;
    house.sign_in(&link, "locked", PASSWORD).await;

    let other = house.partner.create_link().await;

    house.sign_in(&other, "good", PASSWORD).await.says("You are signed in");
}

async fn an_operators_limit_counts_over_all_workspaces(house: &mut House) {
    house.allow_passwords_per_account(2).await;
    let (acme, other) = (house.partner.create_link().await, house.stranger().await);
    let theirs = other.create_link().await;
    house.sign_in(&acme, "good", "wrong").await.alerts("do not match");
    house.sign_in(&theirs, "good", "wrong").await.alerts("do not match");

    let third = other.create_link().await;
    house.sign_in(&third, "good", PASSWORD).await.says("There were too many tries");
    let sent = house.bank.received("good").await[1];
    house.pass(Duration::from_mins(61));
    let later = house.partner.create_link().await;
    house.sign_in(&later, "good", PASSWORD).await.says("You are signed in");

    assert_eq!(code(&other, &third).await, "RATE_LIMITED");
    assert_eq!(sent, 2);
}

async fn a_login_ends_after_twenty_minutes_whatever_the_customer_does(house: &mut House) {
    let link = house.partner.create_link().await;
    let mut customer = house.customer();
    let opening = customer.begin(&link.url).await;
    house.engage().await;
    let mut page = customer.wait(&opening).await;
    for _ in 0..2 {
        house.pass(Duration::from_mins(9));
        page = customer.press(&page, "Sign in", &[("User name", "good"), ("Password", "wrong")]).await;
    }

    house.pass(Duration::from_mins(3));
    let ended = customer.wait(&page).await;

    ended.says("The sign-in took too long.").says("You can try again with the same link");
    assert_eq!(code(&house.partner, &link).await, "ENGINE_TIMEOUT");
}

async fn a_customer_who_waits_too_long_for_an_engine_is_told_so(house: &mut House) {
    house.occupy_engines();
    let link = house.partner.create_link().await;
    let mut customer = house.customer();
    let opening = customer.begin(&link.url).await;

    assert_eq!(house.engage().await, 0);
    customer.reload(&opening).await.says("Opening");
    house.pass(Duration::from_secs(3));
    customer.wait(&opening).await.says("You are number 1 in line").says("it goes on by itself");
    house.pass(Duration::from_mins(2));
    assert_eq!(house.engage().await, 0);

    customer.reload(&opening).await.says("Too many people are signing in right now.");
    assert_eq!(code(&house.partner, &link).await, "CAPACITY");
    house.free_engines();
    house.sign_in(&link, "good", PASSWORD).await.says("You are signed in");
}

async fn what_is_kept_about_an_account_does_not_name_it(house: &mut House) {
    let link = house.partner.create_link().await;
    house.sign_in(&link, "locked", PASSWORD).await;

    let rows = entity::submit::Entity::find().all(&house.app().db).await.unwrap();

    assert_eq!(rows.len(), 1);
    let tags = [rows[0].identifier_tag.clone(), rows[0].site_tag.clone().unwrap()];
    assert_ne!(tags[0], tags[1]);
    for tag in tags {
        assert_eq!(tag.len(), 32);
        assert!(!tag.windows(6).any(|window| window == b"locked"));
    }
}
