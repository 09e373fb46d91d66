//! A server dies in the middle: nothing stays in a state that nobody works on, and nothing is told
//! that is not known.

use std::time::Duration;

use serde_json::{Value, json};

use crate::house::bank::PASSWORD;
use crate::house::{Act, House, Peer, Told};

stories! {
    a_login_goes_on_if_no_secret_had_left,
    a_login_ends_honestly_if_a_secret_had_left,
    a_run_whose_steps_may_be_repeated_runs_again,
    a_run_at_a_step_that_must_not_be_repeated_is_interrupted,
    a_delivery_that_was_out_is_sent_again,
    a_claim_whose_answer_was_lost_is_free_again,
    what_is_being_sent_is_not_taken_for_forgotten,
    a_server_that_is_told_to_stop_ends_in_order,
}

async fn a_login_goes_on_if_no_secret_had_left(house: &mut House) {
    let link = house.partner.create_link().await;
    let mut customer = house.customer();
    let opening = customer.begin(&link.url).await;
    house.engage().await;
    let asked = customer.wait(&opening).await;

    house.crash().await;
    let between = customer.reload(&asked).await;
    house.engage().await;
    let again = customer.wait(&between).await;
    let done = customer.press(&again, "Sign in", &[("User name", "good"), ("Password", PASSWORD)]).await;

    between.says("You are number 1 in line");
    assert_ne!(again.prompt(), asked.prompt());
    done.says("You are signed in");
    house.run().await;
    assert_eq!(house.partner.status(&link.id).await, "COMPLETED");
    assert_eq!(house.bank.received("good").await, [1, 1, 0]);
}

/// A site that takes a password and then thinks for ever.
async fn thoughtful_site() -> Peer {
    let form = "<form method=post action=/login><label>User name <input name=user></label>
        <label>Password <input type=password name=password></label><button>Sign in</button></form>";
    Peer::start([Act::Page(form.to_owned()), Act::Hang]).await
}

async fn a_login_ends_honestly_if_a_secret_had_left(house: &mut House) {
    let site = thoughtful_site().await;
    let job = house.partner.job_at(&site.url("/login")).await;
    let link = house.partner.create_link_with(json!({ "jobId": job })).await;
    let mut customer = house.customer();
    let opening = customer.begin(&link.url).await;
    house.engage().await;
    let asked = customer.wait(&opening).await;

    tokio::select! {
        page = customer.press(&asked, "Sign in", &[("User name", "good"), ("Password", PASSWORD)]) => {
            panic!("the site never answers, but the page says: {}", page.text())
        }
        () = site.has_seen(2) => {}
    }
    house.crash().await;
    house.engage().await;

    customer.reload(&asked).await.says("Something went wrong on our side in the middle of the sign-in");
    let shown = house.partner.link(&link.id, "status usable failure { code retryable }").await;
    let failure = json!({ "code": "ENGINE_CRASH", "retryable": true });
    assert_eq!(shown, json!({ "status": "FAILED", "usable": true, "failure": failure }));
    assert_eq!(site.seen().len(), 2);
}

/// Signs in and lets a run begin that first opens a page of `site`, which takes for ever.
async fn run_that_hangs(house: &mut House, site: &Peer, first_step: Value) -> String {
    let bank = &house.bank.origin;
    let source =
        json!({ "name": "Bank", "loginUrl": format!("{bank}/login"), "allowedOrigins": [site.url("")] });
    let steps = json!([first_step, { "extract": { "name": "found", "selector": "#found" } }]);
    let job = house.partner.job_of(source, "work", steps).await;
    let link = house.partner.create_link_with(json!({ "jobId": job })).await;
    house.sign_in(&link, "good", PASSWORD).await.says("You are signed in");
    house.begin_runs().await;
    site.has_seen(1).await;
    link.id
}

async fn a_run_whose_steps_may_be_repeated_runs_again(house: &mut House) {
    let page = Act::Page("<p id=found>here</p>".to_owned());
    let site = Peer::start([Act::Hang, page]).await;
    let link = run_that_hangs(house, &site, json!({ "goto": { "url": site.url("/slow") } })).await;

    house.crash().await;
    assert_eq!(house.run().await, 1);

    let shown = house.partner.link(&link, "status run { output }").await;
    assert_eq!(shown, json!({ "status": "COMPLETED", "run": { "output": { "work": { "found": "here" } } } }));
    assert_eq!(site.seen().len(), 2);
}

async fn a_run_at_a_step_that_must_not_be_repeated_is_interrupted(house: &mut House) {
    let site = Peer::start([Act::Hang]).await;
    let link =
        run_that_hangs(house, &site, json!({ "goto": { "url": site.url("/slow"), "repeatable": false } }))
            .await;

    house.crash().await;
    assert_eq!(house.run().await, 0);

    let shown = house.partner.link(&link, "status failure { code } run { status }").await;
    assert_eq!(
        shown,
        json!({ "status": "FAILED", "failure": { "code": "INTERRUPTED" }, "run": { "status": "INTERRUPTED" } })
    );
    assert_eq!(site.seen().len(), 1);
}

async fn a_claim_whose_answer_was_lost_is_free_again(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).answering([Act::Status(204)]).await;
    house.partner.create_link().await;
    house.lose_a_claim().await;

    let suspects = house.look_for_forgotten(&[]).await;
    assert_eq!((suspects.len(), house.deliver().await), (1, 0), "its answer may only be late");
    let suspects = house.look_for_forgotten(&suspects).await;

    assert_eq!((suspects.len(), house.deliver().await), (0, 1));
    receiver.saw([204]);
}

async fn what_is_being_sent_is_not_taken_for_forgotten(house: &mut House) {
    let late = Act::Late(Duration::from_millis(500));
    let receiver = house.subscribe(["link.created"]).answering([late]).await;
    house.partner.create_link().await;

    let (sent, suspects) = tokio::join!(house.deliver(), async {
        receiver.peer.has_seen(1).await;
        house.look_for_forgotten(&[]).await
    });

    assert_eq!((sent, suspects.len()), (1, 0));
    receiver.saw([200]);
}

async fn a_delivery_that_was_out_is_sent_again(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).answering([Act::Hang, Act::Status(204)]).await;
    house.partner.create_link().await;
    tokio::select! {
        sent = house.deliver() => panic!("{sent} attempts came back from a receiver that hangs"),
        () = receiver.peer.has_seen(1) => {}
    }

    house.crash().await;
    assert_eq!(house.deliver().await, 1);

    receiver.saw([0, 204]).with_one_id().with_valid_signatures();
}

async fn a_server_that_is_told_to_stop_ends_in_order(house: &mut House) {
    let mut socket = house.partner.socket().await;
    socket.follow_status(json!({})).await;
    let link = house.partner.create_link().await;

    house.restart().await;

    // 1012: the service restarts; come back.
    assert_eq!(socket.next().await, Told::Closed(1012));
    assert_eq!(house.partner.status(&link.id).await, "CREATED");
}
