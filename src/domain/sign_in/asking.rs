//! From a question of the detector to a prompt for the customer.

use url::Url;

use super::plain::{is_plain, plain, plain_some};
use crate::domain::detector::{self, Press, Question, Typed, Way};
use crate::domain::origins;
use crate::domain::prompt::{Choice, Field, FieldRole, Media, Prompt, PromptKind, Resend};
use crate::domain::snapshot::PageSnapshot;

/// Characters that are kept of a site's texts.
const LABEL: usize = 120;
const TITLE: usize = 200;
const MESSAGE: usize = 600;

/// The prompt that asks `question`, in the site's words made plain.
pub(super) fn prompt(question: &Question, page: &PageSnapshot) -> Prompt {
    Prompt {
        kind: question.kind,
        purpose: question.purpose,
        title: plain_some(question.title.as_ref(), TITLE),
        message: plain_some(question.message.as_ref(), MESSAGE),
        origin: origins::text_of(&page.url).unwrap_or_default(),
        site_error: None,
        rejected: None,
        because: None,
        fields: question.fields.iter().enumerate().map(|(at, typed)| field(at, &typed.field)).collect(),
        choices: choices('c', &question.choices),
        media: question.number.iter().map(|text| Media::Number { text: text.clone() }).collect(),
        delivery: question.delivery,
        masked_target: plain_some(question.masked_target.as_ref(), LABEL),
        attempts_used: 0,
        attempts_max: None,
        resend: question.resend.map(|_| Resend { wait: question.resend_wait, available_at: None }),
        alternatives: choices('a', &question.alternatives),
        polls: matches!(question.kind, PromptKind::Approval | PromptKind::Handoff),
        expires_at: None,
        cancelable: true,
        may_keep: false,
    }
}

/// The customer's name for a field and for a way: opaque, and good for this prompt only.
pub(super) fn field_name(at: usize) -> String {
    format!("f{}", at + 1)
}

pub(super) fn choice_id(list: char, at: usize) -> String {
    format!("{list}{}", at + 1)
}

fn field(at: usize, field: &Field) -> Field {
    // A value is sent back as it is, so it cannot be made plain: one that is not is not offered.
    let options = field.options.iter().filter(|(value, _)| is_plain(value)).take(300);
    Field {
        name: field_name(at),
        label: plain(&field.label, LABEL),
        hint: plain_some(field.hint.as_ref(), LABEL),
        options: options.map(|(value, label)| (value.clone(), plain(label, LABEL))).collect(),
        ..field.clone()
    }
}

fn choices(list: char, ways: &[Way]) -> Vec<Choice> {
    let choice = |(at, way): (usize, &Way)| Choice {
        id: choice_id(list, at),
        label: plain(&way.label, LABEL),
        description: None,
        masked_target: detector::masked(&way.label),
    };
    ways.iter().enumerate().map(choice).collect()
}

/// What the site said, plain; nothing if nothing can be seen of it.
pub(super) fn site_words(words: Option<&str>) -> Option<String> {
    words.map(|words| plain(words, 300)).filter(|words| !words.is_empty())
}

/// The question of the HTTP layer, which has a name for the area and no other words.
pub(super) fn http_question(realm: Option<String>) -> Question {
    let field = |role, label: &str, token: &str| Field {
        name: String::new(),
        role,
        label: label.to_owned(),
        hint: None,
        required: true,
        secret: role == FieldRole::Password,
        inputmode: None,
        autocomplete: Some(token.to_owned()),
        max_length: None,
        length: None,
        charset: None,
        options: Vec::new(),
    };
    let fields = [
        field(FieldRole::Identifier, "User name", "username"),
        field(FieldRole::Password, "Password", "current-password"),
    ];
    Question {
        title: realm,
        fields: fields.into_iter().map(|field| Typed { field, inputs: Vec::new() }).collect(),
        ..Question::new(PromptKind::Credentials)
    }
}

/// Where the question's form goes: the button's own target, else the form's, else the page itself.
pub(super) fn target(page: &PageSnapshot, question: &Question) -> Url {
    let Some(Press::Submit { form, button }) = question.submit else { return page.url.clone() };
    let by_button = page.buttons.iter().find(|b| Some(b.uid) == button).and_then(|b| b.action.clone());
    let by_form = || page.forms.iter().find(|f| Some(f.uid) == form).and_then(|f| f.action.clone());
    by_button.or_else(by_form).unwrap_or_else(|| page.url.clone())
}

/// What makes a question the same as another: its kind and the names of its fields, or its choices.
pub(super) fn shape(page: &PageSnapshot, question: &Question) -> String {
    let uids = question.fields.iter().flat_map(|typed| &typed.inputs);
    let inputs = uids.filter_map(|uid| page.inputs.iter().find(|input| input.uid == *uid));
    let names: Vec<&str> = inputs.map(|input| input.name.as_deref().unwrap_or("-")).collect();
    let choices: Vec<&str> = question.choices.iter().map(|way| way.label.as_str()).collect();
    let title = if names.is_empty() { question.title.as_deref().unwrap_or_default() } else { "" };
    format!("{} {} {} {title}", question.kind.as_str(), names.join(","), choices.join(","))
}
