//! A site before the sandbox that keeps the last page it showed, and can show any page again. Tests only.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use url::Url;

use crate::sandbox;

/// A page as it was shown.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) path: String,
    pub(super) body: Bytes,
    status: StatusCode,
    headers: HeaderMap,
}

pub(super) struct Stage {
    origin: String,
    pages: Arc<Mutex<Pages>>,
}

#[derive(Default)]
struct Pages {
    last: Option<Shown>,
    again: Option<Shown>,
}

impl Shown {
    /// A page of our own.
    pub(super) fn html(path: &str, html: &str) -> Self {
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        let headers = [(header::CONTENT_TYPE, kind)].into_iter().collect();
        Self { path: path.to_owned(), body: html.to_owned().into(), status: StatusCode::OK, headers }
    }

    /// Whether it moves by itself, or shows what another page has.
    pub(super) fn is_active(&self) -> bool {
        let text = String::from_utf8_lossy(&self.body).to_ascii_lowercase();
        ["<script", "onload=", "<iframe"].iter().any(|mark| text.contains(mark))
    }

    /// The page without what is another one for each visitor.
    pub(super) fn key(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let is_token = |part: &&str| part.len() == 32 && part.bytes().all(|b| b.is_ascii_hexdigit());
        let parts: Vec<&str> = text.split('"').filter(|part| !is_token(part)).collect();
        format!("{} {}", self.status, parts.join("\""))
    }
}

impl Stage {
    pub(super) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let pages = Arc::<Mutex<Pages>>::default();
        let (site, shown) = (sandbox::router(), Arc::clone(&pages));
        let play = move |request: Request| play(site.clone(), Arc::clone(&shown), request);
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(play)).await });
        Self { origin, pages }
    }

    pub(super) fn url(&self, path: &str) -> Url {
        format!("{}{path}", self.origin).parse().unwrap()
    }

    /// The last page that was shown.
    pub(super) fn last(&self) -> Option<Shown> {
        self.pages.lock().unwrap().last.clone()
    }

    /// From now on its address shows this page.
    pub(super) fn show_again(&self, page: &Shown) {
        self.pages.lock().unwrap().again = Some(page.clone());
    }
}

async fn play(site: Router, pages: Arc<Mutex<Pages>>, request: Request) -> Response {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let again = pages.lock().unwrap().again.clone();
    if let Some(page) = again.filter(|page| page.path == path) {
        return (page.status, page.headers, page.body).into_response();
    }
    let (head, body) = site.oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !head.status.is_redirection() && kind.is_some_and(|kind| kind.starts_with("text/html")) {
        let (status, headers, body) = (head.status, head.headers.clone(), body.clone());
        pages.lock().unwrap().last = Some(Shown { path, body, status, headers });
    }
    Response::from_parts(head, Body::from(body))
}
