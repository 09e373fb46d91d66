//! One of several: ways to prove who one is, targets for a code, accounts.

use super::buttons;
use super::fields::{self, Use};
use super::page::{self, Group};
use super::step::{Act, Press, Question, Way};
use super::words::{Folded, controls, fields as names, messages};
use super::{Context, code};
use crate::domain::prompt::{CodeDelivery, PromptKind, Purpose};
use crate::domain::snapshot::{Input, PageSnapshot};

/// Other forms of the page as ways, under their headings.
pub(super) fn others_as_ways(questions: impl Iterator<Item = Question>) -> Vec<Way> {
    let label = |question: &Question| {
        let field = question.fields.first().map(|typed| typed.field.label.clone());
        field.filter(|label| !label.is_empty()).or_else(|| question.title.clone()).unwrap_or_default()
    };
    questions.map(|question| Way { label: label(&question), act: Act::Ask(Box::new(question)) }).collect()
}

/// Everything beside `main` that leads on another way: buttons, links, and lists in other forms.
pub(super) fn alternatives(
    page: &PageSnapshot,
    groups: &[Group<'_>],
    main: &Group<'_>,
    submit: Press,
) -> Vec<Way> {
    let mut ways = buttons::other_ways(page, main, submit);
    for group in groups.iter().filter(|group| group.uid() != main.uid() && group.form.is_some()) {
        if asks_to_type(group) {
            continue;
        }
        let options = options(group, submit_of(group));
        if options.len() <= 8 && options.iter().any(|way| is_method(&way.label)) {
            ways.extend(options);
        }
    }
    ways
}

fn submit_of(group: &Group<'_>) -> Press {
    buttons::submit(group)
}

fn asks_to_type(group: &Group<'_>) -> bool {
    fields::of_group(group).iter().any(|known| !matches!(known.used, Use::Pick | Use::List))
}

/// The radio buttons or the list of a form, each with what must be pressed after it.
fn options(group: &Group<'_>, submit: Press) -> Vec<Way> {
    let radios = group.inputs.iter().filter(|input| input.kind == "radio");
    let picks = radios.map(|input| Way { label: radio_label(input), act: Act::Pick(input.uid, submit) });
    let picks: Vec<Way> = picks.filter(|way| !way.label.is_empty()).collect();
    let lists = group.inputs.iter().filter(|input| input.kind == "select");
    let selected = lists.flat_map(|input| {
        let real = input.options.iter().filter(|(value, label)| !value.is_empty() && !label.is_empty());
        real.map(|(value, label)| Way {
            label: label.clone(),
            act: Act::Select(input.uid, value.clone(), submit),
        })
    });
    if picks.is_empty() { selected.collect() } else { picks }
}

fn radio_label(input: &Input) -> String {
    input.label.trim().to_owned()
}

/// Whether words name a way to prove who one is, or a masked target.
fn is_method(label: &str) -> bool {
    let folded = Folded::new(label);
    let methods =
        [&messages::BY_SMS, &messages::BY_EMAIL, &messages::BY_CALL, &messages::BY_APP, &messages::BY_LIST];
    code::masked(label).is_some() || methods.iter().any(|words| words.hit(&folded))
}

/// Finds a page whose only question is which of several.
pub(super) fn choice(
    page: &PageSnapshot,
    groups: &[Group<'_>],
    context: &Context<'_>,
) -> Option<(Box<Question>, Vec<String>)> {
    let listed =
        groups.iter().filter(|group| group.form.is_some() && !asks_to_type(group)).find_map(|group| {
            let ways = options(group, submit_of(group));
            (is_choice(page, group, &ways)).then_some((group, ways))
        });
    let pressed = || {
        let group = groups.iter().find(|group| group.form.is_some())?;
        let ways = buttons_as_ways(page);
        (is_choice(page, group, &ways) && !groups.iter().any(asks_to_type)).then_some((group, ways))
    };
    let (group, ways) = listed.or_else(pressed)?;
    let mut question = Question::new(PromptKind::Choice);
    question.title = page::title_of(page, group.start());
    question.message = page::message_of(page, group, context.complaints());
    let reason = format!("{} ways to choose from", ways.len());
    question.choices = ways;
    question.purpose = Some(purpose(&question));
    Some((Box::new(question), vec![reason]))
}

fn is_choice(page: &PageSnapshot, group: &Group<'_>, ways: &[Way]) -> bool {
    let title = page::title_of(page, group.start()).unwrap_or_default();
    let message = page::message_of(page, group, &[]).unwrap_or_default();
    let asked = messages::CHOOSE.hit(&Folded::new(&format!("{title} {message}")));
    let methods = ways.iter().filter(|way| is_method(&way.label)).count();
    let picked = ways.iter().all(|way| matches!(way.act, Act::Pick(..) | Act::Select(..)));
    (2..=12).contains(&ways.len()) && (methods >= 2 || (asked && (methods >= 1 || picked)))
}

/// What the choice is about, by the words around it and by what there is to choose from.
fn purpose(question: &Question) -> Purpose {
    let words = [question.title.as_deref(), question.message.as_deref()];
    let words = Folded::new(&words.into_iter().flatten().collect::<Vec<_>>().join(" "));
    let all = |fits: fn(&str) -> bool| question.choices.iter().all(|way| fits(&way.label));
    if names::TENANT.hit(&words) {
        Purpose::Organization
    } else if all(is_method) && !all(|label| code::delivery(label) == CodeDelivery::Unknown) {
        Purpose::MfaMethod
    } else if all(|label| code::masked(label).is_some()) {
        Purpose::MfaTarget
    } else if names::ACCOUNT.hit(&words) {
        Purpose::Account
    } else if controls::SIGN_IN.hit(&words) {
        Purpose::SignInMethod
    } else {
        Purpose::Other
    }
}

/// Buttons of the page's forms that name a method each.
fn buttons_as_ways(page: &PageSnapshot) -> Vec<Way> {
    let named = page.buttons.iter().filter(|button| buttons::pressable(button) && button.form.is_some());
    let methods = named.filter(|button| is_method(&button.text));
    let ways =
        methods.map(|button| Way { label: button.text.clone(), act: Act::Press(buttons::press(button)) });
    let links = page.links.iter().filter(|link| link.visible.likely() && is_method(&link.text));
    let links = links.map(|link| Way { label: link.text.clone(), act: Act::Press(Press::Follow(link.uid)) });
    ways.chain(links).collect()
}
