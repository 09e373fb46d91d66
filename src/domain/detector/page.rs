//! A snapshot seen form by form, and the words around each form.

use super::words::Folded;
use super::words::controls;
use crate::domain::snapshot::{Button, Form, Input, Link, PageSnapshot, Text, Uid};

/// The controls that belong together: those of one form, or those outside of any.
pub(super) struct Group<'a> {
    pub(super) form: Option<&'a Form>,
    pub(super) inputs: Vec<&'a Input>,
    pub(super) buttons: Vec<&'a Button>,
}

/// No page that people use has more; what comes after is not looked at.
const MOST_GROUPS: usize = 40;
const MOST_INPUTS: usize = 60;

/// The groups that can be seen, in document order.
pub(super) fn groups(page: &PageSnapshot) -> Vec<Group<'_>> {
    let forms = page.forms.iter().filter(|form| form.visible.likely()).take(MOST_GROUPS).map(Some);
    forms.chain([None]).map(|form| group(page, form)).filter(|group| !group.is_empty()).collect()
}

fn group<'a>(page: &'a PageSnapshot, form: Option<&'a Form>) -> Group<'a> {
    let owner = form.map(|form| form.uid);
    let usable = |input: &&Input| input.form == owner && input.visible.likely() && input.frame.is_none();
    Group {
        form,
        inputs: page.inputs.iter().filter(usable).take(MOST_INPUTS).collect(),
        buttons: page.buttons.iter().filter(|button| button.form == owner).take(MOST_INPUTS).collect(),
    }
}

impl Group<'_> {
    fn is_empty(&self) -> bool {
        self.inputs.is_empty() && self.buttons.is_empty()
    }

    /// The form's place.
    pub(super) fn uid(&self) -> Option<Uid> {
        self.form.map(|form| form.uid)
    }

    /// Where the group begins.
    pub(super) fn start(&self) -> Uid {
        let inputs = self.inputs.iter().map(|input| input.uid);
        let all = inputs.chain(self.buttons.iter().map(|button| button.uid));
        self.uid().into_iter().chain(all).min().unwrap_or_default()
    }

    /// The form's names, for words.
    pub(super) fn names(&self) -> Folded {
        Folded::of_name(self.form.map_or("", |form| form.names.as_str()))
    }

    /// Whether it is there to look for something.
    pub(super) fn searches(&self) -> bool {
        self.form.is_some_and(|form| form.search)
    }
}

/// The heading that a form stands under: the last before it, else the first of the page, else the title.
pub(super) fn title_of(page: &PageSnapshot, start: Uid) -> Option<String> {
    let before = page.headings.iter().rev().find(|heading| heading.uid < start && !heading.text.is_empty());
    let heading = before.or_else(|| page.headings.first()).map(|heading| heading.text.clone());
    heading.or_else(|| page.title.clone()).filter(|text| !text.is_empty())
}

/// The explanation beside a form: what stands between its heading and its first input.
pub(super) fn message_of(page: &PageSnapshot, group: &Group<'_>, known: &[String]) -> Option<String> {
    let start = group.start();
    let from = page.headings.iter().rev().find(|heading| heading.uid < start).map_or(0, |h| h.uid);
    let to = group.inputs.first().map_or(start, |input| input.uid).max(start);
    let inside = page.texts.iter().filter(|text| text.uid > from && text.uid < to && explains(text));
    let words: Vec<&str> =
        inside.map(|text| text.text.as_str()).filter(|text| !known.iter().any(|k| k == text)).collect();
    // The nearest ones: what stands far above a form is the site's menu.
    let near = words.len().saturating_sub(3);
    let message = words[near..].join("\n");
    (!message.is_empty()).then_some(message)
}

/// The explanation without what is told as a complaint already.
pub(super) fn without_line(message: Option<String>, line: &str) -> Option<String> {
    let kept: Vec<String> = message?.split('\n').filter(|one| *one != line).map(str::to_owned).collect();
    Some(kept.join("\n")).filter(|message| !message.is_empty())
}

fn explains(text: &Text) -> bool {
    let heading = text.tag.len() == 2 && text.tag.starts_with('h');
    !heading && !text.of_control && text.visible.likely() && (3..=400).contains(&text.text.chars().count())
}

/// Whether a link or button ends a session.
pub(super) fn has_log_out(page: &PageSnapshot) -> bool {
    let says = |words: &str| words.chars().count() <= 40 && controls::LOG_OUT.hit(&Folded::new(words));
    page.links.iter().any(|link| says(&link.text) || leads_out(link))
        || page.buttons.iter().any(|button| says(&button.text))
}

/// Whether this is a page of a signed-in session with enough on it to be a place of its own: forms on it
/// are the customer's business, not the login's.
pub(super) fn looks_inside(page: &PageSnapshot) -> bool {
    page.links.len() >= 5 && has_log_out(page)
}

fn leads_out(link: &Link) -> bool {
    let path = Folded::of_name(link.href.path());
    ["logout", "log out", "signout", "sign out", "logoff", "abmelden", "deconnexion", "uitloggen"]
        .iter()
        .any(|word| path.as_str().split(' ').any(|part| part == *word) || path.as_str().ends_with(word))
}
