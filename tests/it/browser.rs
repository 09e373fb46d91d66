//! A source system whose pages need their scripts: the login moves to the browser, and the run stays there.

use axum::Router;
use axum::response::Html;
use axum::routing::{get, post};
use serde_json::json;
use tokio::net::TcpListener;

use crate::house::House;

stories! {
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
