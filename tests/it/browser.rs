//! A source system whose pages need their scripts: the login moves to the browser, and the run stays there.

use std::process::Command;

use axum::Router;
use axum::response::Html;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::house::{Customer, House, Page};

stories! {
    a_customer_beyond_the_last_browser_waits_in_line,
    the_program_looks_at_a_page_as_a_login_by_auto_would,
    a_login_moves_to_the_browser_where_the_page_is_made_by_scripts,
}

/// An app in one page that keeps its token in the browser.
const APP: &str = r"<title>Depot</title><div id=app></div><script>
const app = document.querySelector('#app');
const home = () => { app.innerHTML = '<h1>Welcome back</h1><nav><a href=/a>Stock</a></nav>'
  + '<p id=stock>' + localStorage.token + '</p><button>Log out</button>'; };
const form = (message) => {
  app.innerHTML = '<h1>Sign in</h1><p role=alert>' + message + '</p><form><label>User name <input id=u></label>'
    + '<label>Password <input id=p type=password></label><button>Sign in</button></form>';
  app.querySelector('form').onsubmit = async (event) => {
    event.preventDefault();
    const answer = await fetch('/token', { method: 'POST', body: app.querySelector('#p').value });
    if (!answer.ok) return form('That password is wrong.');
    localStorage.token = await answer.text();
    home();
  };
};
if (localStorage.token) home(); else form('');
</script>";

async fn depot() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let token = async |body: String| {
        let right = body == "correct-horse-1";
        if right { Ok("seven crates") } else { Err(axum::http::StatusCode::UNAUTHORIZED) }
    };
    let router = Router::new().route("/", get(async || Html(APP))).route("/token", post(token));
    tokio::spawn(async move { axum::serve(listener, router).await });
    origin
}

/// Somebody new before the depot, and what the page says at first.
async fn comes(house: &mut House, job: &str) -> (Customer, Page) {
    let link = house.partner.create_link_with(json!({ "jobId": job })).await;
    let mut customer = house.customer();
    let opening = customer.begin(&link.url).await;
    assert_eq!(house.engage().await, 1);
    let page = customer.wait(&opening).await;
    (customer, page)
}

async fn a_customer_beyond_the_last_browser_waits_in_line(house: &mut House) {
    house.allow_browsers(1).await;
    let origin = depot().await;
    let source = json!({ "name": "Depot", "loginUrl": origin, "driver": "BROWSER" });
    let job = house.partner.job_of(source, "look", json!([{ "goto": { "url": origin } }])).await;

    let (mut first, asked) = comes(house, &job).await;
    let (mut second, in_line) = comes(house, &job).await;
    let (mut third, behind) = comes(house, &job).await;
    first.press(&asked, "Cancel", &[]).await.says("You cancelled the sign-in");
    let mut turn = second.wait(&in_line).await;
    while turn.prompt().is_none() {
        turn = second.wait(&turn).await;
    }
    let moved_up = third.wait(&behind).await;

    asked.says("Sign in to Depot");
    in_line.says("You are number 1 in line").says("Everything that can open Depot is busy right now");
    behind.says("You are number 2 in line");
    turn.says("Sign in to Depot");
    moved_up.says("You are number 1 in line");
}

async fn a_login_moves_to_the_browser_where_the_page_is_made_by_scripts(house: &mut House) {
    let origin = depot().await;
    let extract = json!({ "extract": { "name": "stock", "selector": "#stock" } });
    let steps = json!([{ "goto": { "url": format!("{origin}/") } }, extract]);
    let job = house.partner.job_of(json!({ "name": "Depot", "loginUrl": origin }), "stock", steps).await;
    let link = house.partner.create_link_with(json!({ "jobId": job })).await;
    let mut customer = house.customer();
    let opening = customer.begin(&link.url).await;
    assert_eq!(house.engage().await, 1);
    let asked = customer.wait(&opening).await;

    let fields = [("User name", "ann"), ("Password", "wrong")];
    let again = customer.press(&asked, "Sign in", &fields).await;
    again.alerts("That password is wrong.");
    let fields = [("User name", "ann"), ("Password", "correct-horse-1")];
    customer.press(&again, "Sign in", &fields).await.says("You are signed in");
    assert_eq!(house.run().await, 1);

    let shown = "status logins(first: 2) { edges { node { driver } } } run { output failure { code message } steps { kind status error } }";
    let shown = house.partner.link(&link.id, shown).await;
    assert_eq!(shown["run"]["output"], json!({ "stock": { "stock": "seven crates" } }), "{shown}");
    assert_eq!(shown["logins"]["edges"][0]["node"]["driver"], "BROWSER");
}

/// What `postern inspect` makes of a page.
async fn inspected(house: &House, url: &str, options: &[&str]) -> Value {
    let mut program = Command::new(env!("CARGO_BIN_EXE_postern"));
    program.args(["inspect", url, "--json", "--allow", url]).args(options).current_dir(house.data_dir());
    let done = tokio::task::spawn_blocking(move || program.output().unwrap()).await.unwrap();
    serde_json::from_slice(&done.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&done.stderr)))
}

async fn the_program_looks_at_a_page_as_a_login_by_auto_would(house: &mut House) {
    let origin = depot().await;

    let by_http = inspected(house, &origin, &["--driver", "http"]).await;
    let by_auto = inspected(house, &origin, &[]).await;
    let plain = inspected(house, &house.bank.origin, &[]).await;

    let seen = |sheet: &Value| [sheet["step"]["kind"].clone(), sheet["driver"].clone()];
    assert_eq!(seen(&by_http), ["METHOD_UNSUPPORTED", "http"]);
    assert_eq!(seen(&by_auto), ["CREDENTIALS", "browser"]);
    // Where no scripts are missed, no browser is started.
    assert_eq!(plain["driver"], "http");
}
