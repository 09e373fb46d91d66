//! The form to sign in with, or its first page.

use super::buttons;
use super::fields::{self, Known, Use};
use super::page::{self, Group};
use super::step::{Question, Typed};
use super::words::{Folded, controls, fields as names, messages};
use crate::domain::prompt::{FieldRole, PromptKind};
use crate::domain::snapshot::PageSnapshot;

/// What was found.
pub(super) enum Found {
    /// One form to sign in with.
    One(Box<Question>, Vec<String>),
    /// More than one, and nothing tells which is meant.
    Several,
    /// None.
    No,
}

struct Candidate<'a> {
    group: &'a Group<'a>,
    known: Vec<Known<'a>>,
    score: i32,
}

/// Finds the form with a password to sign in with; without one, the page that asks for the name first.
pub(super) fn find(page: &PageSnapshot, groups: &[Group<'_>]) -> Found {
    let mut candidates: Vec<Candidate<'_>> = groups
        .iter()
        .filter_map(|group| with_password(page, group))
        .filter(|candidate| candidate.score > 0)
        .collect();
    if candidates.is_empty() {
        candidates = groups.iter().filter_map(|group| name_only(page, group)).collect();
    }
    candidates.sort_by_key(|candidate| -candidate.score);
    match candidates.as_slice() {
        [] => Found::No,
        [first, second, ..] if first.score - second.score < 2 && !same(first, second) => Found::Several,
        [first, ..] => Found::One(Box::new(question(page, first)), reasons(first)),
    }
}

/// Why forms with a password are none to sign in with.
pub(super) fn near(page: &PageSnapshot, groups: &[Group<'_>]) -> Vec<String> {
    let scored = groups.iter().filter_map(|group| Some((group.start(), with_password(page, group)?)));
    let refused = scored.filter(|(_, candidate)| candidate.score <= 0);
    let told = refused.map(|(start, candidate)| {
        format!("the form at {start} has a password, but is no sign-in: score {}", candidate.score)
    });
    told.take(5).collect()
}

/// Two copies of one form, such as one in the page's head and one in its middle.
fn same(a: &Candidate<'_>, b: &Candidate<'_>) -> bool {
    let shape = |candidate: &Candidate<'_>| {
        let inputs = candidate.known.iter().filter(|known| known.used != Use::Pick);
        let names: Vec<_> = inputs.map(|known| known.input.name.clone()).collect();
        (candidate.group.form.and_then(|form| form.action.clone()), names)
    };
    shape(a) == shape(b)
}

fn with_password<'a>(page: &PageSnapshot, group: &'a Group<'a>) -> Option<Candidate<'a>> {
    let known = fields::of_group(group);
    let count = |used: Use| number(known.iter().filter(|known| known.used == used).count());
    let (passwords, new) = (count(Use::Password), count(Use::NewPassword));
    if passwords == 0 {
        return None;
    }
    let typed = number(known.iter().filter(|known| !matches!(known.used, Use::Pick | Use::List)).count());
    let score = 2 + leaning(page, group, &known) - 5 * (passwords - 1) - 5 * new - 2 * (typed - 4).max(0);
    Some(Candidate { group, known, score })
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX / 16)
}

/// Words for signing in less words for signing up, those on the button first.
fn leaning(page: &PageSnapshot, group: &Group<'_>, known: &[Known<'_>]) -> i32 {
    let submits = group.buttons.iter().filter(|button| button.submits);
    let on_buttons: Vec<String> = submits.map(|button| button.text.clone()).collect();
    let heading = page::title_of(page, group.start()).unwrap_or_default();
    let mut points = 0;
    for (text, weight) in [
        (Folded::new(&on_buttons.join(" ")), 3),
        (group.names(), 2),
        (Folded::new(&heading), 2),
        (Folded::new(page.title.as_deref().unwrap_or_default()), 1),
        (Folded::of_name(page.url.path()), 1),
    ] {
        let (signs_in, signs_up) = (controls::SIGN_IN.hit(&text), controls::SIGN_UP.hit(&text));
        points += weight * (i32::from(signs_in) - i32::from(signs_up));
    }
    let current = known.iter().any(|known| {
        known.input.autocomplete.as_deref().is_some_and(|tokens| tokens.contains("current-password"))
    });
    let remembers =
        known.iter().any(|k| k.used == Use::Pick && names::REMEMBER.hit(&fields::words_of(k.input)));
    let helps = page.links.iter().any(|link| {
        let text = Folded::new(&link.text);
        controls::FORGOT.hit(&text) || controls::SIGN_UP.hit(&text)
    });
    points + 3 * i32::from(current) + i32::from(remembers) + i32::from(helps)
}

/// A form with exactly one field that can be a name, on a page that says "sign in" somewhere.
fn name_only<'a>(page: &PageSnapshot, group: &'a Group<'a>) -> Option<Candidate<'a>> {
    let known = fields::of_group(group);
    let mut typed = known.iter().filter(|known| !matches!(known.used, Use::Pick | Use::List));
    let (only, none) = (typed.next()?, typed.next());
    if none.is_some() || !is_name(only.used) {
        return None;
    }
    let around = page::title_of(page, group.start()).unwrap_or_default();
    let words = Folded::new(&format!("{} {around}", group.names().as_str()));
    if [&messages::NEWSLETTER, &controls::FORGOT].iter().any(|against| against.hit(&words)) {
        return None;
    }
    let buttons: Vec<String> = group.buttons.iter().map(|button| button.text.clone()).collect();
    if messages::NEWSLETTER.hit(&Folded::new(&buttons.join(" "))) {
        return None;
    }
    let by_token = only.input.autocomplete.as_deref().is_some_and(|tokens| tokens.contains("username"));
    let sure = i32::from(matches!(only.used, Use::Username | Use::Email)) + 2 * i32::from(by_token);
    let score = leaning(page, group, &known) + sure;
    (score > 1).then_some(Candidate { group, known, score })
}

const fn is_name(used: Use) -> bool {
    matches!(used, Use::Username | Use::Email | Use::Phone | Use::Tenant | Use::Other)
}

fn question(page: &PageSnapshot, candidate: &Candidate<'_>) -> Question {
    let mut question = Question::new(PromptKind::Credentials);
    question.fields = typed(&candidate.known);
    question.submit = Some(buttons::submit(candidate.group));
    question.title = page::title_of(page, candidate.group.start());
    question
}

/// The fields to type: the name by its words or else by its place before the password, the password,
/// and what else the form cannot do without.
fn typed(known: &[Known<'_>]) -> Vec<Typed> {
    let password = known.iter().position(|known| known.used == Use::Password);
    let name = identifier(&known[..password.unwrap_or(known.len())]);
    let fields = known.iter().enumerate().filter_map(|(at, known)| {
        let role = match known.used {
            Use::Password => FieldRole::Password,
            Use::Email if Some(at) == name => FieldRole::Email,
            _ if Some(at) == name => FieldRole::Identifier,
            Use::Tenant => FieldRole::Tenant,
            Use::Code => FieldRole::Code,
            Use::Captcha if !known.input.filled => FieldRole::Answer,
            Use::List if names::TENANT.hit(&fields::words_of(known.input)) => FieldRole::Tenant,
            Use::Username | Use::Email | Use::Phone | Use::Other | Use::PerhapsCode
                if known.input.required && !known.input.filled =>
            {
                FieldRole::Other
            }
            _ => return None,
        };
        Some(fields::typed(known.input, role))
    });
    fields.collect()
}

/// Which of the inputs before the password is the name: the best word, and of equals the nearest.
fn identifier(before: &[Known<'_>]) -> Option<usize> {
    let rank = |known: &Known<'_>| match known.used {
        Use::Username | Use::Email => 3,
        Use::Phone => 2,
        Use::Other | Use::PerhapsCode => 1,
        _ => 0,
    };
    let ranked = before.iter().enumerate().map(|(at, known)| (rank(known), at)).filter(|(rank, _)| *rank > 0);
    let tenant = || before.iter().position(|known| known.used == Use::Tenant && before.len() == 1);
    ranked.max().map(|(_, at)| at).or_else(tenant)
}

fn reasons(candidate: &Candidate<'_>) -> Vec<String> {
    let fields = candidate.known.iter().map(|known| {
        let name = known.input.name.as_deref().or(known.input.id.as_deref()).unwrap_or("without a name");
        format!("field {} ({name}): {:?}", known.input.uid, known.used)
    });
    let score = format!("a form to sign in with, score {}", candidate.score);
    [score].into_iter().chain(fields).collect()
}
