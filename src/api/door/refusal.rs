//! Refusals: why a request was not executed, as every transport says it.
//!
//! Each has a code the client can branch on. Under `application/json` a well-formed request whose
//! document is wrong is still answered with 200; everything else has the same status everywhere.

use std::time::Duration;

use async_graphql::{ErrorExtensionValues, Pos, ServerError};
use axum::http::header::{ALLOW, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::cost::Cost;

/// Where a request went wrong, which decides its status under `application/json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The request around the document, or the server.
    Exchange,
    /// The document or its variables.
    Document,
}

/// Why nothing was executed. It is written as an answer with errors and without data.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Refusal {
    #[serde(skip)]
    status: StatusCode,
    #[serde(skip)]
    fault: Fault,
    #[serde(skip)]
    header: Option<(HeaderName, HeaderValue)>,
    /// What the client reads; never empty.
    pub(super) errors: Vec<ServerError>,
}

impl Refusal {
    fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let errors = vec![coded(ServerError::new(message, None), code)];
        Self { status, fault: Fault::Exchange, header: None, errors }
    }

    /// The request is not what GraphQL over HTTP allows.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    /// No answer can be given in a form the client accepts.
    pub(super) fn not_acceptable(message: &str) -> Self {
        Self::new(StatusCode::NOT_ACCEPTABLE, "BAD_REQUEST", message)
    }

    /// The body is not JSON in UTF-8.
    pub(super) fn unsupported_media() -> Self {
        let message = "The body must be application/json in UTF-8, without content encoding.";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", message)
    }

    /// The body is longer than `limit` bytes.
    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!("The body may have at most {limit} bytes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "BAD_REQUEST", message)
    }

    /// The JSON of the request has more than `limit` values.
    pub(super) fn too_many_values(limit: usize) -> Self {
        let message = format!("The request has too many values: at most {limit} are allowed.");
        Self::new(StatusCode::BAD_REQUEST, "QUERY_TOO_COMPLEX", message)
    }

    /// The body did not come in time.
    pub(super) fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", "The body did not come in time.")
    }

    /// The method cannot do this; `allow` can.
    pub(super) fn method(message: &str, allow: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "BAD_REQUEST", message)
            .with(ALLOW, HeaderValue::from_static(allow))
    }

    /// No key, or none that is valid.
    pub(super) fn unauthenticated() -> Self {
        let message = "A valid API key is needed: Authorization: Bearer psk_…";
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message)
            .with(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// The caller must wait.
    pub(super) fn rate_limited(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let message = format!("Too many requests; try again in {seconds} s.");
        let mut limited = Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message);
        // On a socket there is no header to say it.
        for extensions in limited.errors.iter_mut().filter_map(|error| error.extensions.as_mut()) {
            extensions.set("retryAfter", seconds);
        }
        limited.with(RETRY_AFTER, seconds.into())
    }

    /// One connection asks for more at a time than it may.
    pub(super) fn too_many_operations(limit: usize) -> Self {
        let message = format!("This connection runs {limit} operations already, the most it may.");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message)
    }

    /// Something the server needs does not answer.
    pub(super) fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "Try again in a moment.")
    }

    /// Execution took too long and was ended.
    pub(super) fn timeout(limit: Duration) -> Self {
        let message = format!("The operation was ended after {} s.", limit.as_secs_f32());
        Self::new(StatusCode::GATEWAY_TIMEOUT, "TIMEOUT", message)
    }

    /// Something broke that is not the client's doing.
    pub(super) fn internal(error: ServerError) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self { status, fault: Fault::Exchange, header: None, errors: vec![error] }
    }

    /// The document or its variables are wrong.
    pub(super) fn document(errors: Vec<ServerError>) -> Self {
        let status = StatusCode::BAD_REQUEST;
        Self { status, fault: Fault::Document, header: None, errors }
    }

    /// The document is wrong at `position`.
    pub(super) fn invalid(message: impl Into<String>, position: Option<Pos>) -> Self {
        Self::document(vec![coded(ServerError::new(message, position), "BAD_REQUEST")])
    }

    /// The document asks for more `what` than `limit`.
    pub(super) fn too_complex(what: &str, limit: usize) -> Self {
        let message = format!("The document has too many {what}: at most {limit} are allowed.");
        Self::document(vec![coded(ServerError::new(message, None), "QUERY_TOO_COMPLEX")])
    }

    /// The operation would cost more than it may.
    pub(super) fn too_dear(cost: Cost) -> Self {
        let Cost { requested, limit } = cost;
        let message = format!(
            "The operation would cost {requested}, and at most {limit} is allowed: ask for fewer rows a page, or for \
             fewer pages inside pages."
        );
        let mut error = coded(ServerError::new(message, None), "QUERY_TOO_COMPLEX");
        if let Some(extensions) = &mut error.extensions {
            extensions.set("cost", cost.told());
        }
        Self::document(vec![error])
    }

    /// No document of the operator's list has this id.
    pub(super) fn unknown_document() -> Self {
        let message = "No document with this id is known to the server: send the text as query, or ask the operator \
                       to add the document.";
        Self::document(vec![coded(ServerError::new(message, None), "PERSISTED_QUERY_NOT_FOUND")])
    }

    /// The operator takes documents of the list only.
    pub(super) fn untrusted_document() -> Self {
        let message = "This server carries out only the documents its operator has listed: send documentId instead of \
                       query.";
        Self::document(vec![coded(ServerError::new(message, None), "DOCUMENT_NOT_TRUSTED")])
    }

    /// The key, or those that belong with it, have as many sockets and event streams open as they may.
    pub(super) fn too_many_connections() -> Self {
        let message =
            "This key, or its workspace, has as many sockets and event streams open as it may; close some.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message)
            .with(RETRY_AFTER, HeaderValue::from_static("5"))
    }

    fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some((name, value));
        self
    }

    /// The status where errors have one of their own.
    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    /// The status under `application/json`, where a wrong document is an ordinary answer.
    pub(super) const fn status_as_plain_json(&self) -> StatusCode {
        match self.fault {
            Fault::Document => StatusCode::OK,
            Fault::Exchange => self.status,
        }
    }

    /// The header that says how to do better, if one does.
    pub(super) fn headers(&self) -> HeaderMap {
        self.header.iter().cloned().collect()
    }
}

/// `error` with `code`, unless it has one.
pub(super) fn coded(mut error: ServerError, code: &str) -> ServerError {
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if extensions.get("code").is_none() {
        extensions.set("code", code);
    }
    error
}
