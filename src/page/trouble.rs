//! What can go wrong at this door, as a closed set, each with its status.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Why a request is not answered with what it asked for. Nothing in it is private.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The token is none of ours.
    Link,
    /// No such login in this browser.
    Login,
    /// No such address.
    Path,
    /// It was, and is deleted.
    Gone,
    /// It may not be done.
    Forbidden,
    /// It may not be done now.
    Conflict,
    /// Too often; wait.
    Limited(Duration),
    /// Not now, for reasons of ours.
    Unavailable,
    /// Our fault; the log knows the reference.
    Internal { reference: String },
    /// More than any answer needs.
    TooLarge,
    /// The request's body did not arrive in time.
    TooSlow,
    /// The method does not fit the address.
    Method,
    /// The body is no form.
    ContentType,
    /// Something sent is not UTF-8.
    Text,
    /// The form is not one of ours: which field, and what is wrong with it.
    Form { field: String, why: &'static str },
    /// Another site sent the form.
    Foreign,
}

impl Trouble {
    /// The HTTP status that says the same to programs.
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Link | Self::Login | Self::Path => StatusCode::NOT_FOUND,
            Self::Gone => StatusCode::GONE,
            Self::Forbidden | Self::Foreign => StatusCode::FORBIDDEN,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Text | Self::Form { .. } => StatusCode::BAD_REQUEST,
        }
    }

    /// How long to wait before the next try, where waiting helps.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Limited(wait) => Some(wait.as_secs().max(1)),
            // Long enough for a node to come back, short enough to keep the customer.
            Self::Unavailable => Some(5),
            _ => None,
        }
    }
}

/// The bare answer; [`super::error::tell`] writes its words, since only it knows the language.
impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}
