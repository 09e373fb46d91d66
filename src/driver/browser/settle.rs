//! From an action to a page that has settled: nothing loads any more and nothing changes.
//!
//! A page that never settles is looked at as it is when its time is over. One that never comes is an error.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;
use url::Url;

use super::tab::{Document, Page, Tab};
use super::{BrowserDriver, view};
use crate::driver::Error;
use crate::driver::page::settle::refresh;
use crate::egress;

/// Without a request for so long, nothing more is loaded.
const NO_REQUEST: Duration = Duration::from_millis(500);
/// Without a change for so long, nothing more is drawn.
const NO_CHANGE: f64 = 300.0;
/// What is loading for so long waits for news, and not to be drawn.
const HANGS: Duration = Duration::from_secs(5);
/// A page that has come settles by then, or is taken as it is; steps of workflows have fifteen seconds.
const SETTLES: Duration = Duration::from_secs(12);
/// A page that has not come by then does not come.
const COMES: Duration = Duration::from_secs(40);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(40);

/// What the page's own clock says.
#[derive(Deserialize)]
struct Quiet {
    ready: String,
    /// What may change the page later: scripts and frames.
    scripts: u32,
    /// Milliseconds since something changed.
    since: f64,
    /// Where the page sends its reader by itself.
    refresh: String,
}

/// Marks the beginning of an action: what moved before does not count.
pub(super) fn begin(tab: &Tab) {
    let mut state = tab.state();
    state.moved = Instant::now();
    state.offered = false;
    state.messages.clear();
}

/// Begins to load a page.
pub(super) async fn navigate(tab: &Tab, page: &Page, url: &Url) -> Result<(), Error> {
    let wanted = json!({ "url": url.as_str() });
    let answer = tab.cdp.call_within(COMES, (&page.session, "Page.navigate"), wanted).await?;
    // What failed on the way is told by the document; what never left only here.
    let mut state = tab.state();
    let known = state.pages.iter_mut().find(|known| known.session == page.session);
    if let (Some(known), Some(why)) = (known, answer["errorText"].as_str())
        && known.document.failed.is_none()
        && (known.document.status == 0 || why == "net::ERR_ABORTED")
    {
        known.document.failed = Some(why.to_owned());
        url.as_str().clone_into(&mut known.document.url);
    }
    Ok(())
}

impl BrowserDriver {
    /// Waits until the page has settled; `before` is the document that an action started from.
    pub(super) async fn settled(&mut self, before: Option<&Document>) -> Result<(), Error> {
        // Places are counted anew on the page that comes.
        self.told = None;
        self.focus = None;
        let tab = self.tab()?;
        let began = Instant::now();
        loop {
            tokio::time::sleep(LOOK).await;
            if let Some(trouble) = tab.state().gate.trouble.clone() {
                return Err(trouble.error());
            }
            let page = tab.page()?;
            if page.document.failed.is_some() {
                return self.failed(&page).await;
            }
            if page.document.status == 0 && began.elapsed() > COMES {
                return Err(Error::Timeout);
            }
            let late = page.document.status != 0 && began.elapsed() > SETTLES;
            if late || is_quiet(tab, &page, before).await? {
                return Ok(());
            }
        }
    }

    /// Why a document did not come.
    async fn failed(&self, page: &Page) -> Result<(), Error> {
        let why = page.document.failed.clone().unwrap_or_default();
        let offered = self.tab()?.state().offered;
        let error = match why.as_str() {
            // A file instead of a page, or nothing at all: the page before stays.
            "net::ERR_ABORTED" if !offered && self.open.is_some() => return Ok(()),
            "net::ERR_ABORTED" | "net::ERR_INVALID_RESPONSE" => Error::Unreadable,
            "net::ERR_TOO_MANY_REDIRECTS" => Error::TooManyRedirects(20),
            "net::ERR_BLOCKED_BY_CLIENT"
            | "net::ERR_DISALLOWED_URL_SCHEME"
            | "net::ERR_UNKNOWN_URL_SCHEME" => Error::NotWeb,
            "net::ERR_TIMED_OUT" | "net::ERR_CONNECTION_TIMED_OUT" => Error::Exchange(egress::Error::Timeout),
            _ if why.contains("_CERT_") => Error::Exchange(egress::Error::Certificate(why)),
            _ if why.contains("_SSL_") => Error::Exchange(egress::Error::Tls(why)),
            // The proxy says no more than this to the browser; the same rule says why.
            _ => match Url::parse(&page.document.url) {
                Ok(url) => match self.tools.egress.vet(&url).await {
                    Err(refused) => Error::Exchange(refused),
                    Ok(()) => Error::Exchange(egress::Error::Connect(why)),
                },
                Err(_) => Error::NotWeb,
            },
        };
        Err(error)
    }
}

async fn is_quiet(tab: &Tab, page: &Page, before: Option<&Document>) -> Result<bool, Error> {
    let still = {
        let state = tab.state();
        let has_come = page.document.status != 0;
        let waits = |(request, (_, since)): (&String, &(String, Instant))| {
            // The end of a document that came to a new process is not told: it says so itself, below.
            let settles_by_itself = has_come && (page.document.came_by(request) || since.elapsed() > HANGS);
            !settles_by_itself
        };
        if state.loading.iter().any(waits) {
            return Ok(false);
        }
        state.moved.elapsed()
    };
    let came = page.document.status != 0
        && page.document.shown
        && before.is_none_or(|before| !before.is(&page.document));
    if !came && still < NO_REQUEST {
        return Ok(false);
    }
    let quiet: Quiet = match view::ask(tab, page, "quiet()").await {
        Ok(quiet) => quiet,
        // The page is just going.
        Err(Error::Unreadable) => return Ok(false),
        Err(error) => return Err(error),
    };
    let sent_on = Url::parse(&page.document.url).is_ok_and(|base| {
        let told = page.document.refresh.as_deref().unwrap_or(&quiet.refresh);
        refresh(told, &base).is_some_and(|(_, to)| to != base)
    });
    let ready = quiet.ready == "complete" && !(sent_on && page.document.status < 400);
    // Without scripts nothing moves by itself.
    Ok(ready && (quiet.scripts == 0 && came || still >= NO_REQUEST && quiet.since >= NO_CHANGE))
}
