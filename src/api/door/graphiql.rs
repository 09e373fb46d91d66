//! GraphiQL from our own files, for those who try the API out: nothing is fetched from anybody else.
//!
//! The page has no key. Who uses it types one into the headers editor, and it stays in that tab. What comes
//! from others is kept compressed, as `scripts/vendor-graphiql` has packed it, and sent like that to every client
//! that can read it. The API itself is the same as for any client, so turning the page on opens nothing.

use std::io::Read as _;

use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::read::GzDecoder;

const PAGE: &str = include_str!("graphiql/page.html");

/// Nothing but our own files and our own API. The editor sets styles as it draws.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The files beside the page: name, type, and what is in them.
const FILES: [(&str, &str, Content); 6] = [
    ("start.js", "text/javascript; charset=utf-8", Content::Ours(include_str!("graphiql/start.js"))),
    ("start.css", "text/css; charset=utf-8", Content::Ours(include_str!("graphiql/start.css"))),
    ("react.js", "text/javascript; charset=utf-8", Content::Packed(include_bytes!("graphiql/react.js.gz"))),
    (
        "react-dom.js",
        "text/javascript; charset=utf-8",
        Content::Packed(include_bytes!("graphiql/react-dom.js.gz")),
    ),
    (
        "graphiql.js",
        "text/javascript; charset=utf-8",
        Content::Packed(include_bytes!("graphiql/graphiql.js.gz")),
    ),
    ("graphiql.css", "text/css; charset=utf-8", Content::Packed(include_bytes!("graphiql/graphiql.css.gz"))),
];

#[derive(Clone, Copy)]
enum Content {
    Ours(&'static str),
    /// Compressed by gzip.
    Packed(&'static [u8]),
}

/// The page and its files.
pub(super) fn router() -> Router {
    Router::new().route("/graphiql", get(async || page())).route("/graphiql/{file}", get(file))
}

/// Whether a browser has come to `/graphql` to look, rather than a program to ask.
pub(super) fn is_wanted(parts: &Parts) -> bool {
    let accepts = parts.headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    parts.method == Method::GET && parts.uri.query().is_none() && accepts.contains("text/html")
}

/// The page.
pub(super) fn page() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (VARY, "accept"),
    ];
    (headers, PAGE).into_response()
}

async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some((_, kind, content)) = FILES.into_iter().find(|(known, ..)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let told = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "public, max-age=3600"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (VARY, "accept-encoding"),
    ];
    match content {
        Content::Ours(text) => (told, text).into_response(),
        Content::Packed(bytes) if takes_gzip(&headers) => {
            (told, [(CONTENT_ENCODING, "gzip")], bytes).into_response()
        }
        Content::Packed(bytes) => {
            let mut whole = Vec::new();
            match GzDecoder::new(bytes).read_to_end(&mut whole) {
                Ok(_) => (told, whole).into_response(),
                Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        }
    }
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut codings = lists.flat_map(|list| list.split(',')).map(|coding| coding.replace(' ', ""));
    codings
        .any(|coding| coding == "gzip" || (coding.starts_with("gzip;q=") && !coding.starts_with("gzip;q=0")))
}
