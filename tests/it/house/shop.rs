//! A shop whose mind can be changed: it forgets who is signed in, takes another password, asks for a code,
//! or stops to answer. For stories about what is kept.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use futures_util::{StreamExt as _, stream};
use tokio::net::TcpListener;
use tokio::sync::watch;
use url::form_urlencoded;

/// The password of the shop's customer, until it is changed. It is found nowhere else.
pub(crate) const KEPT: &str = "Kept-9c4e-Passw0rd";
/// The one code that the shop takes.
pub(crate) const CODE: &str = "246810";

/// What the shop does now.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a whim of its own")]
pub(crate) struct Mind {
    pub(crate) password: String,
    /// Which sessions are good: those of this number.
    pub(crate) season: usize,
    /// Whether a code is asked for after the password.
    pub(crate) asks_code: bool,
    /// Whether the password is read and never answered.
    pub(crate) thinks: bool,
    /// From which time on the orders are asked for and never shown; 0 = they are.
    pub(crate) hangs_from: usize,
    /// Whether a file is begun and never ended.
    pub(crate) hangs_in_files: bool,
    /// Whether everything is out of order.
    pub(crate) is_closed: bool,
    /// Whether whoever signs in is told that the account is locked.
    pub(crate) is_locked: bool,
    /// The passwords that came, right or wrong.
    pub(crate) passwords: Vec<String>,
    pub(crate) codes: usize,
    pub(crate) files: usize,
    /// How often the orders were asked for by somebody who is signed in.
    pub(crate) orders: usize,
}

#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) origin: String,
    mind: Arc<Mutex<Mind>>,
    moved: watch::Sender<()>,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mind = Mind {
            password: KEPT.to_owned(),
            season: 1,
            asks_code: false,
            thinks: false,
            hangs_from: 0,
            hangs_in_files: false,
            is_closed: false,
            is_locked: false,
            passwords: Vec::new(),
            codes: 0,
            orders: 0,
            files: 0,
        };
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let shop = Self { origin, mind: Arc::new(Mutex::new(mind)), moved: watch::Sender::new(()) };
        let routes = Router::new()
            .route("/login", get(form).post(password))
            .route("/code", get(code_form).post(code))
            .route("/orders", get(orders))
            .route("/orders.csv", get(file))
            .with_state(shop.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        shop
    }

    /// What the shop does and has heard, now.
    pub(crate) fn mind(&self) -> Mind {
        self.mind.lock().unwrap().clone()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Mind)) {
        change(&mut self.mind.lock().unwrap());
        self.moved.send_modify(|()| {});
    }

    /// Nobody is signed in any more.
    pub(crate) fn forget_sessions(&self) {
        self.change(|mind| mind.season += 1);
    }

    /// Returns once so many passwords have come.
    pub(crate) async fn has_heard(&self, passwords: usize) {
        self.until(|mind| mind.passwords.len() >= passwords).await;
    }

    /// Returns once the orders were asked for so often.
    pub(crate) async fn has_shown(&self, orders: usize) {
        self.until(|mind| mind.orders >= orders).await;
    }

    /// Returns once so many files were asked for.
    pub(crate) async fn has_handed_out(&self, files: usize) {
        self.until(|mind| mind.files >= files).await;
    }

    async fn until(&self, is_so: impl Fn(&Mind) -> bool + Send + Sync) {
        let mut moved = self.moved.subscribe();
        let waited = async {
            while !is_so(&self.mind()) {
                moved.changed().await.unwrap();
            }
        };
        tokio::time::timeout(super::PATIENCE, waited).await.expect("the shop is asked in time");
    }

    fn knows(&self, headers: &HeaderMap, stage: &str) -> bool {
        let cookie = headers.get(header::COOKIE).and_then(|cookie| cookie.to_str().ok()).unwrap_or_default();
        cookie.split("; ").any(|pair| pair == format!("shop={stage}{}", self.mind().season))
    }

    fn admit(&self, stage: &str, to: &str) -> Response {
        let cookie = format!("shop={stage}{}; Path=/; HttpOnly", self.mind().season);
        ([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response()
    }
}

fn sign_in_page(error: &str) -> Response {
    Html(format!(
        "<title>Shop</title><h1>Sign in</h1>{error}<form method=post action=/login>
         <label>User name <input name=user></label><label>Password <input type=password name=password></label>
         <button>Sign in</button></form>"
    ))
    .into_response()
}

async fn form(State(shop): State<Shop>, headers: HeaderMap) -> Response {
    if shop.mind().is_closed {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if shop.knows(&headers, "in") { Redirect::to("/orders").into_response() } else { sign_in_page("") }
}

fn field(body: &str, name: &str) -> String {
    let mut pairs = form_urlencoded::parse(body.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

async fn password(State(shop): State<Shop>, body: String) -> Response {
    let given = field(&body, "password");
    shop.change(|mind| mind.passwords.push(given.clone()));
    let now = shop.mind();
    if now.thinks {
        std::future::pending::<()>().await;
    }
    if now.is_locked {
        let words = "<p role=alert class=error>Your account has been locked. Please contact us.</p>";
        return Html(format!("<title>Shop</title><h1>Sign in</h1>{words}")).into_response();
    }
    if given != now.password {
        return sign_in_page("<p role=alert class=error>The user name or the password is not right.</p>");
    }
    if now.asks_code { shop.admit("half", "/code") } else { shop.admit("in", "/orders") }
}

async fn code_form(State(shop): State<Shop>, headers: HeaderMap) -> Response {
    if !shop.knows(&headers, "half") {
        return Redirect::to("/login").into_response();
    }
    let page = "<title>Shop</title><h1>One more step</h1><p>Enter the code from your authenticator app.</p>
        <form method=post action=/code><label>Verification code
        <input name=otp maxlength=6 inputmode=numeric autocomplete=one-time-code></label><button>Verify</button></form>";
    Html(page).into_response()
}

async fn code(State(shop): State<Shop>, body: String) -> Response {
    shop.change(|mind| mind.codes += 1);
    if field(&body, "otp") == CODE {
        shop.admit("in", "/orders")
    } else {
        Redirect::to("/code").into_response()
    }
}

async fn orders(State(shop): State<Shop>, headers: HeaderMap) -> Response {
    let now = shop.mind();
    if now.is_closed {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if !shop.knows(&headers, "in") {
        return Redirect::to("/login").into_response();
    }
    shop.change(|mind| mind.orders += 1);
    if now.hangs_from > 0 && now.orders + 1 >= now.hangs_from {
        std::future::pending::<()>().await;
    }
    let page = "<title>Orders</title><h1>Your orders</h1><a href=/logout>Log out</a>
        <a id=csv href=/orders.csv>CSV</a>
        <table id=orders><tr><th>No<th>Sum</tr><tr><td>17<td>9.90</tr></table>";
    Html(page).into_response()
}

async fn file(State(shop): State<Shop>, headers: HeaderMap) -> Response {
    if !shop.knows(&headers, "in") {
        return Redirect::to("/login").into_response();
    }
    let now = shop.mind();
    shop.change(|mind| mind.files += 1);
    let begun = stream::iter([Ok::<_, std::io::Error>("no,sum\n17,9.90\n")]);
    let body = if now.hangs_in_files {
        Body::from_stream(begun.chain(stream::pending()))
    } else {
        Body::from_stream(begun)
    };
    ([(header::CONTENT_TYPE, "text/csv")], body).into_response()
}
