//! What a page taught: a step of a login as a recipe would tell it. Only paths, roles and selectors, never
//! what was typed or shown.

use std::collections::BTreeMap;

use super::step::{Press, Question, Typed};
use super::words::{Folded, messages};
use crate::domain::prompt::FieldRole;
use crate::domain::recipe::{Condition, Pattern, Selector, Step};
use crate::domain::snapshot::{Input, PageSnapshot};

/// The step that would find this question again; `None` if a field has nothing lasting to know it by.
#[must_use]
pub fn step_of(page: &PageSnapshot, question: &Question) -> Option<Step> {
    let mut fields: BTreeMap<FieldRole, Selector> = BTreeMap::new();
    for typed in &question.fields {
        let selector = selector_of(page, typed)?;
        // Two fields of one role are one selector, or no recipe's business.
        if fields.insert(typed.field.role, selector.clone()).is_some_and(|earlier| earlier != selector) {
            return None;
        }
    }
    let known_by = fields.values().next_back()?.clone();
    let path = Some(page.url.path()).filter(|path| lasts(path)).and_then(Pattern::exact);
    let matches = Condition { path, has: Some(known_by), text: None };
    Some(Step { matches, not: None, fields, submit: question.submit.and_then(|press| button(page, press)) })
}

/// Whether a question is about trusting this device.
#[must_use]
pub fn is_about_trust(question: &Question) -> bool {
    let labels = question.fields.iter().map(|typed| typed.field.label.as_str());
    let words = question.title.as_deref().into_iter().chain(question.message.as_deref()).chain(labels);
    messages::TRUST_DEVICE.hit(&Folded::new(&words.collect::<Vec<_>>().join(" ")))
}

fn selector_of(page: &PageSnapshot, typed: &Typed) -> Option<Selector> {
    let inputs = typed.inputs.iter().map(|uid| page.inputs.iter().find(|input| input.uid == *uid));
    let inputs: Vec<&Input> = inputs.collect::<Option<_>>()?;
    let mut candidates = inputs.first().map(|first| candidates(first))?;
    // Hidden copies count too: a driver would find them as well.
    candidates.find_map(|(text, names)| {
        let named = page.inputs.iter().filter(|input| names(input)).map(|input| input.uid);
        if named.eq(typed.inputs.iter().copied()) { Selector::try_new(&text).ok() } else { None }
    })
}

type Candidate<'a> = (String, Box<dyn Fn(&Input) -> bool + 'a>);

/// What could name an input, the most lasting first.
fn candidates(input: &Input) -> impl Iterator<Item = Candidate<'_>> {
    let name = input.name.as_deref().filter(|name| lasts(name));
    let id = input.id.as_deref().filter(|id| lasts(id));
    let is = |same: fn(&Input) -> Option<&str>, value: String| -> Box<dyn Fn(&Input) -> bool> {
        Box::new(move |other| same(other) == Some(value.as_str()))
    };
    let by_name =
        name.map(|name| (format!("[name={}]", quoted(name)), is(|i| i.name.as_deref(), name.to_owned())));
    let by_id = id.map(|id| (format!("[id={}]", quoted(id)), is(|i| i.id.as_deref(), id.to_owned())));
    let token = input.autocomplete.as_deref().filter(|token| !matches!(*token, "off" | "on"));
    let by_token = token.map(|token| {
        (format!("[autocomplete={} i]", quoted(token)), is(|i| i.autocomplete.as_deref(), token.to_owned()))
    });
    let by_kind = (input.kind == "password")
        .then(|| ("input[type=password i]".to_owned(), is(|i| Some(i.kind.as_str()), input.kind.clone())));
    [by_name, by_id, by_token, by_kind].into_iter().flatten()
}

/// A button that has to be named; the default one is found again without.
fn button(page: &PageSnapshot, press: Press) -> Option<Selector> {
    let Press::Submit { button: Some(uid), .. } = press else { return None };
    let name =
        page.buttons.iter().find(|button| button.uid == uid)?.name.as_deref().filter(|name| lasts(name))?;
    let buttons = page.buttons.iter().filter(|button| button.name.as_deref() == Some(name)).count();
    let inputs = page.inputs.iter().filter(|input| input.name.as_deref() == Some(name)).count();
    let alone = buttons == 1 && inputs == 0;
    alone.then(|| Selector::try_new(&format!("[name={}]", quoted(name))).ok()).flatten()
}

/// A text as a CSS string.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Names that are made anew for every page are of no use, and may tell something about the customer.
fn lasts(name: &str) -> bool {
    let digits = name.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    let hex = name.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max().unwrap_or_default();
    let shown = name.chars().all(|c| c.is_ascii_graphic());
    !name.is_empty() && name.len() <= 100 && digits < 4 && hex < 16 && shown && !name.contains('@')
}
