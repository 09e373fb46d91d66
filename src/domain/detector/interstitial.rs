//! What may stand between a password and the signed-in page: notices, questions, a new password, a phone
//! number, an approval somewhere else.

use super::buttons;
use super::fields::{self, Known, Use};
use super::page::{self, Group};
use super::step::{Press, Question, Typed};
use super::words::{Folded, controls, fields as names, messages};
use super::{Context, code};
use crate::domain::prompt::{FieldRole, PromptKind};
use crate::domain::snapshot::{Button, Image, PageSnapshot};

type Found = Option<(Box<Question>, Vec<String>)>;

/// Finds a form that wants a new password.
pub(super) fn new_password(page: &PageSnapshot, groups: &[Group<'_>], context: &Context<'_>) -> Found {
    let (group, known) = groups.iter().find_map(|group| {
        let known = fields::of_group(group);
        let secrets = known.iter().filter(|known| matches!(known.used, Use::Password | Use::NewPassword));
        let others =
            known.iter().filter(|known| matches!(known.used, Use::Username | Use::Email | Use::Code));
        (secrets.count() >= 2 && others.count() == 0).then_some((group, known))
    })?;
    let secrets: Vec<&Known<'_>> =
        known.iter().filter(|k| matches!(k.used, Use::Password | Use::NewPassword)).collect();
    let last = secrets.len() - 1;
    let has_current = secrets.len() > 2 || secrets.first().is_some_and(|first| first.used == Use::Password);
    let typed = secrets.iter().enumerate().map(|(at, known)| {
        let role = match at {
            0 if has_current && secrets.len() != 2 => FieldRole::Password,
            0 if has_current && secrets[last].used == Use::NewPassword && is_single_new(&secrets) => {
                FieldRole::Password
            }
            _ if at == last && last > 0 && !is_single_new(&secrets) => FieldRole::ConfirmPassword,
            _ => FieldRole::NewPassword,
        };
        fields::typed(known.input, role)
    });
    let typed = typed.collect();
    Some(form(PromptKind::NewPassword, page, group, (typed, context), "a form for a new password"))
}

/// Two fields of which only the second is new: the current and the new one.
fn is_single_new(secrets: &[&Known<'_>]) -> bool {
    matches!(secrets, [first, second]
        if first.used == Use::Password && second.used == Use::NewPassword
            && !repeats(second))
}

fn repeats(known: &Known<'_>) -> bool {
    let words = fields::words_of(known.input);
    ["confirm", "repeat", "again", "retype", "wiederholen", "confirmer", "repetir", "ripeti", "herhaal"]
        .iter()
        .any(|word| words.as_str().contains(word))
}

/// Finds security questions.
pub(super) fn questions(page: &PageSnapshot, groups: &[Group<'_>], context: &Context<'_>) -> Found {
    let (group, typed) = groups.iter().filter(|group| !group.searches()).find_map(|group| {
        let known = fields::of_group(group);
        let typed = known.iter().filter(|known| known.used != Use::Pick && !is_other_list(known));
        let typed: Vec<&Known<'_>> = typed.collect();
        let answers = |known: &&Known<'_>| matches!(known.used, Use::Answer | Use::List);
        let asks = typed.iter().any(&answers) || asks_around(page, group, &typed);
        let plain =
            typed.iter().all(|known| answers(known) || matches!(known.used, Use::Other | Use::Password));
        (asks && plain && !typed.is_empty()).then(|| {
            let answers = typed.iter().map(|known| fields::typed(known.input, FieldRole::Answer));
            (group, answers.collect::<Vec<Typed>>())
        })
    })?;
    Some(form(PromptKind::Questions, page, group, (typed, context), "a security question"))
}

/// A list whose label is no question has another purpose.
fn is_other_list(known: &Known<'_>) -> bool {
    let asked = || names::QUESTION.hit(&fields::words_of(known.input)) || fields::is_question(known.input);
    known.used == Use::List && !asked()
}

/// The question itself may stand beside a field that is not called anything.
fn asks_around(page: &PageSnapshot, group: &Group<'_>, typed: &[&Known<'_>]) -> bool {
    let [only] = typed else { return false };
    let title = page::title_of(page, group.start()).unwrap_or_default();
    let message = page::message_of(page, group, &[]).unwrap_or_default();
    only.used == Use::Other && names::QUESTION.hit(&Folded::new(&format!("{title} {message}")))
}

/// Finds a form that wants a phone number.
pub(super) fn phone(page: &PageSnapshot, groups: &[Group<'_>], context: &Context<'_>) -> Found {
    let (group, typed) = groups.iter().find_map(|group| {
        let known = fields::of_group(group);
        let typed: Vec<_> = known.iter().filter(|k| !matches!(k.used, Use::Pick | Use::List)).collect();
        match typed.as_slice() {
            [only] if only.used == Use::Phone => Some((group, fields::typed(only.input, FieldRole::Phone))),
            _ => None,
        }
    })?;
    Some(form(PromptKind::Phone, page, group, (vec![typed], context), "a form for a phone number"))
}

fn form(
    kind: PromptKind,
    page: &PageSnapshot,
    group: &Group<'_>,
    (fields, context): (Vec<Typed>, &Context<'_>),
    reason: &str,
) -> (Box<Question>, Vec<String>) {
    let mut question = Question::new(kind);
    question.title = page::title_of(page, group.start());
    question.message = page::message_of(page, group, context.complaints());
    question.fields = fields;
    question.submit = Some(buttons::submit(group));
    question.decline = declining(group.buttons.iter().copied()).or_else(|| declining_link(page));
    (Box::new(question), vec![reason.to_owned()])
}

/// Finds something to agree with: words about it, and a button to go on, and nothing to type.
pub(super) fn notice(page: &PageSnapshot, groups: &[Group<'_>], context: &Context<'_>) -> Found {
    let types = |group: &Group<'_>| {
        fields::of_group(group).iter().any(|k| !matches!(k.used, Use::Pick | Use::List | Use::Search))
    };
    if groups.iter().any(types) {
        return None;
    }
    let group = groups.iter().filter(|group| group.form.is_some()).find(|group| {
        let title = page::title_of(page, group.start()).unwrap_or_default();
        let message = page::message_of(page, group, &[]).unwrap_or_default();
        let labels: Vec<&str> = group.inputs.iter().map(|input| input.label.as_str()).collect();
        let texts = Folded::new(&format!("{title} {message} {}", labels.join(" ")));
        messages::NOTICE.hit(&texts)
            && !Folded::new(&message).as_str().contains("cookie")
            && accepting(group).is_some()
    })?;
    let mut question = Question::new(PromptKind::Notice);
    question.title = page::title_of(page, group.start());
    question.message = page::message_of(page, group, context.complaints());
    let boxes = group.inputs.iter().filter(|input| input.kind == "checkbox" && input.required);
    // A box that must be ticked to go on is part of agreeing.
    question.fields = boxes.map(|input| fields::typed(input, FieldRole::Other)).collect();
    question.submit = accepting(group);
    question.decline = declining(group.buttons.iter().copied()).or_else(|| declining_link(page));
    Some((Box::new(question), vec!["a notice with a button to go on".to_owned()]))
}

fn accepting(group: &Group<'_>) -> Option<Press> {
    let pressable = || group.buttons.iter().filter(|button| buttons::pressable(button));
    let agrees = |button: &&&Button| {
        let words = Folded::new(&button.text);
        (controls::ACCEPT.hit(&words) || controls::CONTINUE.hit(&words)) && !controls::DECLINE.hit(&words)
    };
    // Whatever stands beside "later" is the way to agree.
    let beside = || {
        declining(group.buttons.iter().copied())?;
        pressable().find(|button| !controls::DECLINE.hit(&Folded::new(&button.text)))
    };
    pressable().find(agrees).or_else(beside).map(|button| buttons::press(button))
}

fn declining<'a>(mut of: impl Iterator<Item = &'a Button>) -> Option<Press> {
    let refuses =
        |button: &&Button| buttons::pressable(button) && controls::DECLINE.hit(&Folded::new(&button.text));
    of.find(refuses).map(buttons::press)
}

fn declining_link(page: &PageSnapshot) -> Option<Press> {
    let short = |text: &str| text.chars().count() <= 30 && controls::DECLINE.hit(&Folded::new(text));
    page.links
        .iter()
        .find(|link| link.visible.likely() && short(&link.text))
        .map(|link| Press::Follow(link.uid))
}

/// Finds a page that waits for an approval somewhere else.
pub(super) fn approval(page: &PageSnapshot, groups: &[Group<'_>], context: &Context<'_>) -> Found {
    let types = |group: &Group<'_>| fields::of_group(group).iter().any(|k| !matches!(k.used, Use::Pick));
    let sent = context.before.is_some_and(|before| before.sent != super::Sent::Nothing);
    if groups.iter().any(types) || !sent || page::has_log_out(page) || page.text_length > 3_000 {
        return None;
    }
    let told = page.texts.iter().filter(|text| text.visible.likely());
    let words: Vec<&str> = told.map(|text| text.text.as_str()).take(40).collect();
    let title = page::title_of(page, u32::MAX);
    let all = Folded::new(&words.join(" "));
    // Something to do once is not something to wait for; what is over is not waited for either.
    let over = messages::TO_DO.hit(&all) || (messages::NOT_APPROVED.hit(&all) && !waits(groups));
    if !messages::APPROVE_ELSEWHERE.hit(&all) || over {
        return None;
    }
    let mut question = Question::new(PromptKind::Approval);
    let explained = words.iter().filter(|text| messages::APPROVE_ELSEWHERE.hit(&Folded::new(text)));
    question.message = explained.max_by_key(|text| text.len()).map(|text| (*text).to_owned());
    question.title = title.filter(|title| question.message.as_ref() != Some(title));
    question.number = words.iter().copied().find_map(lone_number);
    question.resend = buttons::resend(page);
    question.submit = groups.iter().find_map(going_on);
    question.picture = page.images.iter().find(|image| is_scanned(image)).map(|image| image.uid);
    question.masked_target = question.message.as_deref().and_then(code::masked);
    if let Some(main) = groups.first() {
        question.alternatives = buttons::other_ways(page, main, buttons::submit(main));
    }
    Some((Box::new(question), vec!["words about approving somewhere else, nothing to type".to_owned()]))
}

/// A button to press after the approval.
fn going_on(group: &Group<'_>) -> Option<Press> {
    let fits = |button: &&&Button| buttons::pressable(button) && buttons::score(button) > 0;
    let agrees = |button: &&&Button| {
        let words = Folded::new(&button.text);
        controls::APPROVED.hit(&words) && !controls::RESEND.hit(&words)
    };
    let found = group.buttons.iter().find(|button| buttons::pressable(button) && agrees(button));
    found.or_else(|| group.buttons.iter().find(fits)).map(|button| buttons::press(button))
}

fn waits(groups: &[Group<'_>]) -> bool {
    groups.iter().any(|group| going_on(group).is_some())
}

fn is_scanned(image: &Image) -> bool {
    let words = Folded::of_name(&image.names);
    image.visible.likely()
        && words.as_str().split(' ').any(|word| matches!(word, "qr" | "qrcode" | "phototan"))
}

/// A number of one to three digits that stands alone is shown to be compared.
fn lone_number(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = !text.is_empty() && text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.to_owned())
}
