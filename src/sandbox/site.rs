//! The requests that the site answers.
//!
//! Every form carries the visitor's token against forgery and is counted before anything is checked.
//! A visitor who signs in gets a new session cookie; so does a browser that comes without one.

mod answer;
mod inside;
mod known;
mod look;

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::desk::Desk;
use super::page::{self, Notice, Start};
use answer::Sent;
use known::Known;

/// Bytes of a form; the longest honest one has a few hundred.
const MAX_FORM: usize = 16 * 1024;

type Site = Arc<Desk>;

/// Builds the site, with a memory of its own.
pub fn router() -> Router {
    Router::new()
        .route("/", get(start))
        .route("/style.css", get(style))
        .route("/_counts", get(counts))
        .route("/login", shared("sign_in"))
        .route("/login/name", shared("name"))
        .route("/login/password", shared("password"))
        .route("/login/code", shared("code_app"))
        .route("/at/{username}", get(first).post(first_answer))
        .route("/at/{username}/{page}", get(own).post(own_answer))
        .route("/account", get(inside::account))
        .route("/statements", get(inside::statements))
        .route("/statements/{file}", get(inside::statement))
        .route("/logout", get(inside::logout))
        .fallback(lost)
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(map_response(guard))
        .with_state(Arc::new(Desk::new()))
}

/// A page that several scenarios have at the same address.
fn shared(page: &'static str) -> axum::routing::MethodRouter<Site> {
    let look =
        move |State(site): State<Site>, known: Known| async move { look::shared(&site, known, page).await };
    let answer = move |State(site): State<Site>, known: Known, sent: Sent| async move {
        answer::shared(&site, known, sent, page).await
    };
    get(look).post(answer)
}

async fn first(
    State(site): State<Site>,
    known: Known,
    Path(username): Path<String>,
    headers: HeaderMap,
) -> Response {
    look::own(&site, known, (&username, None), &headers).await
}

async fn own(
    State(site): State<Site>,
    known: Known,
    Path((username, page)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    look::own(&site, known, (&username, Some(&page)), &headers).await
}

async fn first_answer(
    State(site): State<Site>,
    known: Known,
    Path(username): Path<String>,
    sent: Sent,
) -> Response {
    answer::own(&site, known, (&username, None), sent).await
}

async fn own_answer(
    State(site): State<Site>,
    known: Known,
    Path((username, page)): Path<(String, String)>,
    sent: Sent,
) -> Response {
    answer::own(&site, known, (&username, Some(&page)), sent).await
}

async fn start() -> Response {
    page::show(StatusCode::OK, &Start::new())
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("templates/style.css"))
}

async fn counts(State(site): State<Site>) -> impl IntoResponse {
    Json(site.counts())
}

async fn lost() -> Response {
    let text = "There is nothing at this address.";
    page::show(StatusCode::NOT_FOUND, &Notice { title: "Page not found", text })
}

fn stale() -> Response {
    let text = "This form is no longer valid. Please start again.";
    page::show(StatusCode::FORBIDDEN, &Notice { title: "Please start again", text })
}

/// Keeps pages out of caches and frames, and scripts out of those that have none of their own.
async fn guard(mut response: Response) -> Response {
    let policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'";
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
