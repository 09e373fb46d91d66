//! Pages that need their scripts, on a site of our own that notes who asked for what. Tests only.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use url::Url;

/// What a path answers with: headers and a body.
type Answer = (Vec<(HeaderName, &'static str)>, String);

pub(super) struct Pages {
    pub(super) origin: String,
    seen: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
struct Shared {
    pages: Arc<Vec<(&'static str, Answer)>>,
    seen: Arc<Mutex<Vec<String>>>,
}

/// A page of HTML.
pub(super) fn html(body: &str) -> Answer {
    (vec![(header::CONTENT_TYPE, "text/html; charset=utf-8")], body.to_owned())
}

impl Pages {
    /// A site at 127.0.0.1 with these pages.
    pub(super) async fn start(pages: Vec<(&'static str, Answer)>) -> Self {
        Self::at("127.0.0.1", pages).await
    }

    pub(super) async fn at(host: &str, pages: Vec<(&'static str, Answer)>) -> Self {
        let listener = TcpListener::bind((host, 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let shared = Shared { pages: Arc::new(pages), seen: Arc::clone(&seen) };
        let router = Router::new().fallback(answer).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { origin, seen }
    }

    pub(super) fn url(&self, path: &str) -> Url {
        format!("{}{path}", self.origin).parse().unwrap()
    }

    /// How many requests had this text in their method, path or body.
    pub(super) fn asked_with(&self, text: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|seen| seen.contains(text)).count()
    }
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1_000_000).await.unwrap();
    let seen = format!("{} {} {}", parts.method, parts.uri, String::from_utf8_lossy(&body));
    shared.seen.lock().unwrap().push(seen);
    // What scripts ask for: a token for the right password, and who has it.
    if parts.uri.path() == "/api/token" {
        let right = String::from_utf8_lossy(&body).contains("right");
        let answer =
            if right { (StatusCode::OK, "{\"token\":\"t-77\"}") } else { (StatusCode::UNAUTHORIZED, "{}") };
        return answer.into_response();
    }
    if parts.uri.path() == "/api/me" {
        let known = parts.headers.get("authorization").is_some_and(|value| value == "Bearer t-77");
        return if known { "ann".into_response() } else { StatusCode::UNAUTHORIZED.into_response() };
    }
    let found = shared.pages.iter().find(|(path, _)| *path == parts.uri.path());
    match found {
        Some((_, (headers, body))) => {
            let headers: axum::http::HeaderMap =
                headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
            (headers, body.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// An app in one page: it draws its own form, without names, asks for a token and keeps it in the browser.
pub(super) const APP: &str = r#"
const root = document.querySelector('#app');
const home = async () => {
  const me = await fetch('/api/me', { headers: { authorization: 'Bearer ' + localStorage.getItem('token') } });
  if (!me.ok) return form('');
  root.innerHTML = '<h1>Welcome back</h1><nav><a href="/a">News</a> <a href="/b">Offers</a></nav>'
    + '<p id=who>' + await me.text() + '</p><button id=out>Log out</button>';
};
const form = (message) => {
  root.innerHTML = '<h1>Sign in</h1><div role=alert>' + message + '</div><div class=f>'
    + '<label for=a>User name</label><input id=a><label for=b>Password</label><input id=b type=password>'
    + '<button id=go type=submit>Sign in</button></div>';
  document.querySelector('#go').addEventListener('click', async () => {
    const [user, pw] = ['#a', '#b'].map((id) => document.querySelector(id).value);
    const answer = await fetch('/api/token', { method: 'POST', body: JSON.stringify({ user, pw }) });
    if (!answer.ok) return form('That password is wrong.');
    localStorage.setItem('token', (await answer.json()).token);
    await home();
  });
};
home();
"#;
