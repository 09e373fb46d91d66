//! What may leave a page: every request waits here.
//!
//! Documents come by http and https only. What the customer typed leaves for the allowed origins alone: in an
//! address, in a form, in what a script sends, and on every redirect that carries it on. Names and passwords of
//! the HTTP layer are given to their own origin; the proxy's credential only to the proxy.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::cdp::Cdp;
use super::process::Chromium;
use super::tab::text;
use crate::domain::snapshot::Challenge;
use crate::domain::{Origins, Secret, origins};
use crate::driver::Error;
use crate::driver::session::HttpAuth;
use crate::egress::proxy::Proxy;

/// Bytes below which a typed text is found in almost anything.
const SHORTEST: usize = 4;
/// Requests that are remembered; a login makes some hundreds.
const MOST: usize = 20_000;

/// Why the login cannot go on.
#[derive(Clone)]
pub(super) enum Trouble {
    /// What was typed would have left for this origin.
    Leaves(String),
    /// The page leads to something that is no web page.
    NotWeb,
}

impl Trouble {
    /// The same as an error of the driver.
    pub(super) fn error(&self) -> Error {
        match self {
            Self::Leaves(origin) => Error::OriginNotAllowed(origin.clone()),
            Self::NotWeb => Error::NotWeb,
        }
    }
}

/// What may leave the pages of one context.
pub(super) struct Gate {
    chromium: Arc<Chromium>,
    origins: Origins,
    typed: Vec<Secret>,
    /// Requests with something typed in them: their redirects are looked at too.
    carrying: HashSet<String>,
    pub(super) trouble: Option<Trouble>,
    pub(super) http_auth: Vec<HttpAuth>,
    /// Requests that have had the password of the HTTP layer: what is refused is not given again.
    given: HashSet<String>,
    challenges: HashMap<String, Challenge>,
    /// Addresses that are answered here with an empty page, to reach what a site stores in the browser.
    pub(super) blank: HashSet<String>,
}

impl Gate {
    pub(super) fn new(chromium: Arc<Chromium>, origins: Origins, http_auth: Vec<HttpAuth>) -> Self {
        Self {
            chromium,
            origins,
            typed: Vec::new(),
            carrying: HashSet::new(),
            trouble: None,
            http_auth,
            given: HashSet::new(),
            challenges: HashMap::new(),
            blank: HashSet::new(),
        }
    }

    /// Remembers what was typed, to see it leave.
    pub(super) fn typed(&mut self, secret: &Secret) {
        if secret.expose().len() >= SHORTEST {
            self.typed.push(secret.clone());
        }
    }

    /// A request waits: it goes on, or fails.
    pub(super) fn judge(&mut self, cdp: &Cdp, session: &str, params: &Value) {
        let (id, request) = (&params["requestId"], &params["request"]);
        let url = text(&request["url"]);
        if self.blank.contains(url) {
            let html = json!([{ "name": "content-type", "value": "text/html" }]);
            let page = json!({ "requestId": id, "responseCode": 200, "responseHeaders": html });
            cdp.tell(session, "Fetch.fulfillRequest", page);
            return;
        }
        match self.verdict(params, url) {
            Ok(()) => cdp.tell(session, "Fetch.continueRequest", json!({ "requestId": id })),
            Err(trouble) => {
                cdp.tell(
                    session,
                    "Fetch.failRequest",
                    json!({ "requestId": id, "errorReason": "BlockedByClient" }),
                );
                self.trouble.get_or_insert(trouble);
            }
        }
    }

    fn verdict(&mut self, params: &Value, url: &str) -> Result<(), Trouble> {
        let is_document = params["resourceType"] == "Document";
        let url = Url::parse(url).ok();
        let scheme = url.as_ref().map_or("", Url::scheme);
        match scheme {
            "http" | "https" => {}
            "about" | "blob" | "data" if !is_document => return Ok(()),
            _ if is_document => return Err(Trouble::NotWeb),
            _ => return Ok(()),
        }
        let Some(url) = url else { return Err(Trouble::NotWeb) };
        let network = text(&params["networkId"]);
        let carries = self.carries(&params["request"]) || self.goes_on(network, &params["request"]);
        if !carries {
            return Ok(());
        }
        if self.carrying.len() < MOST {
            self.carrying.insert(network.to_owned());
        }
        if self.origins.allow(&url) {
            return Ok(());
        }
        Err(Trouble::Leaves(origins::text_of(&url).unwrap_or_else(|| url.scheme().to_owned())))
    }

    /// Whether something typed is in the address or in the body.
    fn carries(&self, request: &Value) -> bool {
        if self.typed.is_empty() {
            return false;
        }
        let parts = request["postDataEntries"].as_array().map(Vec::as_slice).unwrap_or_default();
        let decoded = parts.iter().filter_map(|part| STANDARD.decode(text(&part["bytes"])).ok());
        let body: Vec<u8> = decoded.flatten().collect();
        let body = if body.is_empty() { text(&request["postData"]).as_bytes() } else { &body };
        self.holds(text(&request["url"]).as_bytes()) || self.holds(body)
    }

    /// A redirect that sends the body again, which is not always told a second time.
    fn goes_on(&self, network: &str, request: &Value) -> bool {
        let has_body = request["hasPostData"].as_bool() == Some(true) || request["method"] != "GET";
        has_body && self.carrying.contains(network)
    }

    fn holds(&self, bytes: &[u8]) -> bool {
        let raw = String::from_utf8_lossy(bytes);
        let decoded = form_urlencoded::parse(bytes)
            .fold(String::new(), |all, (name, value)| all + &name + "\n" + &value + "\n");
        self.typed.iter().map(Secret::expose).any(|typed| {
            let quoted = serde_json::to_string(typed).unwrap_or_default();
            let forms = [typed, quoted.trim_matches('"'), &STANDARD.encode(typed)];
            forms.iter().any(|form| raw.contains(form)) || decoded.contains(typed)
        })
    }

    /// Somebody asks for a name and a password: the proxy, or the site's HTTP layer.
    pub(super) fn authenticate(&mut self, cdp: &Cdp, session: &str, params: &Value) {
        let (id, asked) = (&params["requestId"], &params["authChallenge"]);
        let url = text(&params["request"]["url"]).to_owned();
        let answer =
            if asked["source"] == "Proxy" { self.for_proxy(asked) } else { self.for_site(params, asked) };
        let answer = answer.unwrap_or_else(|| {
            let realm: String = text(&asked["realm"]).chars().take(200).collect();
            let supported = text(&asked["scheme"]).eq_ignore_ascii_case("basic");
            if self.challenges.len() < MOST {
                let challenge = Challenge { supported, realm: Some(realm).filter(|realm| !realm.is_empty()) };
                self.challenges.insert(url, challenge);
            }
            json!({ "response": "CancelAuth" })
        });
        cdp.tell(
            session,
            "Fetch.continueWithAuth",
            json!({ "requestId": id, "authChallengeResponse": answer }),
        );
    }

    /// The credential of the proxy, only to the address that is the proxy's.
    fn for_proxy(&mut self, asked: &Value) -> Option<Value> {
        let proxy = &self.chromium.proxy;
        let is_ours = text(&asked["origin"]) == format!("http://{}", proxy.address());
        is_ours.then(|| {
            json!({ "response": "ProvideCredentials", "username": Proxy::USER, "password": proxy.password().expose() })
        })
    }

    fn for_site(&mut self, params: &Value, asked: &Value) -> Option<Value> {
        let origin = Url::parse(text(&asked["origin"])).ok()?;
        let name = origins::text_of(&origin).filter(|_| self.origins.allow(&origin))?;
        let known = self.http_auth.iter().find(|known| known.origin == name)?;
        let basic = text(&asked["scheme"]).eq_ignore_ascii_case("basic");
        let first = self.given.len() < MOST && self.given.insert(text(&params["requestId"]).to_owned());
        (basic && first).then(|| {
            json!({
                "response": "ProvideCredentials",
                "username": known.identifier.expose(),
                "password": known.password.expose(),
            })
        })
    }

    /// What the HTTP layer asked for at this address.
    pub(super) fn take_challenge(&mut self, url: &str) -> Option<Challenge> {
        self.challenges.remove(url)
    }
}
