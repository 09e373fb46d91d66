//! The customer's page: what opens a link, what begins a login, and whose login it is.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::SET_COOKIE;
use serde_json::json;

use crate::house::{Customer, House, Link, Page, RETURN_URL, bank, http};

stories! {
    looking_at_a_link_changes_nothing,
    a_forged_link_is_refused_whatever_its_shape,
    a_link_whose_time_is_over_says_so_and_begins_nothing,
    a_revoked_link_says_so,
    a_click_begins_a_login_in_this_browser_and_leaves_the_token_behind,
    a_login_is_open_in_its_own_browser_only,
    a_second_device_takes_over_and_the_first_is_told,
    two_links_in_one_browser_do_not_disturb_each_other,
    the_page_shows_the_sites_words_and_where_an_answer_goes,
    reloading_and_coming_back_shows_the_same_question,
    an_answer_to_an_old_question_is_not_used,
    an_answer_that_is_sent_twice_counts_once,
    what_our_page_never_sends_is_refused,
    a_form_from_another_site_is_refused,
    a_client_that_tries_too_many_links_has_to_wait,
}

/// A customer who stands before the bank's first question.
async fn before_the_form(house: &mut House, link: &Link) -> (Customer, Page) {
    let mut customer = house.customer();
    let opening = customer.begin(&link.url).await;
    house.engage().await;
    let asked = customer.wait(&opening).await;
    (customer, asked)
}

async fn looking_at_a_link_changes_nothing(house: &mut House) {
    let link = house.partner.create_link().await;
    let mut customer = house.customer();

    let page = customer.open(&link.url).await;
    let head = customer.send(Method::HEAD, &link.url).await;
    let options = customer.send(Method::OPTIONS, &link.url).await;
    let prefetch = http().get(&link.url).header("sec-purpose", "prefetch").send().await.unwrap();

    page.says("Sign in to Mill Lane Savings").says(&house.bank.origin).says("Nothing is kept");
    assert_eq!((page.status, head.status, prefetch.status().as_u16()), (200, 200, 200));
    assert_eq!(options.status, 405);
    assert!(customer.cookies.is_empty());
    let shown = house.partner.link(&link.id, "status sequence logins { nodes { id } }").await;
    assert_eq!(shown, json!({ "status": "CREATED", "sequence": 1, "logins": { "nodes": [] } }));
}

/// Everything that is nearly a link's token, or nothing like one.
fn forgeries(link: &Link) -> Vec<String> {
    let token = link.url.rsplit_once('/').unwrap().1;
    let flipped = |at: usize| {
        let letter = if &token[at..=at] == "A" { "B" } else { "A" };
        format!("{}{letter}{}", &token[..at], &token[at + 1..])
    };
    let others = [
        String::new(),
        token[1..].to_owned(),
        token[..token.len() - 1].to_owned(),
        format!("{token}A"),
        format!("{token}="),
        format!("{token}%00"),
        format!("%20{token}"),
        token.to_lowercase(),
        link.id.clone(),
        "A".repeat(token.len()),
        "A".repeat(5_000),
        "%ff%fe".to_owned(),
        "..%2f..%2fetc%2fpasswd".to_owned(),
    ];
    (0..token.len()).map(flipped).chain(others).collect()
}

async fn a_forged_link_is_refused_whatever_its_shape(house: &mut House) {
    let link = house.partner.create_link().await;

    for (number, token) in forgeries(&link).into_iter().enumerate() {
        let method = if number.is_multiple_of(2) { Method::GET } else { Method::POST };
        let page = house.customer().send(method, house.url(&format!("/l/{token}")).as_str()).await;

        assert_eq!(page.status, 404, "{token:.80}");
        page.says("open");
    }
    assert_eq!(house.partner.status(&link.id).await, "CREATED");
}

async fn a_link_whose_time_is_over_says_so_and_begins_nothing(house: &mut House) {
    let link = house.partner.create_link_with(json!({ "expiresIn": "PT1M" })).await;
    let mut customer = house.customer();
    let open = customer.open(&link.url).await;

    house.pass(Duration::from_mins(1));
    let late = customer.open(&link.url).await;
    let clicked = customer.press(&open, "Continue", &[]).await;

    assert_eq!((late.status, clicked.status), (410, 410));
    late.says("This link has expired").says("Ask Acme for a new one");
    clicked.says("This link has expired");
    let shown = house.partner.link(&link.id, "sequence logins { nodes { id } }").await;
    assert_eq!(shown, json!({ "sequence": 1, "logins": { "nodes": [] } }));
}

async fn a_revoked_link_says_so(house: &mut House) {
    let link = house.partner.create_link().await;
    house.partner.mutate("expireLink", json!({ "id": link.id })).await;

    let page = house.customer().open(&link.url).await;

    assert_eq!(page.status, 410);
    page.says("This link has expired");
}

async fn a_click_begins_a_login_in_this_browser_and_leaves_the_token_behind(house: &mut House) {
    let link = house.partner.create_link().await;
    let mut customer = house.customer();
    let landing = customer.open(&link.url).await;

    let clicked = http().post(landing.url.clone()).send().await.unwrap();
    let page = customer.press(&landing, "Continue", &[]).await;

    let cookie = clicked.headers()[SET_COOKIE].to_str().unwrap();
    assert!(
        ["login-lgn_", "; HttpOnly", "; SameSite=Lax", "; Path=/"].iter().all(|part| cookie.contains(part)),
        "{cookie}"
    );
    assert!(page.url.path().starts_with("/s/lgn_") && page.url.path().len() == 39, "{}", page.url);
    page.says("Opening Mill Lane Savings");
    assert_eq!(house.partner.events_of(&link.id).await, ["link.created", "link.accessed"]);
}

async fn a_login_is_open_in_its_own_browser_only(house: &mut House) {
    let link = house.partner.create_link().await;
    let (customer, asked) = before_the_form(house, &link).await;
    let (name, value) = customer.cookies.first_key_value().unwrap();

    let mut thief = house.customer();
    for cookie in
        [None, Some("0".repeat(64)), Some(String::new()), Some(format!("{value}0")), Some("x".repeat(9_000))]
    {
        thief.cookies.clear();
        thief.cookies.extend(cookie.map(|cookie| (name.clone(), cookie)));
        let shown = thief.reload(&asked).await;
        let answered = thief.post(&asked, "prompt=1&action=cancel").await;
        let followed = thief.open(&format!("{}/events?seen=0", asked.url)).await;

        assert_eq!([shown.status, answered.status, followed.status], [404; 3]);
        shown.says("This sign-in is not open in this browser");
    }
    assert_eq!(house.partner.status(&link.id).await, "ACCESSED");
}

async fn a_second_device_takes_over_and_the_first_is_told(house: &mut House) {
    let link = house.partner.create_link().await;
    let (mut phone, on_phone) = before_the_form(house, &link).await;
    let (mut laptop, on_laptop) = before_the_form(house, &link).await;

    let told = phone.wait(&on_phone).await;
    let too_late =
        phone.press(&on_phone, "Sign in", &[("User name", "good"), ("Password", bank::PASSWORD)]).await;
    let done =
        laptop.press(&on_laptop, "Sign in", &[("User name", "good"), ("Password", bank::PASSWORD)]).await;

    told.says("You went on somewhere else");
    too_late.says("You went on somewhere else");
    done.says("You are signed in");
    let shown = house.partner.link(&link.id, "status failure { code } logins { nodes { outcome } }").await;
    let outcomes = json!([{ "outcome": "SUPERSEDED" }, { "outcome": "SIGNED_IN" }]);
    assert_eq!(shown, json!({ "status": "IN_PROGRESS", "failure": null, "logins": { "nodes": outcomes } }));
    assert_eq!(house.bank.received("good").await, [1, 1, 0]);
}

async fn two_links_in_one_browser_do_not_disturb_each_other(house: &mut House) {
    let (first, second) = (house.partner.create_link().await, house.partner.create_link().await);
    let mut customer = house.customer();
    let one = customer.begin(&first.url).await;
    let two = customer.begin(&second.url).await;
    assert_eq!(house.engage().await, 2);
    let (one, two) = (customer.wait(&one).await, customer.wait(&two).await);

    let one = customer.press(&one, "Sign in", &[("User name", "good"), ("Password", bank::PASSWORD)]).await;
    let two = customer.press(&two, "Sign in", &[("User name", "good"), ("Password", "wrong")]).await;

    one.says("You are signed in");
    two.alerts("That user name and password do not match");
    assert_eq!(customer.cookies.len(), 2);
    assert_eq!(house.partner.status(&first.id).await, "IN_PROGRESS");
    assert_eq!(house.partner.status(&second.id).await, "AUTHENTICATING");
}

async fn the_page_shows_the_sites_words_and_where_an_answer_goes(house: &mut House) {
    let link = house.partner.create_link_with(json!({ "returnUrl": RETURN_URL })).await;
    let (_, asked) = before_the_form(house, &link).await;

    asked.says("Sign in to Mill Lane Savings");
    asked.says(&format!("{} says", house.bank.origin)).says("Sign in to online banking");
    asked.says(&format!("Your answer goes to {}", house.bank.origin));
    assert!(asked.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    assert_eq!(asked.headers["cache-control"], "no-store");
}

async fn reloading_and_coming_back_shows_the_same_question(house: &mut House) {
    let link = house.partner.create_link().await;
    let (mut customer, asked) = before_the_form(house, &link).await;

    house.pass(Duration::from_mins(9));
    let again = customer.reload(&asked).await;
    let landing = customer.open(&link.url).await;

    assert_eq!((again.prompt(), again.text()), (asked.prompt(), asked.text()));
    landing.says("Sign in to Mill Lane Savings");
    assert_eq!(customer.reload(&asked).await.prompt(), asked.prompt());
}

async fn an_answer_to_an_old_question_is_not_used(house: &mut House) {
    let link = house.partner.create_link().await;
    let (mut customer, first) = before_the_form(house, &link).await;
    let second = customer.press(&first, "Sign in", &[("User name", "good"), ("Password", "wrong")]).await;

    let stale =
        customer.press(&first, "Sign in", &[("User name", "good"), ("Password", bank::PASSWORD)]).await;

    assert_eq!(stale.status, 409);
    stale.alerts("What you sent answered an earlier question and was not used");
    assert_eq!(stale.prompt(), second.prompt());
    assert_eq!(house.bank.received("good").await, [1, 1, 0]);
}

async fn an_answer_that_is_sent_twice_counts_once(house: &mut House) {
    let link = house.partner.create_link().await;
    let (mut customer, asked) = before_the_form(house, &link).await;
    let mut twin = house.customer();
    twin.cookies = customer.cookies.clone();

    let right = [("User name", "good"), ("Password", bank::PASSWORD)];
    let (one, two) =
        tokio::join!(customer.press(&asked, "Sign in", &right), twin.press(&asked, "Sign in", &right));

    for page in [one, two, customer.reload(&asked).await] {
        page.says("You are signed in");
    }
    assert_eq!(house.bank.received("good").await, [1, 1, 0]);
}

/// Forms that our page does not make, and the status they get.
fn strange_forms() -> Vec<(u16, Vec<u8>)> {
    let filled = |name: &str, value: &str| format!("prompt=1&f.username=good&f.{name}={value}").into_bytes();
    vec![
        (400, b"".to_vec()),
        (400, b"prompt=one".to_vec()),
        (400, b"prompt=1&prompt=1".to_vec()),
        (400, b"prompt=1&action=explode".to_vec()),
        (400, b"prompt=1&password=x".to_vec()),
        (400, b"prompt=1&f.username=good&f.password=%ff%fe".to_vec()),
        (409, b"prompt=99&f.username=good&f.password=x".to_vec()),
        (413, filled("password", &"x".repeat(1 << 20))),
        (422, filled("password", &"x".repeat(5_000))),
        (422, filled("unknown", "x")),
        (422, filled("password", "a%0d%0ab")),
        (422, filled("password", "%00")),
        (422, b"prompt=1&f.password=x".to_vec()),
        (422, b"prompt=1&choice=nothing".to_vec()),
    ]
}

async fn what_our_page_never_sends_is_refused(house: &mut House) {
    let link = house.partner.create_link().await;
    let (mut customer, asked) = before_the_form(house, &link).await;

    for (status, form) in strange_forms() {
        let told = String::from_utf8_lossy(&form[..form.len().min(80)]).into_owned();
        let page = customer.post(&asked, form).await;

        assert_eq!(page.status, status, "{told}: {}", page.text());
    }
    assert_eq!(house.bank.received("good").await, [0, 0, 0]);
    assert_eq!(house.partner.status(&link.id).await, "ACCESSED");
    assert_eq!(customer.reload(&asked).await.text(), asked.text());
}

async fn a_form_from_another_site_is_refused(house: &mut House) {
    let link = house.partner.create_link().await;

    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
    ] {
        let answer = http().post(&link.url).header(name, value).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{value}");
    }
    assert_eq!(house.partner.status(&link.id).await, "CREATED");
}

async fn a_client_that_tries_too_many_links_has_to_wait(house: &mut House) {
    let (http, forged) = (http(), house.url("/l/forged"));
    let one = async |_| {
        let answer = http.get(forged.clone()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };

    let told = futures_util::future::join_all((0..500).map(one)).await;

    let with = |status| told.iter().filter(move |(given, _)| *given == status);
    assert!(with(404).count() >= 300, "{} are let in", with(404).count());
    assert!(with(429).count() > 0 && with(429).all(|(_, page)| page.contains("Too many tries")));
}
