//! The stories of the site, one row for each user name.
//!
//! A row says what the site asks, in which order, and how the story ends. The words of the pages are
//! not here but in the templates.

use std::time::Duration;

use serde::Serialize;
use totp_rs::{Builder, Secret, Totp};

/// One story: who signs in, with what, and what the site does then.
#[derive(Debug, Serialize)]
pub struct Scenario {
    /// The story in a few words.
    pub name: &'static str,
    /// The user name that picks it.
    pub username: &'static str,
    /// The password that the site accepts for that user name.
    pub password: &'static str,
    /// The secret of the authenticator app (base32), when the site asks for its code.
    pub authenticator_secret: Option<&'static str>,
    /// What happens, in a sentence.
    pub what_happens: &'static str,
    #[serde(skip)]
    pub(super) plot: Plot,
}

/// The course of a story.
#[derive(Debug)]
pub(super) struct Plot {
    /// How long the site thinks before it answers a form.
    pub(super) pause: Duration,
    /// What it asks for, in this order.
    pub(super) asks: &'static [Ask],
    /// What it does when everything was right.
    pub(super) ending: Ending,
}

/// One thing that the site asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// The password, on the page of the user name.
    Password,
    /// The password, always on a page of its own.
    PasswordNext,
    /// The code of the authenticator app, on a page of its own.
    AppCode,
}

/// How a story ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The visitor is signed in.
    SignedIn,
    /// The site says that the account is locked.
    Locked,
    /// The site is out of order.
    OutOfOrder,
}

const PASSWORD: &str = "correct-horse-1";
const AUTHENTICATOR_SECRET: &str = "JBSWY3DPEHPK3PXP";
const AT_ONCE: Duration = Duration::ZERO;
/// Long enough for a person to notice, short enough for every client's patience.
const SLOWLY: Duration = Duration::from_secs(3);

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "Plain sign-in",
        username: "good",
        password: PASSWORD,
        authenticator_secret: None,
        what_happens: "User name and password on one page, then the account.",
        plot: Plot { pause: AT_ONCE, asks: &[Ask::Password], ending: Ending::SignedIn },
    },
    Scenario {
        name: "Code by authenticator app",
        username: "otp_app",
        password: PASSWORD,
        authenticator_secret: Some(AUTHENTICATOR_SECRET),
        what_happens: "After the password the site asks for the six digits of the authenticator app.",
        plot: Plot { pause: AT_ONCE, asks: &[Ask::Password, Ask::AppCode], ending: Ending::SignedIn },
    },
    Scenario {
        name: "Two pages",
        username: "two_pages",
        password: PASSWORD,
        authenticator_secret: None,
        what_happens: "The password is asked for on a page of its own, after the user name.",
        plot: Plot { pause: AT_ONCE, asks: &[Ask::PasswordNext], ending: Ending::SignedIn },
    },
    Scenario {
        name: "Locked account",
        username: "locked",
        password: PASSWORD,
        authenticator_secret: None,
        what_happens: "After the right password the site says that the account is locked.",
        plot: Plot { pause: AT_ONCE, asks: &[Ask::Password], ending: Ending::Locked },
    },
    Scenario {
        name: "Slow site",
        username: "slow",
        password: PASSWORD,
        authenticator_secret: None,
        what_happens: "As the plain sign-in, but the site takes three seconds to answer.",
        plot: Plot { pause: SLOWLY, asks: &[Ask::Password], ending: Ending::SignedIn },
    },
    Scenario {
        name: "Site out of order",
        username: "down",
        password: PASSWORD,
        authenticator_secret: None,
        what_happens: "Whatever the password, the site answers 503.",
        plot: Plot { pause: AT_ONCE, asks: &[], ending: Ending::OutOfOrder },
    },
];

/// Returns all stories that the site can tell.
#[must_use]
pub fn scenarios() -> &'static [Scenario] {
    SCENARIOS
}

/// Finds the story of a user name.
pub(super) fn find(username: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.username == username.trim())
}

impl Scenario {
    /// Whether `code` is what the visitor's authenticator app shows now, or showed one step before.
    pub(super) fn accepts_code(&self, code: &str) -> bool {
        let typed: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        self.authenticator().is_some_and(|app| app.check_current(&typed).is_some())
    }

    /// What the visitor's authenticator app shows now, if the story asks for a code.
    #[must_use]
    pub fn code_now(&self) -> Option<String> {
        self.authenticator().map(|app| app.generate_current().to_string())
    }

    fn authenticator(&self) -> Option<Totp> {
        let secret = Secret::try_from_base32(self.authenticator_secret?).ok()?;
        // RFC 4226 wants 128 bits; the well-known practice secret has 80, and there is nothing to guard.
        Some(Builder::new().with_secret(secret).build_noncompliant())
    }
}
