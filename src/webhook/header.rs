//! Static headers that a partner adds to every delivery, such as `Authorization`.

use std::collections::HashSet;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::domain::Secret;

/// The most headers an endpoint may have.
pub const MAX_HEADERS: usize = 20;
/// The most bytes of all names and values together.
pub const MAX_BYTES: usize = 8 * 1024;

/// Ours, or the connection's: a partner cannot set them.
const RESERVED: [&str; 17] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "postern-signature",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// So begin headers that say what was signed, and those by which a broker is told what to do.
const OURS: [&str; 2] = ["webhook-", "nats-"];

/// A header cannot be sent along.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("headers.{name} {problem}")]
pub struct HeaderError {
    /// Which header, as it was given; cut if it is long.
    pub name: String,
    /// What is wrong with it; never its value.
    pub problem: &'static str,
}

/// Checks static headers when an endpoint is made or changed.
///
/// # Errors
/// [`HeaderError`], which names the first header that cannot be sent along.
pub fn check_headers(headers: &[(String, Secret)]) -> Result<(), HeaderError> {
    read(headers).map(drop)
}

/// The headers as they are sent, marked as secret.
pub(super) fn read(headers: &[(String, Secret)]) -> Result<HeaderMap, HeaderError> {
    let mut seen = HashSet::new();
    let mut total = 0;
    let mut map = HeaderMap::with_capacity(headers.len());
    for (index, (name, value)) in headers.iter().enumerate() {
        let refuse = |problem| HeaderError { name: name.chars().take(64).collect(), problem };
        total += name.len() + value.expose().len();
        if index >= MAX_HEADERS || total > MAX_BYTES {
            return Err(refuse("is too much: 20 headers of 8 KiB in all are allowed"));
        }
        let (name, value) = pair(name, value).map_err(refuse)?;
        if !seen.insert(name.clone()) {
            return Err(refuse("is there twice"));
        }
        map.insert(name, value);
    }
    Ok(map)
}

fn pair(name: &str, value: &Secret) -> Result<(HeaderName, HeaderValue), &'static str> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| "is not a header name")?;
    let is_ours = OURS.iter().any(|start| name.as_str().starts_with(start));
    if RESERVED.contains(&name.as_str()) || is_ours {
        return Err("is reserved");
    }
    let plain = Some(value.expose()).filter(|text| text.is_ascii());
    let value = plain.and_then(|text| HeaderValue::from_str(text).ok());
    let mut value = value.ok_or("has a value that is not plain ASCII text")?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Vec<(String, Secret)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned()))).collect()
    }

    #[test]
    fn ordinary_headers_are_sent_along_and_never_shown() {
        let map = read(&headers(&[("Authorization", "Bearer geheim"), ("X-Tenant", "a b")])).unwrap();

        assert_eq!(map["authorization"], "Bearer geheim");
        assert!(!format!("{map:?}").contains("geheim"));
    }

    #[test]
    fn a_header_that_cannot_be_sent_along_is_named_and_its_value_is_not() {
        let refused = [
            ("webhook-id", "x", "is reserved"),
            ("Webhook-Signature", "x", "is reserved"),
            ("WEBHOOK-anything", "x", "is reserved"),
            ("Postern-Signature", "x", "is reserved"),
            ("Nats-Rollup", "all", "is reserved"),
            ("Content-Type", "x", "is reserved"),
            ("Content-Length", "3", "is reserved"),
            ("Host", "x", "is reserved"),
            ("Transfer-Encoding", "x", "is reserved"),
            ("User-Agent", "x", "is reserved"),
            ("", "x", "is not a header name"),
            ("a b", "x", "is not a header name"),
            ("a:b", "x", "is not a header name"),
            ("é", "x", "is not a header name"),
            ("x-a", "geheim\r\nx-b: c", "has a value"),
            ("x-a", "geheim\u{0}", "has a value"),
            ("x-a", "gehéim", "has a value"),
        ];
        for (name, value, problem) in refused {
            let error = check_headers(&headers(&[("x-fine", "y"), (name, value)])).unwrap_err();
            assert!(error.problem.starts_with(problem), "{name}: {error}");
            assert_eq!(error.name, name);
            assert!(!error.to_string().contains("geh"));
        }
    }

    #[test]
    fn a_header_given_twice_or_too_much_is_refused() {
        let many: Vec<(String, String)> =
            (0..=MAX_HEADERS).map(|n| (format!("x-{n}"), String::new())).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let long = "x".repeat(MAX_BYTES);

        assert!(check_headers(&headers(&[("x-a", "1"), ("X-A", "2")])).is_err());
        assert!(check_headers(&headers(&many[..MAX_HEADERS])).is_ok());
        assert_eq!(check_headers(&headers(&many)).unwrap_err().name, "x-20");
        assert!(check_headers(&headers(&[("x-a", &long)])).is_err());
    }
}
