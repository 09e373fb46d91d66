//! The signed-in state of a browser: its cookies, and what sites store in it by origin.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{BrowserDriver, settle, view};
use crate::domain::{Secret, origins};
use crate::driver::session::{Store, StoredIn};
use crate::driver::{Error, Session};

/// Origins whose storage is kept; a login meets a few.
const MOST_ORIGINS: usize = 10;
/// Bytes kept for one origin; browsers allow ten megabytes.
const MOST_BYTES: usize = 5 * 1_024 * 1_024;

/// What one origin has stored, as the script tells it.
#[derive(Deserialize)]
struct Stored {
    origin: String,
    local: Vec<(String, String)>,
    session: Vec<(String, String)>,
}

impl BrowserDriver {
    /// Reads the state of the context.
    pub(super) async fn keep(&self) -> Result<Session, Error> {
        let tab = self.tab()?;
        let page = tab.page()?;
        let context = self.open.as_ref().map(|open| open.place.context.clone());
        let mut cookies =
            tab.cdp.call("", "Storage.getCookies", json!({ "browserContextId": context })).await?;
        let cookies = cookies["cookies"].take();
        let stored: Stored = view::ask(tab, &page, "store()").await?;
        let url = self.current().ok();
        let allowed = Url::parse(&stored.origin).is_ok_and(|origin| self.tools.origins.allow(&origin));
        let storage = Some(stored).filter(|stored| allowed && stored.bytes() <= MOST_BYTES);
        Ok(Session {
            driver: entity::Driver::Browser,
            cookies: Secret::new(cookies.to_string()),
            storage: storage.into_iter().flat_map(Stored::stores).collect(),
            http_auth: tab.state().gate.http_auth.clone(),
            url: url.map(String::from),
        })
    }

    /// Brings a state into a context that has seen nothing yet. The sites are not asked: for each origin an
    /// empty page of our own is shown, in which its storage is filled.
    pub(super) async fn restore(&mut self, session: &Session) -> Result<(), Error> {
        let context = self.open.as_ref().map(|open| open.place.context.clone());
        let cookies: Value = serde_json::from_str(session.cookies.expose()).unwrap_or_default();
        let cookies: Vec<Value> = cookies.as_array().into_iter().flatten().map(settable).collect();
        let tab = self.tab()?;
        tab.cdp
            .call("", "Storage.setCookies", json!({ "cookies": cookies, "browserContextId": context }))
            .await?;
        let known: BTreeSet<&str> = session.storage.iter().map(|store| store.origin.as_str()).collect();
        for origin in known.into_iter().take(MOST_ORIGINS) {
            let Ok(url) = Url::parse(origin) else { continue };
            if origins::text_of(&url).is_some() && self.tools.origins.allow(&url) {
                self.refill(&url, session).await?;
            }
        }
        Ok(())
    }

    async fn refill(&self, url: &Url, session: &Session) -> Result<(), Error> {
        let tab = self.tab()?;
        let page = tab.page()?;
        tab.state().gate.blank.insert(url.as_str().to_owned());
        let shown = settle::navigate(tab, &page, url).await;
        tab.state().gate.blank.clear();
        shown?;
        let origin = origins::text_of(url).unwrap_or_default();
        let items = |place: StoredIn| {
            let mine = session.storage.iter().filter(|store| store.origin == origin && store.place == place);
            let pairs: Vec<_> = mine.map(|store| (store.name.as_str(), store.value.expose())).collect();
            json!(pairs)
        };
        let filled = format!("restore({}, {})", items(StoredIn::Local), items(StoredIn::Tab));
        view::ask::<bool>(tab, &page, &filled).await.map(drop)
    }
}

impl Stored {
    fn bytes(&self) -> usize {
        self.local.iter().chain(&self.session).map(|(name, value)| name.len() + value.len()).sum()
    }

    fn stores(self) -> impl Iterator<Item = Store> {
        let Self { origin, local, session } = self;
        let places = [(StoredIn::Local, local), (StoredIn::Tab, session)];
        places.into_iter().flat_map(move |(place, items)| {
            let origin = origin.clone();
            items.into_iter().map(move |(name, value)| Store {
                origin: origin.clone(),
                place,
                name,
                value: Secret::new(value),
            })
        })
    }
}

/// A cookie as it was read, in the form in which it is set.
fn settable(cookie: &Value) -> Value {
    let kept = [
        "name",
        "value",
        "domain",
        "path",
        "secure",
        "httpOnly",
        "sameSite",
        "priority",
        "sourceScheme",
        "sourcePort",
        "partitionKey",
    ];
    let mut set: serde_json::Map<String, Value> =
        kept.into_iter().filter_map(|name| Some((name.to_owned(), cookie.get(name)?.clone()))).collect();
    // A cookie of the browser session has no end.
    if let Some(expires) = cookie["expires"].as_f64().filter(|expires| *expires > 0.0) {
        set.insert("expires".to_owned(), json!(expires));
    }
    Value::Object(set)
}
