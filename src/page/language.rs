//! Which catalogue a request reads.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};

use super::words::{self, Words};

/// What the browser says about the customer's languages.
#[derive(Clone, Debug)]
pub(super) struct Language(Option<HeaderValue>);

impl Language {
    /// Reads the browser's wish.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self(headers.get(header::ACCEPT_LANGUAGE).cloned())
    }

    /// The catalogue for the link's locale, else for the browser's wish.
    pub(super) fn words(&self, locale: Option<&str>) -> &'static Words {
        words::pick(locale, self.0.as_ref().and_then(|value| value.to_str().ok()))
    }
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}
