//! The browser driver: headless Chromium, one browser context for each login.
//!
//! For pages that need their scripts. What the http driver promises holds here as well: secrets are typed on
//! pages of the allowed origins only and leave for nowhere else, and no request goes out but through `egress`.

mod cdp;
mod files;
mod gate;
mod hand;
mod pool;
mod process;
mod profile;
mod settle;
mod state;
mod tab;
mod view;

use std::hash::RandomState;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use tokio::time::Instant;
use url::Url;

pub use self::pool::{Browsers, Isolation, Settings};

use self::gate::Gate;
use self::pool::Place;
use self::tab::{Manner, Tab};
use super::page::tree::Told;
use super::session::HttpAuth;
use super::{Download, Driver, Error, Found, Picture, Session, Tools};
use crate::domain::recipe::{Marks, Recipe};
use crate::domain::sign_in::Action;
use crate::domain::snapshot::{PageSnapshot, Uid};
use crate::domain::table::Cell;
use crate::domain::{Origins, Secret, origins};

/// A Chromium that makes no page by then is as good as dead.
const ATTACHES: Duration = Duration::from_secs(15);
/// Between two looks for the page.
const PAUSE: Duration = Duration::from_millis(5);

/// A driver with a browser context of its own, which goes with it.
pub struct BrowserDriver {
    browsers: Browsers,
    tools: Tools,
    session: Option<Session>,
    open: Option<Open>,
    /// The page as it was read last: places are counted in it.
    told: Option<Told>,
    /// Where something was typed last: there the Enter key is pressed.
    focus: Option<Uid>,
    /// The key of the cookie marks.
    key: RandomState,
}

/// A browser context with its pages. The pages' keeper goes before the context.
struct Open {
    tab: Tab,
    place: Place,
}

impl BrowserDriver {
    /// A driver that has no page yet, with the state of `session` if there is one. The browser is started with
    /// the first page.
    #[must_use]
    pub fn new(browsers: Browsers, tools: Tools, session: Option<&Session>) -> Self {
        Self {
            browsers,
            tools,
            session: session.cloned(),
            open: None,
            told: None,
            focus: None,
            key: RandomState::new(),
        }
    }

    fn tab(&self) -> Result<&Tab, Error> {
        self.open.as_ref().map(|open| &open.tab).ok_or(Error::NoPage)
    }

    /// The pages, and if there are none yet, a browser context with a first one.
    async fn opened(&mut self) -> Result<(), Error> {
        if self.open.is_some() {
            return Ok(());
        }
        let place = self.browsers.place().await?;
        let language = self.tools.language.as_deref().unwrap_or("en");
        let manner = Manner { agent: place.chromium.agent.clone(), language: language.to_owned() };
        let http_auth = self.session.as_ref().map(|session| session.http_auth.clone()).unwrap_or_default();
        let gate = Gate::new(place.chromium.clone(), self.tools.origins.clone(), http_auth);
        let tab = Tab::start(&place, gate, manner);
        let deny = json!({ "behavior": "deny", "browserContextId": place.context });
        tab.cdp.call("", "Browser.setDownloadBehavior", deny).await?;
        let page = json!({ "url": "about:blank", "browserContextId": place.context });
        tab.cdp.call("", "Target.createTarget", page).await?;
        self.open = Some(Open { tab, place });
        self.attached().await?;
        match self.session.take() {
            Some(session) => self.restore(&session).await,
            None => Ok(()),
        }
    }

    /// Waits for the first page: Chromium tells of it beside its answer, sooner or later.
    async fn attached(&self) -> Result<(), Error> {
        let began = Instant::now();
        loop {
            match self.tab()?.page() {
                Err(Error::NoPage) if began.elapsed() < ATTACHES => tokio::time::sleep(PAUSE).await,
                Err(Error::NoPage) => return Err(Error::Crashed),
                page => return page.map(drop),
            }
        }
    }

    /// Loads a page in the first of the pages; pop-ups are closed.
    async fn go(&mut self, url: &Url) -> Result<(), Error> {
        self.opened().await?;
        let tab = self.tab()?;
        self::view::close_popups(tab).await;
        let page = tab.page()?;
        let same =
            Url::parse(&page.document.url).is_ok_and(|old| without_fragment(&old) == without_fragment(url));
        if same && url.fragment().is_some() {
            // Otherwise the page would only scroll.
            tab.cdp.call(&page.session, "Page.navigate", json!({ "url": "about:blank" })).await?;
        }
        settle::begin(tab);
        settle::navigate(tab, &page, url).await?;
        self.settled(None).await
    }

    fn current(&self) -> Result<Url, Error> {
        let Some(open) = &self.open else {
            let last = self.session.as_ref().and_then(|session| session.url.as_ref()?.parse().ok());
            return last.ok_or(Error::NoPage);
        };
        let page = open.tab.page()?;
        let told = self.told.as_ref().and_then(|told| Url::parse(&told.url).ok());
        told.or_else(|| Url::parse(&page.document.url).ok()).ok_or(Error::NoPage)
    }

    async fn authenticate(&mut self, identifier: &Secret, password: &Secret) -> Result<(), Error> {
        let url = self.current()?;
        check(&url, &self.tools.origins)?;
        let origin = origins::text_of(&url).ok_or(Error::NotWeb)?;
        let known = HttpAuth { origin, identifier: identifier.clone(), password: password.clone() };
        {
            let mut state = self.tab()?.state();
            state.gate.http_auth.retain(|old| old.origin != known.origin);
            state.gate.http_auth.push(known);
        }
        let done = self.go(&url).await;
        // What was refused is not tried again with the next request.
        let refused = self.tab()?.page().is_ok_and(|page| page.document.status == 401);
        if refused || done.is_err() {
            self.tab()?.state().gate.http_auth.pop();
        }
        done
    }
}

/// Whether something secret may be typed here.
fn check(url: &Url, origins: &Origins) -> Result<(), Error> {
    if origins.allow(url) {
        return Ok(());
    }
    Err(Error::OriginNotAllowed(origins::text_of(url).unwrap_or_else(|| url.scheme().to_owned())))
}

fn without_fragment(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    url
}

#[async_trait]
impl Driver for BrowserDriver {
    fn must_wait(&self) -> bool {
        self.open.is_none() && self.browsers.are_taken()
    }

    async fn prepare(&mut self) -> Result<(), Error> {
        self.opened().await
    }

    async fn perform(&mut self, action: &Action) -> Result<(), Error> {
        match action {
            Action::Open(url) => self.go(url).await,
            Action::Reload => {
                let url = self.current()?;
                self.go(&url).await
            }
            Action::Fill { input, value } => self.fill(*input, value).await,
            Action::Pick(input) => self.pick(*input).await,
            Action::Submit { form, button } => self.submit(*form, *button).await,
            Action::Follow(link) => self.follow(*link).await,
            Action::Authenticate { identifier, password } => self.authenticate(identifier, password).await,
        }
    }

    async fn snapshot(&mut self) -> Result<PageSnapshot, Error> {
        self.read().await
    }

    async fn find(&mut self, selector: &str) -> Result<Vec<Found>, Error> {
        self.select(selector).await
    }

    async fn picture(&mut self, image: Uid) -> Result<Picture, Error> {
        self.photograph(image).await
    }

    async fn mark(&mut self, recipe: &Recipe) -> Result<Marks, Error> {
        self.marks(recipe).await
    }

    async fn table(&mut self, element: Uid) -> Result<Vec<Vec<Cell>>, Error> {
        self.rows(element).await
    }

    async fn download(&mut self, element: Uid, most: usize) -> Result<Download, Error> {
        self.save_file(element, most).await
    }

    async fn save(&mut self) -> Result<Session, Error> {
        self.keep().await
    }

    fn runs_scripts(&self) -> bool {
        true
    }
}
