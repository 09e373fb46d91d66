//! What must hold on a page, and what a driver found of a recipe's selectors there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::limits::{Pattern, Phrase};
use super::selector::Selector;
use crate::domain::snapshot::{PageSnapshot, Uid};

/// What must hold on a page: everything that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Condition {
    /// The path of the page's address; `*` stands for any characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Pattern>,
    /// An element that is on the page and not hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has: Option<Selector>,
    /// Words that can be read on the page, upper and lower case alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Phrase>,
}

/// An element that a selector matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its place in the snapshot.
    pub uid: Uid,
    /// Its text, white space folded.
    pub text: String,
}

/// What the selectors of a recipe match on one page, hidden elements left out.
#[derive(Clone, Debug, Default)]
pub struct Marks(BTreeMap<String, Vec<Mark>>);

impl Marks {
    /// Nothing was looked for.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Notes what `selector` matches.
    pub fn put(&mut self, selector: &Selector, marks: Vec<Mark>) {
        self.0.insert(selector.as_str().to_owned(), marks);
    }

    /// What `selector` matches.
    #[must_use]
    pub fn of(&self, selector: &Selector) -> &[Mark] {
        self.0.get(selector.as_str()).map_or(&[], Vec::as_slice)
    }
}

impl Condition {
    /// Whether it asks for nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.path.is_none() && self.has.is_none() && self.text.is_none()
    }

    /// Whether it holds.
    #[must_use]
    pub fn holds(&self, page: &PageSnapshot, marks: &Marks) -> bool {
        self.path.as_ref().is_none_or(|path| path.fits(page.url.path()))
            && self.has.as_ref().is_none_or(|selector| !marks.of(selector).is_empty())
            && self.text.as_ref().is_none_or(|phrase| says(page, phrase))
    }
}

fn says(page: &PageSnapshot, phrase: &Phrase) -> bool {
    page.texts.iter().any(|text| text.visible.likely() && phrase.is_in(&text.text))
}
