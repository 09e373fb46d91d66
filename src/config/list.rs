//! Several values of one setting.

use serde::Deserialize;

/// A list in a file, or texts with commas between them in the environment.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum List {
    Text(String),
    Items(Vec<String>),
}

impl Default for List {
    fn default() -> Self {
        Self::Items(Vec::new())
    }
}

impl List {
    /// All of them, commas between.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Items(items) => items.join(","),
        }
    }

    /// One after another.
    pub(super) fn items(&self) -> impl Iterator<Item = String> {
        let text = self.text();
        let items: Vec<_> =
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect();
        items.into_iter()
    }
}
