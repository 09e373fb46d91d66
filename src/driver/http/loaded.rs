//! A loaded page: its snapshot, and what is needed to act on it.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use scraper::Html;
use url::Url;

use super::controls::{Control, FormTarget, Typed};
use super::walk;
use crate::domain::snapshot::{Challenge, CookieMark, PageSnapshot, Uid};

/// A page as it came, before anything is done with it.
pub(super) struct Fetched {
    pub(super) url: Url,
    pub(super) status: u16,
    pub(super) challenge: Option<Challenge>,
    /// The text of an HTML page; of anything else nothing is read.
    pub(super) html: String,
}

/// A page that can be acted on.
pub(super) struct Loaded {
    pub(super) snapshot: PageSnapshot,
    pub(super) controls: Vec<Control>,
    pub(super) forms: Vec<FormTarget>,
    pub(super) base: Url,
    pub(super) html: String,
    pub(super) typed: Typed,
    /// Where the page sends its reader by itself, and after how many seconds.
    pub(super) refresh: Option<(u32, Url)>,
    /// Where pictures come from.
    pub(super) pictures: HashMap<Uid, String>,
    /// The form that the page sends by itself.
    pub(super) self_submit: Option<Uid>,
}

/// Reads a page. This is work for a thread that may block: hostile pages take up to two seconds.
pub(super) fn load(fetched: Fetched) -> Loaded {
    let tree = super::html::parse(&fetched.html);
    let mut loaded = walk::walk(&tree, &fetched);
    loaded.html = fetched.html;
    loaded
}

/// The tree of a page that was loaded before.
pub(super) fn tree(loaded: &Loaded) -> Html {
    super::html::parse(&loaded.html)
}

/// Marks cookies without showing their values; `key` lives as long as the driver.
pub(super) fn marks<'a>(
    cookies: impl Iterator<Item = (&'a str, &'a str)>,
    key: &RandomState,
) -> Vec<CookieMark> {
    let mark = |(name, value): (&str, &str)| CookieMark {
        name: name.chars().take(100).collect(),
        mark: key.hash_one(value),
    };
    cookies.take(200).map(mark).collect()
}

impl Loaded {
    /// A control by its place.
    pub(super) fn control(&self, uid: Uid) -> Option<&Control> {
        self.controls.iter().find(|control| control.uid == uid)
    }
}
