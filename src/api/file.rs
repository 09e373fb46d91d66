//! Files of runs: in the schema as URLs, and at those URLs as what they are.
//!
//! What is behind a URL is a stranger's file on our own address: it is only ever saved, never shown.

use async_graphql::{Context, Result as GraphQlResult, SimpleObject};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use entity::run_file;
use futures_util::stream;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::context::app;
use super::error::top_level;
use super::scalar::{DateTime, Url};
use crate::service::{App, Error, file as service};

/// What RFC 8187 leaves as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// A file that a step of a run was handed out.
#[derive(SimpleObject)]
pub(super) struct RunFile {
    /// What the step calls it.
    name: String,
    /// The step's workflow.
    workflow: String,
    /// What the site calls it, if it does; without a path, safe to save under.
    file_name: Option<String>,
    /// In bytes.
    size: i64,
    /// What the site says it is, such as `application/pdf`.
    content_type: String,
    /// Where it can be fetched with GET for ten minutes by whoever has this URL, without a key. Ask again for
    /// another one.
    download_url: Url,
    /// When it is deleted.
    expires_at: DateTime,
}

impl RunFile {
    /// The file with a fresh URL.
    pub(super) fn new(ctx: &Context<'_>, row: run_file::Model) -> GraphQlResult<Self> {
        let url = service::url(app(ctx)?, &row).map_err(top_level)?;
        Ok(Self {
            name: row.name,
            workflow: row.workflow,
            file_name: row.file_name,
            size: row.size,
            content_type: row.content_type,
            download_url: Url(url),
            expires_at: DateTime(row.expires_at),
        })
    }
}

/// Serves files at the addresses that `downloadUrl` gives.
pub(super) fn router(app: App) -> Router {
    Router::new().route("/files/{token}", get(fetch)).with_state(app)
}

async fn fetch(State(app): State<App>, Path(token): Path<String>) -> Response {
    match service::open(&app, &token).await {
        Ok(file) => saved(app, file),
        Err(error) => refused(&error),
    }
}

fn saved(app: App, file: run_file::Model) -> Response {
    let mut headers = HeaderMap::from_iter(ALWAYS);
    let kind = HeaderValue::from_str(&file.content_type).ok();
    headers
        .insert(header::CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    headers.insert(header::CONTENT_LENGTH, file.size.into());
    headers.insert(header::CONTENT_DISPOSITION, disposition(&file));
    let pieces = stream::try_unfold((app, file, 0), async |(app, file, number)| {
        let piece = service::piece(&app, &file, number).await.inspect_err(|error| {
            tracing::warn!(file.id = %file.id, error = error as &dyn std::error::Error, "A file could not be read.");
        })?;
        Ok::<_, Error>(piece.map(|piece| (Bytes::from(piece), (app, file, number + 1))))
    });
    (headers, Body::from_stream(pieces)).into_response()
}

/// To be saved under the site's name (RFC 6266), or the step's.
fn disposition(file: &run_file::Model) -> HeaderValue {
    let name = file.file_name.as_deref().unwrap_or(&file.name);
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let text =
        format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, KEPT));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
}

const fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '.' | '_' | '(' | ')')
}

fn refused(error: &Error) -> Response {
    let (status, text) = match error {
        Error::NotFound => (StatusCode::NOT_FOUND, "There is no such file.\n"),
        Error::Gone => {
            (StatusCode::GONE, "This address was good for ten minutes; read downloadUrl again for another.\n")
        }
        Error::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment.\n"),
        _ => {
            tracing::error!(error = error as &dyn std::error::Error, "A file could not be opened.");
            (StatusCode::INTERNAL_SERVER_ERROR, "The file could not be opened.\n")
        }
    };
    (status, HeaderMap::from_iter(ALWAYS), text).into_response()
}
