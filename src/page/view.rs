//! The templates' data: what every page shares, and the pages without a question.
//!
//! Everything is text by the time it is here; the templates only place and escape it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use entity::{Branding, LoginId};
use url::Url;

use super::asset;
use super::error;
use super::trouble::Trouble;
use super::words::{Words, fill};

/// Renders `template` with `status`.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Result<Response, Trouble> {
    let html = template.render().map_err(|cause| error::internal(&cause.to_string()))?;
    Ok((status, Html(html)).into_response())
}

/// What is around every page.
pub(super) struct Frame {
    pub(super) words: &'static Words,
    /// The document's title: it says the state, errors first.
    pub(super) title: String,
    pub(super) version: &'static str,
    /// Where in the three steps the customer is; 0 where that says nothing.
    pub(super) step: usize,
    pub(super) footer: Option<String>,
    /// The workspace's own colour, as its style sheet is named: six hexadecimal digits.
    pub(super) accent: Option<String>,
    /// Whom the customer can ask.
    pub(super) ways: Vec<Way>,
    /// Where an open page with scripts hears that there is something new.
    pub(super) events: Option<String>,
    /// After how many seconds a page without scripts loads itself again.
    pub(super) refresh: Option<u8>,
}

impl Frame {
    /// A page that knows nobody's names.
    pub(super) fn bare(words: &'static Words, title: String) -> Self {
        Self {
            words,
            title,
            version: &asset::VERSION,
            step: 0,
            footer: None,
            accent: None,
            ways: Vec::new(),
            events: None,
            refresh: None,
        }
    }

    /// A page that says at its foot whose it is and whose it is not.
    pub(super) fn signed(words: &'static Words, title: String, names: &[(&str, &str)]) -> Self {
        Self { footer: Some(fill(words.footer, names)), ..Self::bare(words, title) }
    }

    /// The same with what the workspace shows of itself.
    pub(super) fn dressed(self, branding: &Branding, workspace: &str) -> Self {
        let way = |address: &Option<String>, label: &'static str| {
            let label = fill(label, &[("workspace", workspace)]);
            address.clone().map(|address| Way { address, label, is_page: true })
        };
        let mail = branding.support_email.as_deref().map(|email| Way {
            address: format!("mailto:{email}"),
            label: fill(self.words.write_to, &[("email", email)]),
            is_page: false,
        });
        let help = way(&branding.support_url, self.words.help);
        let privacy = way(&branding.privacy_url, self.words.privacy);
        let accent = branding.accent_color.as_deref().map(|colour| colour.trim_start_matches('#').to_owned());
        Self { accent, ways: help.into_iter().chain(mail).chain(privacy).collect(), ..self }
    }

    /// The same at one of the three steps.
    pub(super) fn at(self, step: usize) -> Self {
        Self { step, ..self }
    }

    /// The same, listening for what comes after the prompt `seen`.
    pub(super) fn watching(self, login: LoginId, seen: i32) -> Self {
        Self { events: Some(format!("/s/{login}/events?seen={seen}")), ..self }
    }

    /// The same, listening for another place in the line than `place` as well.
    pub(super) fn standing_at(self, place: u64) -> Self {
        Self { events: self.events.map(|events| format!("{events}&place={place}")), ..self }
    }

    /// The same, loading itself again where scripts are off.
    pub(super) fn refreshed_after(self, seconds: u8) -> Self {
        Self { refresh: Some(seconds), ..self }
    }

    /// The words for "step n of 3".
    pub(super) fn step_label(&self) -> String {
        fill(self.words.step, &[("n", &self.step.to_string())])
    }
}

/// A place where the customer can ask, or read on.
pub(super) struct Way {
    pub(super) address: String,
    pub(super) label: String,
    /// A page opens beside this one, so that a sign-in is not lost.
    pub(super) is_page: bool,
}

/// The site's own words and whose they are.
pub(super) struct Quote {
    pub(super) says: String,
    pub(super) title: Option<String>,
    pub(super) text: Option<String>,
}

impl Quote {
    /// What `origin` says, if it says anything.
    pub(super) fn of(words: &Words, origin: &str, title: Option<&str>, text: Option<&str>) -> Option<Self> {
        let kept = |words: Option<&str>| words.filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let (title, text) = (kept(title), kept(text));
        let says = fill(words.says, &[("origin", origin)]);
        (title.is_some() || text.is_some()).then_some(Self { says, title, text })
    }
}

/// How a page that asks nothing feels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// It went well.
    Good,
    /// It is over.
    Still,
    /// It went wrong.
    Trouble,
}

/// A page that says one thing and what to do next.
#[derive(Template)]
#[template(path = "sentence.html")]
pub(super) struct Sentence {
    pub(super) frame: Frame,
    mood: Mood,
    title: String,
    text: String,
    quote: Option<Quote>,
    next: Option<String>,
    /// Small print for whoever helps: a reference, a field's name.
    detail: Option<String>,
    /// The way back to the partner: address and label.
    back: Option<(String, String)>,
}

impl Sentence {
    /// The sentence alone.
    pub(super) fn new(frame: Frame, mood: Mood, title: String, text: String) -> Self {
        Self { frame, mood, title, text, quote: None, next: None, detail: None, back: None }
    }

    /// The same with what the customer can do.
    pub(super) fn advising(self, next: String) -> Self {
        Self { next: Some(next), ..self }
    }

    /// The same with small print, if there is any.
    pub(super) fn noting(self, detail: Option<String>) -> Self {
        Self { detail, ..self }
    }

    /// The same with what the site said.
    pub(super) fn quoting(self, origin: &str, text: Option<&str>) -> Self {
        Self { quote: Quote::of(self.frame.words, origin, None, text), ..self }
    }

    /// The same with the way back to the partner, if `url` is one a browser may be sent to.
    pub(super) fn back_to(self, url: Option<&str>) -> Self {
        let url =
            url.and_then(|url| Url::parse(url).ok()).filter(|url| matches!(url.scheme(), "https" | "http"));
        let back = url.and_then(|url| {
            let label = fill(self.frame.words.back_to, &[("host", url.host_str()?)]);
            Some((url.into(), label))
        });
        Self { back, ..self }
    }

    /// The same with the link itself, which begins a new login, if it still can.
    pub(super) fn again_at(self, url: Option<&str>) -> Self {
        let again = url.map(|url| (url.to_owned(), self.frame.words.again.to_owned()));
        Self { back: again, ..self }
    }

    const fn class(&self) -> &'static str {
        match self.mood {
            Mood::Good => "good",
            Mood::Still => "still",
            Mood::Trouble => "trouble",
        }
    }
}

/// The landing page of an open link.
#[derive(Template)]
#[template(path = "invitation.html")]
pub(super) struct Invitation {
    pub(super) frame: Frame,
    pub(super) workspace: String,
    pub(super) site: String,
    pub(super) origin: String,
    pub(super) title: String,
    pub(super) asks: String,
    /// What happens: on this page, with the partner, with the data.
    pub(super) points: [String; 3],
}

/// The page while the engine is at work.
#[derive(Template)]
#[template(path = "progress.html")]
pub(super) struct Progress {
    pub(super) frame: Frame,
    pub(super) title: String,
    pub(super) text: String,
    /// What is said when it takes long.
    pub(super) slow: Option<&'static str>,
}

/// The letter that stands for a name in a picture.
fn initial(name: &str) -> String {
    name.chars().find(|c| c.is_alphanumeric()).map_or_else(String::new, |c| c.to_uppercase().collect())
}

#[cfg(test)]
mod tests {
    use super::super::words;
    use super::*;

    fn sentence() -> Sentence {
        let frame = Frame::bare(words::pick(None, None), "title".into());
        Sentence::new(frame, Mood::Good, "It is done".into(), "<b>&".into())
    }

    #[test]
    fn text_is_never_markup() {
        let html =
            sentence().quoting("https://s.example", Some("<script>alert(1)</script>")).render().unwrap();

        assert!(html.contains("https://s.example says"));
        assert!(html.contains("&#60;script&#62;alert(1)"), "{html}");
        assert!(!html.contains("<script>"));
    }

    #[test]
    fn a_workspace_shows_whom_to_ask_and_its_colour_by_a_file_of_ours() {
        let branding = Branding {
            accent_color: Some("#0e5a63".into()),
            support_url: Some("https://acme.example/help?a=1&b=\"2".into()),
            support_email: Some("help@acme.example".into()),
            ..Branding::default()
        };
        let plain = sentence();
        let frame = Frame::bare(words::pick(None, None), "title".into()).dressed(&branding, "Acme & Co");

        let html = Sentence { frame, ..sentence() }.render().unwrap();
        assert!(html.contains("/accent-0e5a63.css\""), "{html}");
        assert!(
            html.contains("Help from Acme &#38; Co") && html.contains("Write to help@acme.example"),
            "{html}"
        );
        assert!(
            html.contains("href=\"https://acme.example/help?a=1&#38;b=&#34;2\" target=\"_blank\""),
            "{html}"
        );
        assert!(html.contains("href=\"mailto:help@acme.example\"") && !html.contains("Privacy"), "{html}");
        assert!(!plain.render().unwrap().contains("accent-"));
    }

    #[test]
    fn the_way_back_is_a_link_to_an_ordinary_address_only() {
        let back = |url| sentence().back_to(Some(url)).render().unwrap();

        let html = back("https://partner.example/back?a=1&b=2");
        assert!(html.contains("href=\"https://partner.example/back?a=1&#38;b=2\""), "{html}");
        assert!(html.contains("Go back to partner.example"));
        assert!(!back("javascript:alert(1)").contains("javascript"));
        assert!(!back("not an address").contains("not an address"));
    }
}
