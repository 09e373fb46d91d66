//! Text that must never be seen: passwords, codes, keys.

use zeroize::Zeroizing;

/// A secret text. It has no `Debug`, `Display` or `Serialize`, and its memory is zeroised.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes `text` as a secret.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself: only for the place that must send, seal or compare it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}
