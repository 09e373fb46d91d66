//! The real program, killed in the middle of what it does with a session: nothing is done twice that must
//! not be, and nothing stays in the middle.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::house::{Customer, Database, KEPT, Kind, Link, Partner, Program, Setup, Shop, texts};
use crate::rerun::CONSENT;

/// How long it may take until another server has found the run and carried it out.
const IN_TIME: Duration = Duration::from_mins(1);

/// A customer of the real program signs in, and agrees that the password is kept.
async fn sign_in(server: &Program, link: &Link) {
    let mut customer = Customer::new();
    let opening = customer.begin(&link.url.replace("127.0.0.1:0", &server.address)).await;
    let asked = customer.wait(&opening).await;
    let typed = [("User name", "ann"), ("Password", KEPT), (CONSENT, "yes")];
    customer.press(&asked, "Sign in", &typed).await.says("You are signed in");
}

async fn job(partner: &Partner, shop: &Shop) -> String {
    let source = json!({ "name": "Shop", "loginUrl": format!("{}/login", shop.origin) });
    let steps = json!([
        { "goto": { "url": format!("{}/orders", shop.origin), "timeout": "PT1M" } },
        { "download": { "name": "orders", "selector": "#csv", "timeout": "PT1M" } },
    ]);
    let workflows = json!([{ "name": "work", "steps": steps }]);
    partner.job(source, json!({ "name": "j", "workflows": workflows, "keepCredentials": "VAULT" })).await
}

/// The link's run as soon as it is over.
async fn ended(partner: &Partner, link: &Link) -> Value {
    let began = Instant::now();
    let shown = || partner.link(&link.id, "status run { status failure { code } files { name size } }");
    loop {
        let now = shown().await;
        if !["QUEUED", "RUNNING"].map(Some).contains(&now["run"]["status"].as_str()) {
            break;
        }
        assert!(began.elapsed() < IN_TIME, "{now}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Once more: a link that was read just before its run ended was still IN_PROGRESS.
    shown().await
}

/// The same data in other hands.
fn killed(server: Program, setup: &Setup) -> Program {
    server.kill();
    setup.serve()
}

async fn a_killed_server_leaves_no_run_in_the_middle(kind: Kind) {
    let (dir, shop) = (TempDir::new().unwrap(), Shop::open().await);
    let database = Database::create(kind, dir.path()).await;
    let setup = Setup::new(dir.path(), &database.url);
    let (key, server) = (setup.key(), setup.serve());
    let partner = server.partner(&key);
    let link = partner.create_link_with(json!({ "jobId": job(&partner, &shop).await })).await;

    // In the middle of a run's first step, and of its download: both may be repeated, and are.
    shop.change(|mind| mind.hangs_from = 2);
    sign_in(&server, &link).await;
    shop.has_shown(2).await;
    shop.change(|mind| (mind.hangs_from, mind.hangs_in_files) = (0, true));
    let server = killed(server, &setup);
    shop.has_handed_out(1).await;
    shop.change(|mind| mind.hangs_in_files = false);
    let server = killed(server, &setup);
    let done = ended(&server.partner(&key), &link).await;
    assert_eq!((&done["status"], &done["run"]["status"]), (&json!("COMPLETED"), &json!("SUCCEEDED")));
    assert_eq!(texts(&done["run"]["files"], "name"), ["orders"]);

    // In the middle of a rerun's sign-in: the password is not sent again.
    shop.forget_sessions();
    shop.change(|mind| mind.thinks = true);
    let made = server.partner(&key).mutate("rerunJob", json!({ "linkId": link.id })).await;
    assert!(made["run"].is_object(), "{made}");
    shop.has_heard(2).await;
    let server = killed(server, &setup);
    let done = ended(&server.partner(&key), &link).await;
    assert_eq!((&done["status"], &done["run"]["status"]), (&json!("COMPLETED"), &json!("INTERRUPTED")));
    assert_eq!(shop.mind().passwords.len(), 2);
    drop(server);
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_leaves_no_run_in_the_middle_on_sqlite() {
    a_killed_server_leaves_no_run_in_the_middle(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_leaves_no_run_in_the_middle_on_postgres() {
    a_killed_server_leaves_no_run_in_the_middle(Kind::Postgres).await;
}
