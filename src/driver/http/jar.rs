//! The cookies of one login: one jar, never shared.

use std::sync::LazyLock;

use cookie_store::{Cookie, CookieDomain, CookieStore};
use publicsuffix::{List, Psl};
use reqwest::header::{HeaderMap, HeaderValue, SET_COOKIE};
use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

use crate::domain::Secret;

/// A cookie for the whole of `co.uk` would be sent to strangers; such domains are on this list, which is
/// Mozilla's (MPL 2.0) from publicsuffix.org.
static SUFFIXES: LazyLock<List> =
    LazyLock::new(|| List::from_bytes(include_bytes!("public_suffix_list.dat")).unwrap_or_default());

/// A browser keeps at most 180 cookies of 4 KiB for a site; a login meets a few sites.
const MOST_COOKIES: usize = 500;
const LONGEST_COOKIE: usize = 8 * 1_024;

/// The cookies of one login.
#[derive(Default)]
pub(super) struct Jar(CookieStore);

/// A cookie as a browser tells it.
#[derive(Deserialize)]
pub(in crate::driver) struct Told {
    name: String,
    value: String,
    /// With a dot in front if it is for the hosts below as well.
    domain: String,
    path: String,
    secure: bool,
}

impl Jar {
    /// A jar with the cookies of a browser.
    pub(super) fn of(cookies: &[Told]) -> Self {
        let mut jar = Self::default();
        for told in cookies {
            let host = told.domain.trim_start_matches('.');
            let scheme = if told.secure { "https" } else { "http" };
            let Ok(url) = Url::parse(&format!("{scheme}://{host}{}", told.path)) else { continue };
            let mut text = Zeroizing::new(format!("{}={}; Path={}", told.name, told.value, told.path));
            text.push_str(if told.secure { "; Secure" } else { "" });
            if told.domain.starts_with('.') {
                text.push_str("; Domain=");
                text.push_str(host);
            }
            if let Ok(cookie) = Cookie::parse(text.as_str(), &url) {
                drop(jar.0.insert(cookie.into_owned(), &url));
            }
        }
        jar
    }

    /// Reads what [`Jar::save`] wrote; an unreadable text is an empty jar.
    pub(super) fn restore(saved: &Secret) -> Self {
        let cookies: Vec<Cookie<'static>> = serde_json::from_str(saved.expose()).unwrap_or_default();
        let kept = cookies.into_iter().map(Ok::<_, cookie_store::CookieError>);
        Self(CookieStore::from_cookies(kept, false).unwrap_or_default())
    }

    /// All cookies that are still good, those of the browser session among them.
    pub(super) fn save(&self) -> Secret {
        let cookies: Vec<&Cookie<'static>> = self.0.iter_unexpired().collect();
        Secret::new(serde_json::to_string(&cookies).unwrap_or_default())
    }

    /// Takes the cookies of an answer from `url`.
    pub(super) fn store(&mut self, headers: &HeaderMap, url: &Url) {
        for header in headers.get_all(SET_COOKIE).iter().take(100) {
            let text = header.to_str().ok().filter(|text| text.len() <= LONGEST_COOKIE);
            let Some(cookie) = text.and_then(|text| Cookie::parse(text, url).ok()) else { continue };
            let full = self.0.iter_unexpired().count() >= MOST_COOKIES && !cookie.is_expired();
            if !full && !is_for_strangers(&cookie, url) {
                // A refused cookie is the site's mistake; the login goes on without it.
                drop(self.0.insert(cookie.into_owned(), url));
            }
        }
    }

    /// The cookies for a request to `url`, those with longer paths first (RFC 6265, section 5.4).
    pub(super) fn cookies(&self, url: &Url) -> Vec<(&str, &str)> {
        let mut cookies = self.0.matches(url);
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        cookies.into_iter().map(|cookie| cookie.name_value()).collect()
    }

    /// The `Cookie` header for a request to `url`.
    pub(super) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let pairs = self.cookies(url).into_iter().map(|(name, value)| format!("{name}={value}"));
        let text = Zeroizing::new(pairs.collect::<Vec<_>>().join("; "));
        let mut header = HeaderValue::from_str(&text).ok().filter(|_| !text.is_empty())?;
        header.set_sensitive(true);
        Some(header)
    }
}

/// Whether the cookie is for a public suffix that is not the host itself.
fn is_for_strangers(cookie: &Cookie<'_>, url: &Url) -> bool {
    let CookieDomain::Suffix(domain) = &cookie.domain else { return false };
    let suffix = SUFFIXES.suffix(domain.as_bytes()).filter(publicsuffix::Suffix::is_known);
    suffix.is_some_and(|suffix| suffix.as_bytes() == domain.as_bytes()) && url.host_str() != Some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jar_after(set: &str, url: &str) -> Jar {
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, HeaderValue::from_str(set).unwrap());
        let mut jar = Jar::default();
        jar.store(&headers, &Url::parse(url).unwrap());
        jar
    }

    #[test]
    fn a_cookie_for_a_public_suffix_is_not_kept() {
        let sibling = Url::parse("https://other.co.uk/").unwrap();
        let jar = jar_after("a=1; Domain=co.uk", "https://shop.co.uk/");
        assert!(jar.cookies(&sibling).is_empty());
        let jar = jar_after("a=1; Domain=shop.co.uk", "https://www.shop.co.uk/");
        assert_eq!(jar.cookies(&Url::parse("https://id.shop.co.uk/").unwrap()), [("a", "1")]);
    }

    #[test]
    fn a_saved_jar_is_the_same_jar() {
        let url = Url::parse("https://shop.example/account").unwrap();
        let jar = jar_after("sid=secret; Path=/; HttpOnly; Secure", url.as_str());
        let again = Jar::restore(&jar.save());
        assert_eq!(again.cookies(&url), [("sid", "secret")]);
        assert!(again.cookies(&Url::parse("https://evil.example/").unwrap()).is_empty());
        assert!(Jar::restore(&Secret::new("nonsense".into())).cookies(&url).is_empty());
    }
}
