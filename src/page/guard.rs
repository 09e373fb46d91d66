//! Whether a form was sent from our own page.
//!
//! The cookie is `SameSite=Lax`, so no other site can send it with a POST; this is the second lock.
//! Our own `Referrer-Policy: no-referrer` makes browsers send `Origin: null` with our own forms, so
//! `null` proves nothing either way and `Sec-Fetch-Site` decides. Clients that are no browsers send
//! neither; they hold no one else's cookies.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use url::Url;

use super::Settings;
use super::trouble::Trouble;

/// Lets only our own page change anything.
pub(super) async fn same_origin(
    State(settings): State<Arc<Settings>>,
    request: Request,
    next: Next,
) -> Result<Response, Trouble> {
    if request.method().is_safe() || is_own(request.headers(), &settings.public_url) {
        return Ok(next.run(request).await);
    }
    Err(Trouble::Foreign)
}

fn is_own(headers: &HeaderMap, public_url: &Url) -> bool {
    let origin = headers.get(header::ORIGIN).filter(|origin| *origin != "null");
    match headers.get("sec-fetch-site") {
        // The browser itself vouches, also behind a proxy that renames the host.
        Some(site) => site == "same-origin" || site == "none",
        None => origin.is_none_or(|origin| *origin == public_url.origin().ascii_serialization()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(sent: &[(&'static str, &'static str)]) -> bool {
        let headers = sent.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
        is_own(&headers, &"https://p.example/".parse().unwrap())
    }

    #[test]
    fn a_browser_is_believed_by_what_it_says_about_the_site() {
        assert!(own(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(!own(&[("sec-fetch-site", "same-site"), ("origin", "https://other.p.example")]));
        assert!(!own(&[("sec-fetch-site", "cross-site"), ("origin", "null")]));
        assert!(!own(&[("sec-fetch-site", "cross-site")]));
    }

    #[test]
    fn without_that_the_origin_must_be_ours_where_it_is_told_at_all() {
        assert!(own(&[]));
        assert!(own(&[("origin", "https://p.example")]));
        assert!(!own(&[("origin", "http://p.example")]));
        assert!(!own(&[("origin", "https://p.example.evil.example")]));
    }
}
