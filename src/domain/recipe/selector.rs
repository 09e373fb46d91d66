//! CSS selectors of a recipe: checked when it is read, matched by a driver.

use serde::{Deserialize, Deserializer, Serialize, de::Error};

/// How long a selector may be, in characters.
pub(super) const LONGEST: usize = 300;

/// A CSS selector that parses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Selector(String);

impl Selector {
    /// Checks `text`.
    ///
    /// # Errors
    /// What is wrong with it, as a clause: it is too long, no CSS selector, or uses `:has()`, whose
    /// cost has no bound on hostile pages.
    pub fn try_new(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.chars().count() > LONGEST {
            return Err(format!("must be at most {LONGEST} characters long"));
        }
        if text.to_ascii_lowercase().contains(":has(") {
            return Err("must not use :has()".to_owned());
        }
        match scraper::Selector::parse(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err("not a CSS selector".to_owned()),
        }
    }

    /// The selector.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::try_new(&text).map_err(D::Error::custom)
    }
}
