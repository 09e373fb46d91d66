//! The stories of the site: one for each user name, as data in `book/`.
//!
//! A scenario names the pages that come one after the other and how it ends. A page is what visitors see
//! and what the site makes of what they send. The words of the pages are in the book, not here.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Secret, Totp};

/// One story: who signs in, with what, what the site does then, and how a login through Postern must end.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The story in a few words.
    pub name: String,
    /// The user name that picks it.
    pub username: String,
    /// The password that the site accepts for that user name.
    #[serde(default = "password")]
    pub password: String,
    /// The secret of the authenticator app (base32), when the site asks for its code.
    #[serde(default)]
    pub authenticator_secret: Option<String>,
    /// What happens, in a sentence.
    pub what_happens: String,
    /// Where the story begins.
    #[serde(default = "login_path")]
    pub login_path: String,
    /// Whether the site's other host must be an allowed origin.
    #[serde(default)]
    pub other_origin: bool,
    /// How a login ends, by driver: `SIGNED_IN` or a failure code.
    #[serde(default)]
    pub expected: Expected,
    /// What the customer does, one act for each prompt.
    #[serde(default = "walk")]
    pub walk: Vec<String>,
    /// What the customer is asked, if the login gets that far.
    #[serde(default)]
    pub prompts: Option<Vec<String>>,
    /// Why questions come again, in order.
    #[serde(default)]
    pub rejections: Option<Vec<String>>,
    /// Words of the site that the customer must see on the way.
    #[serde(default)]
    pub words: Vec<String>,
    /// The pages that ask something, in their order.
    #[serde(default = "pages", skip_serializing)]
    pub(super) pages: Vec<String>,
    /// The page at the end; without one the visitor is signed in.
    #[serde(default, skip_serializing)]
    pub(super) end: Option<String>,
    /// How long the site thinks before it answers a form.
    #[serde(default, skip_serializing)]
    pause_ms: u64,
}

/// How a login must end.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// By the http driver; none if it cannot be used for this.
    #[serde(default = "signed_in")]
    pub http: String,
    /// By the browser driver.
    #[serde(default = "signed_in")]
    pub browser: String,
}

impl Default for Expected {
    fn default() -> Self {
        Self { http: signed_in(), browser: signed_in() }
    }
}

/// One page of the site.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a trait of the page, as the book writes it")]
pub(super) struct Page {
    /// Its title.
    pub(super) title: String,
    /// What stands in its middle, or all of it if it begins with a document type.
    pub(super) html: String,
    /// Its language.
    pub(super) lang: Option<String>,
    /// Its address, if other scenarios share it.
    pub(super) path: Option<String>,
    /// Its HTTP status; 200 if there is none.
    pub(super) status: Option<u16>,
    /// Headers beyond the usual ones.
    pub(super) headers: BTreeMap<String, String>,
    /// How an error is written into the page; `{text}` stands for its words.
    pub(super) error: Option<String>,
    /// Whether it is shown to whoever asks for it.
    pub(super) open: bool,
    /// Whether who stands on the page before may open it.
    pub(super) follows: bool,
    /// Whether its scripts may run.
    pub(super) scripts: bool,
    /// Whether its form comes from another host and has no token of the visitor.
    pub(super) foreign: bool,
    /// Whether the HTTP layer asks for name and password.
    pub(super) basic: bool,
    /// Its bytes, if it is no text.
    pub(super) base64: Option<String>,
    /// Whether its text is sent as Latin-1, whatever its header says.
    pub(super) latin1: bool,
    /// Where its address leads instead of showing anything.
    pub(super) redirect: Option<String>,
    /// What stands for `{filler}`, and how often.
    pub(super) filler: Option<(String, usize)>,
    /// How long it takes to be shown.
    pub(super) pause_ms: u64,
    /// The field that holds a password, if it is not called that.
    pub(super) password: Option<String>,
    /// The field that holds a code, if it is not called that.
    pub(super) code: Option<String>,
    /// The HTTP status of its refusals; 200 if there is none.
    pub(super) wrong_status: Option<u16>,
    /// Fields that are right, and lead on.
    pub(super) takes: BTreeMap<String, String>,
    /// What is said of anything else.
    pub(super) wrong: String,
    /// Other things to react to, before `takes` is looked at.
    pub(super) on: Vec<Rule>,
    /// What happens by looking at the page.
    pub(super) looks: Vec<Rule>,
}

/// What happens when.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// Fields that must be so; see [`Scenario::fits`].
    #[serde(default)]
    pub(super) when: BTreeMap<String, String>,
    /// From which time on it happens.
    #[serde(default)]
    pub(super) nth: u32,
    /// `next`, `again`, `in`, `token`, `show PAGE`, `go PAGE` or `to ADDRESS`.
    pub(super) then: String,
    /// What is said with it.
    #[serde(default)]
    pub(super) say: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Chapter {
    page: BTreeMap<String, Page>,
    scenario: Vec<Scenario>,
}

const CHAPTERS: [&str; 7] = [
    include_str!("book/first.toml"),
    include_str!("book/codes.toml"),
    include_str!("book/between.toml"),
    include_str!("book/refusals.toml"),
    include_str!("book/forms.toml"),
    include_str!("book/languages.toml"),
    include_str!("book/hostile.toml"),
];

static BOOK: LazyLock<Chapter> = LazyLock::new(|| {
    // That each chapter can be read is a test; one that cannot is left out.
    let chapters = CHAPTERS.iter().filter_map(|text| toml::from_str::<Chapter>(text).ok());
    chapters.fold(Chapter::default(), |mut book, chapter| {
        book.page.extend(chapter.page);
        book.scenario.extend(chapter.scenario);
        book
    })
});

fn password() -> String {
    "correct-horse-1".to_owned()
}

fn login_path() -> String {
    "/login".to_owned()
}

fn signed_in() -> String {
    "SIGNED_IN".to_owned()
}

fn walk() -> Vec<String> {
    vec!["sign in".to_owned()]
}

fn pages() -> Vec<String> {
    vec!["sign_in".to_owned()]
}

/// Returns all stories that the site can tell.
#[must_use]
pub fn scenarios() -> &'static [Scenario] {
    &BOOK.scenario
}

/// Finds the story of a user name.
pub(super) fn find(username: &str) -> Option<&'static Scenario> {
    BOOK.scenario.iter().find(|scenario| scenario.username == username.trim())
}

/// Finds a page.
pub(super) fn page(name: &str) -> Option<(&'static str, &'static Page)> {
    BOOK.page.get_key_value(name).map(|(name, page)| (name.as_str(), page))
}

impl Scenario {
    /// How long the site thinks before it answers a form.
    pub(super) const fn pause(&self) -> Duration {
        Duration::from_millis(self.pause_ms)
    }

    /// Whether what was sent in a field is what a rule wants: `$name`, `$password` and `$totp` stand for
    /// the visitor's own, `*` for anything, nothing for nothing, all else for itself.
    pub(super) fn fits(&self, wanted: &str, sent: &str) -> bool {
        match wanted {
            "$name" => sent.trim() == self.username,
            "$password" => sent == self.password,
            "$totp" => self.accepts_code(sent),
            "*" => !sent.is_empty(),
            literal => sent.trim().eq_ignore_ascii_case(literal),
        }
    }

    /// Whether `code` is what the visitor's authenticator app shows now, or showed one step before.
    fn accepts_code(&self, code: &str) -> bool {
        let typed: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        self.authenticator().is_some_and(|app| app.check_current(&typed).is_some())
    }

    /// What the visitor's authenticator app shows now, if the story asks for a code.
    #[must_use]
    pub fn code_now(&self) -> Option<String> {
        self.authenticator().map(|app| app.generate_current().to_string())
    }

    fn authenticator(&self) -> Option<Totp> {
        let secret = Secret::try_from_base32(self.authenticator_secret.as_ref()?).ok()?;
        // RFC 4226 wants 128 bits; the well-known practice secret has 80, and there is nothing to guard.
        Some(Builder::new().with_secret(secret).build_noncompliant())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_chapter_can_be_read() {
        for (at, text) in CHAPTERS.iter().enumerate() {
            if let Err(error) = toml::from_str::<Chapter>(text) {
                panic!("chapter {at}: {error}");
            }
        }
    }

    #[test]
    fn user_names_are_told_apart_and_their_pages_exist() {
        let names: BTreeSet<_> = scenarios().iter().map(|scenario| &scenario.username).collect();
        assert_eq!(names.len(), scenarios().len());
        for scenario in scenarios() {
            let pages = scenario.pages.iter().chain(&scenario.end);
            let missing: Vec<_> = pages.filter(|name| page(name).is_none()).collect();
            assert!(missing.is_empty(), "{}: {missing:?}", scenario.username);
        }
    }

    #[test]
    fn rules_lead_to_pages_that_exist() {
        for (name, told) in &BOOK.page {
            for rule in told.on.iter().chain(&told.looks) {
                let (verb, object) = rule.then.split_once(' ').unwrap_or((&rule.then, ""));
                let known = match verb {
                    "next" | "again" | "in" | "token" => object.is_empty(),
                    "show" | "go" => page(object).is_some(),
                    "to" => !object.is_empty(),
                    _ => false,
                };
                assert!(known, "{name}: {}", rule.then);
            }
        }
    }
}
