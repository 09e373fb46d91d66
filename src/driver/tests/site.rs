//! A small site with one way to sign in for each thing that can go right or wrong. Tests only.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use url::{Url, form_urlencoded};

/// The site on two hosts: the second is nobody's allowed origin.
pub(super) struct Site {
    pub(super) origin: String,
    seen: Posts,
}

/// Every POST: host, path, body.
type Posts = Arc<Mutex<Vec<(String, String, String)>>>;

#[derive(Clone)]
struct Shared {
    posts: Posts,
    other: String,
}

impl Site {
    pub(super) async fn start() -> Self {
        let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let second = TcpListener::bind("127.0.0.2:0").await.unwrap();
        let address = |listener: &TcpListener| -> SocketAddr { listener.local_addr().unwrap() };
        let (origin, other) = (format!("http://{}", address(&first)), format!("http://{}", address(&second)));
        let seen = Posts::default();
        for listener in [first, second] {
            let shared = Shared { posts: Arc::clone(&seen), other: other.clone() };
            tokio::spawn(async move { axum::serve(listener, router(shared)).await });
        }
        Self { origin, seen }
    }

    pub(super) fn url(&self, path: &str) -> Url {
        format!("{}{path}", self.origin).parse().unwrap()
    }

    /// How many POSTs carried `text`, on either host.
    pub(super) fn posts_with(&self, text: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|(_, _, body)| body.contains(text)).count()
    }

    /// How many POSTs the second host has seen.
    pub(super) fn posts_outside(&self) -> usize {
        self.seen.lock().unwrap().iter().filter(|(host, _, _)| host.starts_with("127.0.0.2")).count()
    }

    pub(super) fn last_post(&self) -> String {
        self.seen.lock().unwrap().last().map(|(_, _, body)| body.clone()).unwrap_or_default()
    }
}

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/{scene}/login", get(login).post(entered))
        .route("/{scene}/code", post(code))
        .route("/{scene}/home", get(home))
        .route("/plain/orders", get(orders))
        .route("/file/{kind}", get(file).post(file))
        .route("/loop/round", get(async || Redirect::to("/loop/round")))
        .route(
            "/taken",
            post(async |State(shared): State<Shared>, headers: HeaderMap, body: Bytes| {
                note(&shared, &headers, "/taken", &body);
                Html("<h1>Thank you</h1>")
            }),
        )
        .with_state(shared)
}

fn note(shared: &Shared, headers: &HeaderMap, path: &str, body: &Bytes) {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let body = String::from_utf8_lossy(body).into_owned();
    shared.posts.lock().unwrap().push((host.to_owned(), path.to_owned(), body));
}

fn cookie(headers: &HeaderMap, pair: &str) -> bool {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split("; ")).any(|one| one == pair)
}

fn form(scene: &str, message: &str) -> String {
    format!(
        "<title>Corner shop</title><h1>Sign in</h1>{message}<form method=post action='/{scene}/login'>\
         <input type=hidden name=token value=t-1><input type=submit value='' hidden>\
         <label>User name <input name=user></label><label>Password <input type=password name=pw></label>\
         <label><input type=checkbox name=keep value=yes>Remember me</label>\
         <button name=help value=1>Forgot?</button><button>Sign in</button></form>"
    )
}

const NAME_ONLY: &str = "<h1>Sign in</h1><form method=post><input name=user placeholder='User name'>\
    <button>Next</button></form>";
const PASSWORD_ONLY: &str = "<h1>Sign in</h1><form method=post><input type=hidden name=user value=ann>\
    <input type=password name=pw placeholder=Password><button>Sign in</button></form>";
const CODE: &str = "<h1>Check your phone</h1><p>We sent a text message to ***23.</p>MESSAGE\
    <form method=post action='/code/code'><label>Code <input name=otp maxlength=6 autocomplete=one-time-code></label>\
    <button name=again value=1 formaction='/code/code'>Resend code</button><button>Verify</button></form>";

async fn login(Path(scene): Path<String>, State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let set = [(header::SET_COOKIE, "guard=g-1; Path=/; HttpOnly")];
    match scene.as_str() {
        "probe" if cookie(&headers, "sid=in") => Redirect::to("/probe/home").into_response(),
        "pages" => Html(NAME_ONLY).into_response(),
        "slow" => {
            tokio::time::sleep(Duration::from_mins(5)).await;
            StatusCode::OK.into_response()
        }
        "huge" => (set, Html(form("huge", "") + &"<p>filler</p>".repeat(800_000))).into_response(),
        "loop" => Redirect::to("/loop/round").into_response(),
        "away" => Redirect::to(&format!("{}/plain/login", shared.other)).into_response(),
        "aimed" => Html(form("plain", "").replace("/plain/login", &format!("{}/taken", shared.other)))
            .into_response(),
        "image" => ([(header::CONTENT_TYPE, "image/png")], vec![0_u8; 3_000]).into_response(),
        "basic" if headers.get(header::AUTHORIZATION).is_some_and(|v| v == "Basic YW5uOnJpZ2h0") => {
            Html("<h1>Archive</h1>").into_response()
        }
        "basic" => (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Basic realm=\"Archive\"")])
            .into_response(),
        scene => (set, Html(form(scene, ""))).into_response(),
    }
}

async fn entered(
    Path(scene): Path<String>,
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    note(&shared, &headers, "login", &body);
    let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let value =
        |name: &str| fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let right = value("pw") == "right";
    let whole = value("token") == "t-1" && cookie(&headers, "guard=g-1") && value("help").is_empty();
    match scene.as_str() {
        "pages" if value("pw").is_empty() => Html(PASSWORD_ONLY).into_response(),
        "pages" if right => signed_in("pages"),
        "pages" => {
            Html(PASSWORD_ONLY.replace("<form", "<p class=error>Wrong password</p><form")).into_response()
        }
        "handed" => Redirect::temporary(&format!("{}/taken", shared.other)).into_response(),
        "stale" => {
            (StatusCode::FORBIDDEN, Html("<h1>Forbidden</h1><p>CSRF token missing.</p>")).into_response()
        }
        "mute" => Html(form("mute", "")).into_response(),
        "wordy" => {
            Html("<h1>Login failed: wrong password.</h1><a href=/wordy/login>Back</a>").into_response()
        }
        "lost" => Html("<h1>Hm</h1><form method=post><label>Shoe size <input name=s></label></form>")
            .into_response(),
        "assertion" if right => self_sending(&shared, "assertion-1"),
        "leaky" if right => self_sending(&shared, "right"),
        _ if !whole => Html(form(&scene, "<p class=error>The form was not whole.</p>")).into_response(),
        "code" if right => Html(CODE.replace("MESSAGE", "")).into_response(),
        scene if right => signed_in(scene),
        scene => Html(form(scene, "<div class=alert>Sorry, that password is wrong.</div>")).into_response(),
    }
}

/// A page that sends its form by itself to the other host.
fn self_sending(shared: &Shared, value: &str) -> Response {
    let form = format!(
        "<body onload='document.forms[0].submit()'><form method=post action='{}/taken'>\
         <input type=hidden name=assertion value={value}><noscript><button>Go on</button></noscript></form>",
        shared.other
    );
    Html(form).into_response()
}

fn signed_in(scene: &str) -> Response {
    let set = [(header::SET_COOKIE, "sid=in; Path=/; HttpOnly".to_owned())];
    (set, Redirect::to(&format!("/{scene}/home"))).into_response()
}

async fn code(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    note(&shared, &headers, "code", &body);
    let text = String::from_utf8_lossy(&body);
    if text.contains("again=1") {
        return Html(CODE.replace("MESSAGE", "<p>A new one is on its way.</p>")).into_response();
    }
    if text.contains("otp=123456") {
        return signed_in("code");
    }
    Html(CODE.replace("MESSAGE", "<p role=alert>That code is not valid.</p>")).into_response()
}

async fn home(Path(scene): Path<String>, headers: HeaderMap) -> Response {
    if !cookie(&headers, "sid=in") {
        return Redirect::to(&format!("/{scene}/login")).into_response();
    }
    let out = if scene == "probe" { "" } else { "<a href=/out>Log out</a>" };
    let nav = "<a href=/a>News</a> <a href=/b>Offers</a> <a href=/c>Help</a>";
    Html(format!("<h1>Your corner</h1>{nav}<p>Good things are on their way.</p>{out}")).into_response()
}

/// One file for each thing that can be wrong with one.
async fn file(Path(kind): Path<String>, State(shared): State<Shared>, headers: HeaderMap) -> Response {
    if !cookie(&headers, "sid=in") {
        return Redirect::to("/plain/login").into_response();
    }
    let csv = || {
        let named = (header::CONTENT_DISPOSITION, "attachment; filename=\"may 2026.csv\"");
        ([(header::CONTENT_TYPE, "text/csv"), named], "day,sum\n1,2\n").into_response()
    };
    match kind.as_str() {
        "csv" => csv(),
        "moved" => Redirect::to("/file/csv").into_response(),
        "away" => Redirect::to(&format!("{}/file/csv", shared.other)).into_response(),
        "soon" => {
            Html("<meta http-equiv=refresh content='1;url=/file/csv'><p>It begins soon.</p>").into_response()
        }
        "endless" => {
            let chunks =
                futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![7; 65_536])));
            axum::body::Body::from_stream(chunks).into_response()
        }
        "report.html" => {
            ([(header::CONTENT_DISPOSITION, "attachment")], Html("<h1>Report</h1>")).into_response()
        }
        "gone" => (StatusCode::NOT_FOUND, "nothing here").into_response(),
        _ => Html("<h1>Downloads</h1>").into_response(),
    }
}

const FILES: &str = "<form method=post action=/file/csv><button id=export name=as value=csv>Export</button></form>\
    <a class=csv href=/file/csv>a</a><a class=moved href=/file/moved>b</a><a class=away href=/file/away>c</a>\
    <a class=soon href=/file/soon>d</a><a class=endless href=/file/endless>e</a>\
    <a class=report href=/file/report.html>f</a><a class=gone href=/file/gone>g</a><a class=page href=/file/page>h</a>";

async fn orders(headers: HeaderMap) -> Response {
    if !cookie(&headers, "sid=in") {
        return Redirect::to("/plain/login").into_response();
    }
    let rows = "<tr><td class=no>1</td><td><a class=bill href=/bill/1>Bill</a></td></tr>\
        <tr><td class=no>2</td><td><a class=bill href=/bill/2>Bill</a></td></tr>";
    let search = "<form action=/plain/orders><input id=year name=year><button id=show>Show</button></form>";
    Html(format!("<h1>Orders</h1>{search}<table>{rows}</table>{FILES}<a id=home href=/plain/home>Home</a><a href=/out>Log out</a>"))
        .into_response()
}
