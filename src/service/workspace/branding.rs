//! What a workspace may show of itself on the customer's page: a name, a colour, and whom to ask.
//!
//! Nothing of it is markup, and nothing is loaded from anywhere when the page is shown.

use entity::Branding;

use crate::domain::colour::{self, Colour};
use crate::service::{Error, Problem, check};

/// How long a name on the page may be, in characters: it stands in headings on small screens.
const DISPLAY_NAME: std::ops::RangeInclusive<usize> = 1..=64;
/// How long an e-mail address may be (RFC 5321).
const LONGEST_EMAIL: usize = 254;

/// What becomes of the branding.
pub enum NewBranding {
    /// It stays as it is.
    Keep,
    /// There is none from now on.
    Clear,
    /// Parts of it change.
    Change(PartChanges),
}

/// What becomes of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change {
    /// It stays as it is.
    #[default]
    Keep,
    /// It becomes this, or nothing.
    To(Option<String>),
}

/// What becomes of each part.
#[derive(Default)]
pub struct PartChanges {
    /// See [`Branding`].
    pub display_name: Change,
    /// See [`Branding`].
    pub accent_color: Change,
    /// See [`Branding`].
    pub support_url: Change,
    /// See [`Branding`].
    pub support_email: Change,
    /// See [`Branding`].
    pub privacy_url: Change,
}

/// Checks each part that is given.
pub(super) fn fits(branding: &NewBranding) -> Result<(), Error> {
    let NewBranding::Change(parts) = branding else { return Ok(()) };
    given(&parts.display_name, |name| check::text("branding.displayName", name, DISPLAY_NAME))?;
    given(&parts.accent_color, |text| readable("branding.accentColor", text))?;
    given(&parts.support_url, |url| secure("branding.supportUrl", url))?;
    given(&parts.support_email, |address| email("branding.supportEmail", address))?;
    given(&parts.privacy_url, |url| secure("branding.privacyUrl", url))
}

/// `branding` with what changes of it.
pub(super) fn changed(branding: Branding, to: NewBranding) -> Branding {
    let parts = match to {
        NewBranding::Keep => return branding,
        NewBranding::Clear => return Branding::default(),
        NewBranding::Change(parts) => parts,
    };
    Branding {
        display_name: parts.display_name.or(branding.display_name),
        accent_color: parts.accent_color.map(|text| text.to_ascii_lowercase()).or(branding.accent_color),
        support_url: parts.support_url.or(branding.support_url),
        support_email: parts.support_email.or(branding.support_email),
        privacy_url: parts.privacy_url.or(branding.privacy_url),
    }
}

impl Change {
    fn or(self, kept: Option<String>) -> Option<String> {
        match self {
            Self::Keep => kept,
            Self::To(value) => value,
        }
    }

    fn map(self, to: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::To(Some(value)) => Self::To(Some(to(value))),
            other => other,
        }
    }
}

fn given(change: &Change, fits: impl FnOnce(&str) -> Result<(), Error>) -> Result<(), Error> {
    match change {
        Change::To(Some(value)) => fits(value),
        Change::To(None) | Change::Keep => Ok(()),
    }
}

/// A colour in which words can be read, and on which white words can be.
fn readable(field: &str, text: &str) -> Result<(), Error> {
    let Some(colour) = Colour::parse(text) else {
        return Err(Error::invalid(
            field,
            "must be a colour as # and six hexadecimal digits, such as #0e5a63",
        ));
    };
    let contrast = colour.contrast_to(colour::LIGHT_SURFACE);
    if contrast < colour::LEAST_CONTRAST {
        let message = format!(
            "must be dark enough for words in it to be read: a contrast of at least {}:1 to {}, and this has {contrast:.1}:1",
            colour::LEAST_CONTRAST,
            colour::LIGHT_SURFACE,
        );
        return Err(Error::invalid(field, message));
    }
    Ok(())
}

/// A page that a customer can be sent to.
fn secure(field: &str, text: &str) -> Result<(), Error> {
    if check::url(field, text)?.scheme() != "https" {
        return Err(Error::input(field, Problem::ForbiddenUrl, "must start with https://"));
    }
    Ok(())
}

/// An address that can stand in `mailto:` as it is.
fn email(field: &str, text: &str) -> Result<(), Error> {
    let is_word = |part: &str, others: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
    };
    let fits = text.rsplit_once('@').is_some_and(|(user, host)| {
        is_word(user, ".+_-") && host.contains('.') && host.split('.').all(|label| is_word(label, "-"))
    });
    if fits && text.len() <= LONGEST_EMAIL {
        return Ok(());
    }
    let message = "must be an e-mail address of letters, digits and . + _ - such as help@acme.example";
    Err(Error::invalid(field, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_can_carry_nothing_but_an_address() {
        for good in ["help@acme.example", "a.b+c_d-e@x-y.co.uk"] {
            assert!(email("e", good).is_ok(), "{good}");
        }
        let bad =
            ["", "help", "help@", "@acme.example", "help@acme", "a b@c.de", "a@c.de?subject=x", "a%40b@c.de"];
        for bad in bad.into_iter().chain(["a@c..de", "a@c.de\n", "a@b@c.de", "<a@c.de>"]) {
            assert!(email("e", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_colour_that_cannot_be_read_is_refused_with_its_contrast() {
        assert!(readable("c", "#0e5a63").is_ok() && readable("c", "#000000").is_ok());
        for bad in ["#ffffff", "#ffcc00", "#888888", "0e5a63", "#0e5", "red", "#0e5a6g", "#é5a63"] {
            assert!(readable("c", bad).is_err(), "{bad}");
        }
        assert!(readable("c", "#888888").unwrap_err().to_string().contains("this has 3.1:1"));
    }

    #[test]
    fn customers_are_sent_to_secure_pages_only() {
        assert!(secure("u", "https://acme.example/help").is_ok());
        for bad in ["http://acme.example", "javascript:alert(1)", "mailto:a@b.de", "/help"] {
            assert!(secure("u", bad).is_err(), "{bad}");
        }
    }
}
