//! Reads a page: its tree from a world beside the page's scripts, the rest from the browser.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::time::Instant;
use url::Url;

use super::BrowserDriver;
use super::tab::{Page, Tab};
use crate::domain::recipe::{Marks, Recipe};
use crate::domain::snapshot::{PageSnapshot, Text, Uid, Visible};
use crate::domain::table::Cell;
use crate::driver::page::loaded::{self, Fetched, Loaded};
use crate::driver::page::tree::Told;
use crate::driver::page::{select, table, walk};
use crate::driver::{Error, Found, FoundKind};

/// What is evaluated beside the page's scripts.
const SCRIPT: &str = include_str!("page.js");
/// What scripts draw late is there by then.
const DRAWS: Duration = Duration::from_secs(3);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(150);
/// A world of our own: the page's scripts share its elements with us and nothing else.
const WORLD: &str = "postern";

/// Asks the script for something; [`Error::Unreadable`] while one page gives way to another.
pub(super) async fn ask<T: DeserializeOwned>(tab: &Tab, page: &Page, what: &str) -> Result<T, Error> {
    let frame = json!({ "frameId": page.target, "worldName": WORLD });
    let world = tab.cdp.call(&page.session, "Page.createIsolatedWorld", frame).await?;
    let expression = format!("(globalThis.postern ??= ({SCRIPT})()).{what}");
    let asked = json!({
        "expression": expression, "contextId": world["executionContextId"], "returnByValue": true,
    });
    let mut answer = tab.cdp.call(&page.session, "Runtime.evaluate", asked).await?;
    if !answer["exceptionDetails"].is_null() {
        // Its words may repeat what was asked for, which may be a secret.
        tracing::debug!(exception = %answer["exceptionDetails"]["exception"]["className"], "A page could not be read.");
        return Err(Error::Unreadable);
    }
    serde_json::from_value(answer["result"]["value"].take()).map_err(|_| Error::Unreadable)
}

/// The page's tree. Where Chromium shows words of its own, the site has said nothing.
async fn walk_over(tab: &Tab, page: &Page, how: &str) -> Result<Told, Error> {
    let told: Told = ask(tab, page, how).await?;
    Ok(if told.url.starts_with("chrome-error:") { Told::nothing(&page.document.url) } else { told })
}

/// Closes every page but the first.
pub(super) async fn close_popups(tab: &Tab) {
    let others: Vec<String> = tab.state().pages.iter().skip(1).map(|page| page.target.clone()).collect();
    for target in others {
        // It may be closing by itself.
        drop(tab.cdp.call("", "Target.closeTarget", json!({ "targetId": target })).await);
    }
    let first = tab.state().pages.first().map(|page| page.session.clone());
    tab.state().pages.retain(|page| Some(&page.session) == first.as_ref());
}

impl BrowserDriver {
    /// The page as it is now.
    pub(super) async fn read(&mut self) -> Result<PageSnapshot, Error> {
        let tab = self.tab()?;
        let page = tab.page()?;
        let told = walk_over(tab, &page, "walk(false)").await?;
        let messages = tab.state().messages.clone();
        let cookies = json!({ "urls": [&told.url] });
        let cookies = tab.cdp.call(&page.session, "Network.getCookies", cookies).await?;
        let (told, loaded) = walked(told, page).await?;
        let mut snapshot = loaded.snapshot;
        let pairs = cookies["cookies"].as_array().into_iter().flatten();
        let pairs = pairs.filter_map(|one| Some((one["name"].as_str()?, one["value"].as_str()?)));
        snapshot.cookies = loaded::marks(pairs, &self.key);
        snapshot.texts.extend(messages.into_iter().map(spoken));
        self.told = Some(told);
        Ok(snapshot)
    }

    /// The elements that match. Scripts may still be drawing what is looked for: where there are some, it is
    /// waited for a moment.
    pub(super) async fn select(&mut self, selector: &str) -> Result<Vec<Found>, Error> {
        let began = Instant::now();
        loop {
            let (found, scripts) = self.select_now(selector).await?;
            if !found.is_empty() || scripts == 0 || began.elapsed() > DRAWS {
                return Ok(found);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What matches at this moment, and how many scripts the page has.
    async fn select_now(&mut self, selector: &str) -> Result<(Vec<Found>, u32), Error> {
        let tab = self.tab()?;
        let page = tab.page()?;
        let told = walk_over(tab, &page, "walk(true)").await?;
        let (told, loaded) = walked(told, page).await?;
        let found = select::find_in(&told.tree(), &loaded, selector)?;
        self.told = Some(told);
        Ok((found.into_iter().map(pressable).collect(), loaded.snapshot.scripts))
    }
}

impl BrowserDriver {
    /// The page as it is now, with all its controls.
    pub(super) async fn whole(&mut self) -> Result<Loaded, Error> {
        let tab = self.tab()?;
        let page = tab.page()?;
        let told = walk_over(tab, &page, "walk(true)").await?;
        let (told, loaded) = walked(told, page).await?;
        self.told = Some(told);
        Ok(loaded)
    }

    /// The rows of a table, on the page as it is now.
    pub(super) async fn rows(&mut self, element: Uid) -> Result<Vec<Vec<Cell>>, Error> {
        let tab = self.tab()?;
        let page = tab.page()?;
        let told = walk_over(tab, &page, "walk(true)").await?;
        let rows = table::rows(&told.tree(), element);
        self.told = Some(told);
        rows
    }

    /// What the selectors of a recipe match, on the page as it is now.
    pub(super) async fn marks(&mut self, recipe: &Recipe) -> Result<Marks, Error> {
        let tab = self.tab()?;
        let page = tab.page()?;
        let told: Told = ask(tab, &page, "walk(false)").await?;
        let (told, loaded) = walked(told, page).await?;
        let recipe = recipe.clone();
        let marking = tokio::task::spawn_blocking(move || {
            let marks = select::mark_in(&told.tree(), &loaded, &recipe);
            (told, marks)
        });
        let (told, marks) = marking.await.map_err(|_| Error::Unreadable)?;
        self.told = Some(told);
        Ok(marks)
    }
}

/// Reads the tree, on a thread that may block: hostile pages take a second.
async fn walked(told: Told, page: Page) -> Result<(Told, Loaded), Error> {
    let url = Url::parse(&told.url).map_err(|_| Error::NotWeb)?;
    let document = page.document;
    let fetched =
        Fetched { url, status: document.status, challenge: document.challenge, html: String::new() };
    let work = move || {
        let loaded = walk::walk(&told.tree(), &fetched, Some(&told.layout()));
        (told, loaded)
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Unreadable)
}

/// With scripts anything can be pressed.
fn pressable(mut found: Found) -> Found {
    if found.kind == FoundKind::Other {
        found.kind = FoundKind::Submit { form: None };
    }
    found
}

/// Words that stood in a dialog: they are announced like no others.
fn spoken(text: String) -> Text {
    Text {
        uid: Uid::MAX,
        form: None,
        tag: "dialog".to_owned(),
        marks: "alert".to_owned(),
        live: true,
        describes_input: false,
        of_control: false,
        visible: Visible::Yes,
        text,
    }
}
