//! A loaded page: its snapshot, and what is needed to act on it.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use scraper::Html;
use url::Url;

use super::controls::{Control, FormTarget, Typed};
use super::walk;
use crate::domain::snapshot::{Challenge, CookieMark, PageSnapshot, Uid};

/// A page as it came, before anything is done with it.
pub(in crate::driver) struct Fetched {
    pub(in crate::driver) url: Url,
    pub(in crate::driver) status: u16,
    pub(in crate::driver) challenge: Option<Challenge>,
    /// The text of an HTML page; of anything else nothing is read.
    pub(in crate::driver) html: String,
}

/// A page that can be acted on.
pub(in crate::driver) struct Loaded {
    pub(in crate::driver) snapshot: PageSnapshot,
    pub(in crate::driver) controls: Vec<Control>,
    pub(in crate::driver) forms: Vec<FormTarget>,
    pub(in crate::driver) base: Url,
    pub(in crate::driver) html: String,
    /// Elements that are hidden, in their order.
    pub(in crate::driver) hidden: Vec<Uid>,
    pub(in crate::driver) typed: Typed,
    /// Where the page sends its reader by itself, and after how many seconds.
    pub(in crate::driver) refresh: Option<(u32, Url)>,
    /// Where pictures come from.
    pub(in crate::driver) pictures: HashMap<Uid, String>,
    /// The form that the page sends by itself.
    pub(in crate::driver) self_submit: Option<Uid>,
}

/// Reads a page. This is work for a thread that may block: hostile pages take up to two seconds.
pub(in crate::driver) fn load(fetched: Fetched) -> Loaded {
    let tree = super::html::parse(&fetched.html);
    let mut loaded = walk::walk(&tree, &fetched, None);
    loaded.html = fetched.html;
    loaded
}

/// The tree of a page that was loaded before.
pub(in crate::driver) fn tree(loaded: &Loaded) -> Html {
    super::html::parse(&loaded.html)
}

/// Marks cookies without showing their values; `key` lives as long as the driver.
pub(in crate::driver) fn marks<'a>(
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
    pub(in crate::driver) fn control(&self, uid: Uid) -> Option<&Control> {
        self.controls.iter().find(|control| control.uid == uid)
    }
}
