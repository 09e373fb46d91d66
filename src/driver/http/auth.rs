//! The HTTP layer's own sign-in (RFC 9110, section 11; RFC 7617): Basic.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use zeroize::Zeroizing;

use crate::domain::Secret;
use crate::domain::snapshot::Challenge;

/// What the answer asks for, if it asks.
pub(super) fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    let texts = headers.get_all(WWW_AUTHENTICATE).iter().take(10).filter_map(|value| value.to_str().ok());
    let offers: Vec<String> = texts.map(str::to_owned).collect();
    let basic = offers.iter().find_map(|offer| basic_part(offer));
    (!offers.is_empty()).then(|| Challenge { supported: basic.is_some(), realm: basic.and_then(realm) })
}

/// The part of a header that offers Basic; several schemes may share one line.
fn basic_part(offer: &str) -> Option<&str> {
    let lower = offer.to_ascii_lowercase();
    let starts = lower.match_indices("basic").map(|(at, _)| at);
    let at = starts.into_iter().find(|at| {
        let before = lower[..*at].trim_end();
        let after = &lower[at + 5..];
        (before.is_empty() || before.ends_with(',')) && (after.is_empty() || after.starts_with([' ', ',']))
    })?;
    Some(&offer[at..])
}

fn realm(part: &str) -> Option<String> {
    let at = part.to_ascii_lowercase().find("realm=")?;
    let value = &part[at + 6..];
    let realm = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => value.split([',', ' ']).next(),
    };
    realm.map(|realm| realm.chars().take(200).collect::<String>()).filter(|realm| !realm.is_empty())
}

/// The `Authorization` header for a name and a password, as UTF-8.
pub(super) fn basic(identifier: &Secret, password: &Secret) -> Option<HeaderValue> {
    let pair = Zeroizing::new(format!("{}:{}", identifier.expose(), password.expose()));
    let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &'static str) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(header));
        challenge(&headers)
    }

    #[test]
    fn basic_is_found_among_other_schemes() {
        for (header, supported, realm) in [
            ("Basic realm=\"the archive\"", true, Some("the archive")),
            ("basic", true, None),
            ("Digest realm=\"basic things\", nonce=\"x\", BASIC realm=plain", true, Some("plain")),
            ("Negotiate", false, None),
            ("Digest realm=\"basically\"", false, None),
        ] {
            let found = of(header).unwrap();
            assert_eq!((found.supported, found.realm.as_deref()), (supported, realm), "{header}");
        }
        assert!(challenge(&HeaderMap::new()).is_none());
    }

    #[test]
    fn the_header_is_the_one_of_the_rfc() {
        let header = basic(&Secret::new("Aladdin".into()), &Secret::new("open sesame".into())).unwrap();
        assert_eq!(header.to_str().unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(header.is_sensitive());
    }
}
