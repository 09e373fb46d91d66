//! Where a secret may be typed: scheme, host and port, compared exactly.

use serde::{Deserialize, Serialize};
use url::{Origin, Url};

/// The origins of a source system; at least its login URL's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Takes the listed origins and the login URL's own; what is not an http(s) origin is left out.
    #[must_use]
    pub fn new<T: AsRef<str>>(login_url: &Url, listed: &[T]) -> Self {
        let listed = listed.iter().filter_map(|text| Url::parse(text.as_ref()).ok());
        let all = listed.chain([login_url.clone()]).filter_map(|url| text_of(&url));
        let mut all: Vec<String> = all.collect();
        all.sort_unstable();
        all.dedup();
        Self(all)
    }

    /// Whether `url` is inside one of them.
    #[must_use]
    pub fn allow(&self, url: &Url) -> bool {
        text_of(url).is_some_and(|origin| self.0.binary_search(&origin).is_ok())
    }
}

/// The origin of an http or https URL as `scheme://host[:port]`.
#[must_use]
pub fn text_of(url: &Url) -> Option<String> {
    match url.origin() {
        origin @ Origin::Tuple(..) if matches!(url.scheme(), "http" | "https") => {
            Some(origin.ascii_serialization())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_scheme_host_and_port_is_allowed() {
        let login = Url::parse("https://bank.example/login").unwrap();
        let origins = Origins::new(&login, &["https://id.bank.example:8443", "nonsense"]);
        for (url, allowed) in [
            ("https://bank.example/other?x#y", true),
            ("https://bank.example:443/", true),
            ("https://id.bank.example:8443/x", true),
            ("http://bank.example/", false),
            ("https://bank.example:444/", false),
            ("https://id.bank.example/", false),
            ("https://bank.example.evil.example/", false),
            ("https://bank.example@evil.example/", false),
            ("data:text/html,x", false),
        ] {
            assert_eq!(origins.allow(&Url::parse(url).unwrap()), allowed, "{url}");
        }
    }
}
