//! The customer's door: server-rendered pages that work without scripts.
//!
//! ```text
//! GET  /l/{token}           who asks, which site, what happens with the data; changes nothing
//! POST /l/{token}           the click: a login begins, its cookie is set, on to /s/{login id}
//! GET  /s/{login}           the current prompt, progress, or how it ended
//! POST /s/{login}           the answer to one prompt, then back to /s/{login}
//! GET  /s/{login}/events    tells an open page that there is something new to load
//! GET  /assets/{version}/…  our one style sheet, one script and one icon
//! ```
//! A handler reads what came in, makes one call to `service::visit` and shows what it got. Whatever
//! goes wrong is a `trouble::Trouble`; one layer turns it into a sentence in the customer's language,
//! and another puts the protective headers on every answer. What a prompt means, who may sign in and
//! what is stored is not decided here.

mod asking;
mod asset;
mod body;
mod cookie;
mod error;
mod form;
mod guard;
mod header;
mod landing;
mod language;
mod limit;
mod live;
mod scene;
mod trouble;
mod view;
mod words;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use ipnet::IpNet;
use tower_http::catch_panic::CatchPanicLayer;
use url::Url;

use crate::service::App;
use trouble::Trouble;

/// What the operator decides about the page.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where customers reach this server; plain http only on loopback, which the configuration checks.
    pub public_url: Url,
    /// Whose `X-Forwarded-For` says who a client is.
    pub trusted_proxies: Vec<IpNet>,
}

/// What every handler may use.
#[derive(Clone)]
struct Door {
    app: App,
    settings: Arc<Settings>,
}

/// Builds the customer's door. It owns the fallback: any unknown address is answered in words.
pub fn router(app: App, settings: Settings) -> Router {
    let settings = Arc::new(settings);
    let door = Door { app, settings: Arc::clone(&settings) };
    let limit = Arc::new(limit::Limit::new(settings.trusted_proxies.clone()));
    let routes = Router::new()
        .route("/l/{token}", get(landing::show).post(landing::click))
        .route_layer(from_fn_with_state(limit, limit::links))
        .route("/s/{login}", get(scene::show).post(scene::answer))
        .route("/s/{login}/events", get(live::events))
        .route("/assets/{version}/{file}", get(asset::serve))
        .with_state(door);
    dressed(routes, settings)
}

/// Puts around `routes` what holds for every answer: same-origin answers only, words instead of bare
/// codes, and the protective headers.
fn dressed(routes: Router, settings: Arc<Settings>) -> Router {
    routes
        .method_not_allowed_fallback(async || Trouble::Method)
        .fallback(async || Trouble::Path)
        .layer(from_fn_with_state(Arc::clone(&settings), guard::same_origin))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(error::tell))
        .layer(from_fn_with_state(settings, header::protect))
}

/// The panic hook has already logged the cause; the customer gets a reference, the log the same one.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    error::internal("a handler of the page panicked").into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::{Method, Request, StatusCode, header};
    use axum::routing::post;
    use tower::ServiceExt;

    use super::*;

    /// The layers around handlers that need no service.
    fn house(public_url: &str) -> Router {
        let routes = Router::new()
            .route("/fine", get(async || "fine"))
            .route("/form", post(async || "taken"))
            .route("/panics", get(async || -> &'static str { panic!("private cause") }));
        dressed(
            routes,
            Arc::new(Settings { public_url: public_url.parse().unwrap(), trusted_proxies: Vec::new() }),
        )
    }

    async fn send(public_url: &str, request: Request<Body>) -> Response {
        house(public_url).oneshot(request).await.unwrap()
    }

    fn request(method: Method, path: &str) -> Request<Body> {
        Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
    }

    async fn text(response: Response) -> String {
        String::from_utf8(to_bytes(response.into_body(), 100_000).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn every_answer_carries_the_protective_headers_errors_included() {
        for (method, path, status) in [
            (Method::GET, "/fine", StatusCode::OK),
            (Method::GET, "/nothing", StatusCode::NOT_FOUND),
            (Method::DELETE, "/fine", StatusCode::METHOD_NOT_ALLOWED),
            (Method::GET, "/panics", StatusCode::INTERNAL_SERVER_ERROR),
        ] {
            let answer = send("https://p.example/", request(method, path)).await;

            assert_eq!(answer.status(), status, "{path}");
            let is = |name: &str| answer.headers().get(name).map_or("", |v| v.to_str().unwrap());
            assert!(is("content-security-policy").starts_with("default-src 'none'; "), "{path}");
            assert!(is("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
            assert_eq!(is("referrer-policy"), "no-referrer", "{path}");
            assert_eq!(is("cache-control"), "no-store", "{path}");
            assert_eq!(is("x-robots-tag"), "noindex, nofollow", "{path}");
            assert_eq!(is("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(is("cross-origin-opener-policy"), "same-origin", "{path}");
        }
    }

    #[tokio::test]
    async fn a_wrong_method_is_told_in_words_and_with_the_right_ones() {
        let answer = send("https://p.example/", request(Method::PUT, "/form")).await;

        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers()[header::ALLOW], "POST");
        assert!(text(answer).await.contains("This page cannot be used that way"));
    }

    #[tokio::test]
    async fn a_panic_becomes_a_page_with_a_reference_and_without_its_cause() {
        let answer = text(send("https://p.example/", request(Method::GET, "/panics")).await).await;

        assert!(answer.contains("Reference: "));
        assert!(!answer.contains("private cause"));
    }

    #[tokio::test]
    async fn words_come_in_the_browsers_language() {
        let mut asked = request(Method::GET, "/nothing");
        asked.headers_mut().insert(header::ACCEPT_LANGUAGE, "de-DE,de;q=0.9,en;q=0.5".parse().unwrap());

        let page = text(send("https://p.example/", asked).await).await;

        assert!(page.contains("<html lang=\"de\""));
        assert!(page.contains("Unter dieser Adresse gibt es nichts"));
    }

    #[tokio::test]
    async fn a_form_sent_from_another_site_is_refused() {
        let from = |name: &'static str, value: &'static str| {
            let mut asked = request(Method::POST, "/form");
            asked.headers_mut().insert(name, value.parse().unwrap());
            send("https://p.example/", asked)
        };
        assert_eq!(from("sec-fetch-site", "cross-site").await.status(), StatusCode::FORBIDDEN);
        assert_eq!(from("origin", "https://evil.example").await.status(), StatusCode::FORBIDDEN);
        assert_eq!(from("sec-fetch-site", "same-origin").await.status(), StatusCode::OK);
    }
}
