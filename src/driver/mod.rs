//! Drivers: a live page as a snapshot, and actions on it.
//!
//! A driver belongs to one login or one run. It knows how to reach pages and press buttons, and nothing of
//! what they mean: that is the detector's. Two rules are its own, whatever it is asked to do: what was
//! typed as a secret goes only to the allowed origins, looked at again when it leaves; and every request
//! goes out through `egress`.

pub mod browser;
pub mod download;
mod error;
pub mod http;
mod page;
mod picture;
mod session;
#[cfg(test)]
mod tests;
pub mod workflow;

use std::collections::BTreeMap;

use async_trait::async_trait;

pub use self::download::Download;
pub use self::error::Error;
pub use self::picture::Picture;
pub use self::session::Session;
use crate::domain::Origins;
use crate::domain::recipe::{Marks, Recipe};
use crate::domain::sign_in::{Action, Move, Perform};
use crate::domain::snapshot::{PageSnapshot, Uid};
use crate::domain::table::Cell;
use crate::egress;

/// Elements that are noted for one selector of a recipe: the boxes of a code are the most that is asked for.
const MOST_MARKS: usize = 20;

/// A live page of a source system.
#[async_trait]
pub trait Driver: Send {
    /// Whether everything its first page needs is taken by others.
    fn must_wait(&self) -> bool {
        false
    }

    /// Waits until it has what its first page needs; without this the first page waits.
    ///
    /// # Errors
    /// [`Error::Capacity`] if it took too long.
    async fn prepare(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Carries out one action and waits until the page has settled.
    ///
    /// # Errors
    /// When the page cannot be reached or the action is not possible; see [`Error::code`].
    async fn perform(&mut self, action: &Action) -> Result<(), Error>;

    /// The page as it is now.
    ///
    /// # Errors
    /// [`Error::NoPage`] before the first page.
    async fn snapshot(&mut self) -> Result<PageSnapshot, Error>;

    /// The elements that match a CSS selector, in document order, at most 10,000.
    ///
    /// # Errors
    /// [`Error::BadSelector`] and [`Error::NoPage`].
    async fn find(&mut self, selector: &str) -> Result<Vec<Found>, Error>;

    /// A picture of the page, fetched through the login's own session.
    ///
    /// # Errors
    /// When there is no such picture, or it cannot be had or shown.
    async fn picture(&mut self, image: Uid) -> Result<Picture, Error>;

    /// What the selectors of `recipe` match on the page, hidden elements left out, a few of each.
    ///
    /// # Errors
    /// [`Error::NoPage`] before the first page.
    async fn mark(&mut self, recipe: &Recipe) -> Result<Marks, Error>;
    /// The rows of a table found by a selector, as far as they are its own; at most 10,000.
    ///
    /// # Errors
    /// [`Error::NoTable`] for any other element.
    async fn table(&mut self, element: Uid) -> Result<Vec<Vec<Cell>>, Error>;

    /// The file that a link or a button hands out; at most `most` bytes are ever held. The page stays as it
    /// is, unless another page came instead of a file. The caller limits the time: what is dropped here
    /// has ended.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for more bytes, [`Error::OutsideOrigins`] for a file elsewhere,
    /// [`Error::NoFile`] if a page came, which is the driver's page then.
    async fn download(&mut self, element: Uid, most: usize) -> Result<Download, Error>;

    /// The signed-in state, to be sealed.
    ///
    /// # Errors
    /// When the state cannot be read.
    async fn save(&mut self) -> Result<Session, Error>;

    /// Whether the pages' scripts run.
    fn runs_scripts(&self) -> bool;
}

/// An element found by a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its place; the same as in the snapshot.
    pub uid: Uid,
    /// What can be done with it.
    pub kind: FoundKind,
    /// Its text, white space folded.
    pub text: String,
    /// Its attributes; of links and images the addresses are absolute.
    pub attributes: BTreeMap<String, String>,
}

/// What can be done with an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundKind {
    /// It can be followed.
    Link,
    /// It sends a form.
    Submit {
        /// The form.
        form: Option<Uid>,
    },
    /// It takes a value.
    Field,
    /// It is a radio button or a box.
    Tick,
    /// It can only be read.
    Other,
}

/// What a driver works with.
#[derive(Clone)]
pub struct Tools {
    /// The way out.
    pub egress: egress::Client,
    /// Where a secret may be typed.
    pub origins: Origins,
    /// The browsers, if there are any.
    pub browsers: Option<browser::Browsers>,
    /// The customer's language as a BCP 47 tag, for the site to answer in.
    pub language: Option<String>,
}

/// A driver of `kind` that has no page yet, with the state of `session` if there is one.
///
/// # Errors
/// [`Error::NeedsBrowser`] if it is for the browser and there is none.
pub fn start(
    kind: entity::Driver,
    tools: Tools,
    session: Option<&Session>,
) -> Result<Box<dyn Driver>, Error> {
    match kind {
        entity::Driver::Auto | entity::Driver::Http => Ok(Box::new(http::HttpDriver::new(tools, session))),
        entity::Driver::Browser => {
            let browsers = tools.browsers.clone().filter(browser::Browsers::are_there);
            let browsers = browsers.ok_or(Error::NeedsBrowser)?;
            Ok(Box::new(browser::BrowserDriver::new(browsers, tools, session)))
        }
    }
}

/// Carries out what the machine wants done and returns the page it leads to.
///
/// # Errors
/// The first action that fails ends it.
pub async fn perform(driver: &mut dyn Driver, perform: &Perform) -> Result<PageSnapshot, Error> {
    for action in &perform.actions {
        driver.perform(action).await?;
    }
    driver.snapshot().await
}

/// Carries out a probe and returns the page it leads to.
///
/// # Errors
/// When the page cannot be reached.
pub async fn probe(driver: &mut dyn Driver, url: url::Url) -> Result<PageSnapshot, Error> {
    driver.perform(&Action::Open(url)).await?;
    driver.snapshot().await
}

/// What a worker does with a move; kept here so that both halves of the seam stand side by side.
///
/// Returns the page for [`Move::Perform`] and [`Move::Probe`], and `None` for what the driver has no part in.
///
/// # Errors
/// See [`perform`].
pub async fn carry_out(driver: &mut dyn Driver, step: &Move) -> Result<Option<PageSnapshot>, Error> {
    match step {
        Move::Perform(actions) => perform(driver, actions).await.map(Some),
        Move::Probe(url) => probe(driver, url.clone()).await.map(Some),
        Move::Ask(_) | Move::End(_) => Ok(None),
    }
}
