//! Turns a prompt of the site into the page that asks it.
//!
//! The site's texts go through as they are; what steers the browser (types, keyboards, autocomplete)
//! comes from closed lists, because the site is not to be trusted with it.

use std::iter;

use askama::Template;
use entity::FailureCode;

use super::scene;
use super::view::{Frame, Quote};
use super::words::{Words, fill};
use crate::domain::prompt::{Choice, CodeDelivery, Field, FieldRole, Media, Prompt, PromptKind};
use crate::service::visit::Scene;

/// Why the page is shown again although something was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Remark {
    /// It is not.
    None,
    /// What was sent answered an earlier prompt.
    OldPrompt,
    /// What was sent cannot be used: which field, and what is allowed.
    Refused { field: String, message: String },
}

/// The page that asks one prompt.
#[derive(Template)]
#[template(path = "question.html")]
pub(super) struct Question {
    frame: Frame,
    path: String,
    number: i32,
    title: String,
    site_words: Option<Quote>,
    problem: Option<Problem>,
    /// Sentences of ours under the site's: how the code comes, where it went.
    hints: Vec<String>,
    display_number: Option<String>,
    pictures: Vec<Picture>,
    inputs: Vec<Input>,
    choices: Vec<Choice>,
    /// What the customer may agree to, unasked: the box is empty.
    consent: Option<String>,
    buttons: Vec<Button>,
    resend: Option<&'static str>,
    /// How long the site wants to be left alone before that.
    resend_wait: Option<String>,
    /// Said while the engine looks by itself.
    waits: Option<&'static str>,
    cancelable: bool,
    alternatives: Vec<Choice>,
    /// Under the buttons: where the answer goes, or that none is needed.
    small_print: Option<String>,
    open_site: Option<(String, String)>,
}

/// What went wrong with the answer before; focus goes here.
struct Problem {
    title: &'static str,
    site_words: Option<Quote>,
    ours: Vec<String>,
}

struct Picture {
    source: String,
    alternative: String,
}

struct Button {
    action: &'static str,
    label: &'static str,
}

/// One thing to type or pick.
struct Input {
    name: String,
    label: String,
    hint: Option<String>,
    optional: bool,
    kind: &'static str,
    inputmode: &'static str,
    autocomplete: &'static str,
    options: Vec<(String, String)>,
    refused: Option<String>,
}

impl Input {
    const fn is_code(&self) -> bool {
        matches!(self.autocomplete.as_bytes(), b"one-time-code")
    }
}

/// The page for `prompt`, the `number`th of this login.
pub(super) fn question(
    frame: Frame,
    scene: &Scene,
    number: i32,
    prompt: &Prompt,
    remark: &Remark,
) -> Question {
    let words = frame.words;
    let title = fill(heading(prompt.kind, words), &scene::names(scene));
    let problem = problem(prompt, words, remark);
    let prefix = if problem.is_some() { words.error_prefix } else { "" };
    let frame = Frame { title: format!("{prefix}{title} \u{b7} {}", scene.site), ..frame };
    let by_hand = matches!(prompt.kind, PromptKind::Handoff);
    Question {
        path: frame
            .events
            .as_deref()
            .and_then(|at| at.split_once("/events"))
            .map_or("", |(path, _)| path)
            .to_owned(),
        frame: if prompt.polls { frame.refreshed_after(3) } else { frame },
        number,
        title,
        site_words: Quote::of(words, &prompt.origin, prompt.title.as_deref(), prompt.message.as_deref()),
        problem,
        hints: hints(prompt, scene, words),
        display_number: prompt.media.iter().find_map(shown_number),
        pictures: prompt.media.iter().filter_map(|media| picture(media, prompt, words)).collect(),
        inputs: prompt.fields.iter().map(|field| input(field, words, remark)).collect(),
        choices: prompt.choices.clone(),
        consent: prompt.may_keep.then(|| fill(words.consent, &scene::names(scene))),
        buttons: buttons(prompt.kind, words),
        resend: prompt.resend.map(|_| resend(prompt.kind, words)),
        resend_wait: prompt.resend.and_then(|resend| resend.wait).map(|wait| waiting(wait, words)),
        waits: prompt.polls.then_some(words.waiting),
        cancelable: prompt.cancelable,
        alternatives: prompt.alternatives.clone(),
        small_print: small_print(prompt, scene, words),
        open_site: by_hand.then(|| open_site(scene, words)).flatten(),
    }
}

fn problem(prompt: &Prompt, words: &'static Words, remark: &Remark) -> Option<Problem> {
    match remark {
        Remark::None => {}
        Remark::OldPrompt => {
            let ours = vec![words.old_prompt.to_owned()];
            return Some(Problem { title: words.conflict.title, site_words: None, ours });
        }
        Remark::Refused { field, message } => {
            let elsewhere = prompt.fields.iter().all(|known| known.name != *field);
            let which = elsewhere.then(|| fill(words.field, &[("field", field), ("why", message)]));
            let ours = iter::once(words.not_taken.to_owned()).chain(which).collect();
            return Some(Problem { title: words.problem, site_words: None, ours });
        }
    }
    if prompt.site_error.is_none() && prompt.rejected.is_none() {
        return None;
    }
    let site_words = Quote::of(words, &prompt.origin, None, prompt.site_error.as_deref());
    // Where the site has said it, saying it again in our words is noise.
    let ours = prompt.rejected.filter(|_| site_words.is_none()).map(|code| (words.failure)(code).to_owned());
    let ours = ours.into_iter().chain(tries_left(prompt, words)).collect();
    Some(Problem { title: words.problem, site_words, ours })
}

fn tries_left(prompt: &Prompt, words: &Words) -> Option<String> {
    match prompt.attempts_max?.checked_sub(prompt.attempts_used)? {
        0 => None,
        1 => Some(words.tries_one.to_owned()),
        left => Some(fill(words.tries_many, &[("n", &left.to_string())])),
    }
}

fn hints(prompt: &Prompt, scene: &Scene, words: &Words) -> Vec<String> {
    let delivery = prompt.delivery.map(|delivery| match delivery {
        CodeDelivery::Sms => words.code_sms,
        CodeDelivery::Email => words.code_email,
        CodeDelivery::Call => words.code_call,
        CodeDelivery::App => words.code_app,
        CodeDelivery::List => words.code_list,
        CodeDelivery::Unknown => words.code_somewhere,
    });
    let target = prompt.masked_target.as_deref();
    let sent_to = target.map(|target| fill(words.sent_to, &[("target", target)]));
    let captcha = prompt.because == Some(FailureCode::CaptchaUnsolvable);
    let there = captcha.then(|| fill(words.prove_there, &scene::names(scene)));
    delivery
        .map(str::to_owned)
        .into_iter()
        .chain(sent_to)
        .chain(there)
        .filter(|text| !text.is_empty())
        .collect()
}

fn small_print(prompt: &Prompt, scene: &Scene, words: &Words) -> Option<String> {
    if prompt.polls {
        return Some(fill(words.by_itself, &scene::names(scene)));
    }
    (!prompt.fields.is_empty()).then(|| fill(words.goes_to, &[("origin", &prompt.origin)]))
}

const fn heading(kind: PromptKind, words: &Words) -> &'static str {
    match kind {
        PromptKind::Credentials => words.ask_credentials,
        PromptKind::Code => words.ask_code,
        PromptKind::Questions => words.ask_questions,
        PromptKind::Choice => words.ask_choice,
        PromptKind::Approval => words.ask_approval,
        PromptKind::Phone => words.ask_phone,
        PromptKind::Captcha => words.ask_captcha,
        PromptKind::Notice => words.ask_notice,
        PromptKind::NewPassword => words.ask_new_password,
        PromptKind::Handoff => words.ask_handoff,
    }
}

fn buttons(kind: PromptKind, words: &'static Words) -> Vec<Button> {
    let button = |action, label| Button { action, label };
    match kind {
        PromptKind::Credentials => vec![button("submit", words.button_sign_in)],
        PromptKind::Approval => vec![button("done", words.button_approved)],
        PromptKind::Handoff => vec![button("done", words.button_done)],
        PromptKind::Notice => {
            vec![button("accept", words.button_accept), button("decline", words.button_decline)]
        }
        PromptKind::Code
        | PromptKind::Questions
        | PromptKind::Choice
        | PromptKind::Phone
        | PromptKind::Captcha
        | PromptKind::NewPassword => vec![button("submit", words.button_continue)],
    }
}

const fn resend(kind: PromptKind, words: &Words) -> &'static str {
    if matches!(kind, PromptKind::Approval) { words.button_ask_again } else { words.button_resend }
}

fn waiting(seconds: u32, words: &Words) -> String {
    fill(words.resend_in, &[("n", &seconds.to_string())])
}

fn shown_number(media: &Media) -> Option<String> {
    match media {
        Media::Number { text } => Some(text.clone()),
        Media::Image { .. } | Media::Qr { .. } => None,
    }
}

/// Only pictures that cannot hold scripts, and only as data inside the page.
fn picture(media: &Media, prompt: &Prompt, words: &Words) -> Option<Picture> {
    let (content_type, data, says) = match media {
        Media::Image { content_type, data } => (content_type, data, words.picture),
        Media::Qr { content_type, data } => (content_type, data, words.scan),
        Media::Number { .. } => return None,
    };
    let harmless = matches!(content_type.as_str(), "image/png" | "image/jpeg" | "image/gif" | "image/webp");
    harmless.then(|| Picture {
        source: format!("data:{content_type};base64,{data}"),
        alternative: fill(says, &[("origin", &prompt.origin)]),
    })
}

fn open_site(scene: &Scene, words: &Words) -> Option<(String, String)> {
    let is_web = ["https://", "http://"].iter().any(|scheme| scene.site_origin.starts_with(scheme));
    is_web.then(|| (scene.site_origin.clone(), fill(words.open_site, &scene::names(scene))))
}

fn input(field: &Field, words: &Words, remark: &Remark) -> Input {
    let known = known(field.role);
    let refused = match remark {
        Remark::Refused { field: name, message } if *name == field.name => Some(message.clone()),
        _ => None,
    };
    let label = field.label.trim();
    Input {
        name: field.name.clone(),
        label: if label.is_empty() { own_label(field.role, words).to_owned() } else { label.to_owned() },
        hint: field.hint.clone().filter(|hint| !hint.trim().is_empty()),
        optional: !field.required,
        // A code is read off another screen: hiding it only causes typing errors.
        kind: if field.secret && field.role != FieldRole::Code { "password" } else { known.kind },
        inputmode: one_of(&INPUTMODES, field.inputmode.as_deref()).unwrap_or(known.inputmode),
        autocomplete: one_of(&AUTOCOMPLETES, field.autocomplete.as_deref()).unwrap_or(known.autocomplete),
        options: field.options.clone(),
        refused,
    }
}

/// The keyboards a site may ask for.
const INPUTMODES: [&str; 4] = ["text", "numeric", "email", "tel"];

/// What a site may have filled in by the browser: nothing that has no place in a sign-in.
const AUTOCOMPLETES: [&str; 8] =
    ["off", "username", "email", "current-password", "new-password", "one-time-code", "tel", "organization"];

fn one_of(allowed: &[&'static str], wanted: Option<&str>) -> Option<&'static str> {
    allowed.iter().copied().find(|known| wanted == Some(*known))
}

struct Known {
    kind: &'static str,
    inputmode: &'static str,
    autocomplete: &'static str,
}

/// What fits a role. E-mail fields are of type `text`: the site decides what an address is, not the browser.
const fn known(role: FieldRole) -> Known {
    let (kind, inputmode, autocomplete) = match role {
        FieldRole::Identifier => ("text", "text", "username"),
        FieldRole::Email => ("text", "email", "username"),
        FieldRole::Password => ("password", "text", "current-password"),
        FieldRole::NewPassword | FieldRole::ConfirmPassword => ("password", "text", "new-password"),
        FieldRole::Code => ("text", "numeric", "one-time-code"),
        FieldRole::Phone => ("tel", "tel", "tel"),
        FieldRole::Tenant => ("text", "text", "organization"),
        FieldRole::Answer | FieldRole::Other => ("text", "text", "off"),
    };
    Known { kind, inputmode, autocomplete }
}

const fn own_label(role: FieldRole, words: &Words) -> &'static str {
    match role {
        FieldRole::Identifier | FieldRole::Email | FieldRole::Tenant => words.label_identifier,
        FieldRole::Password => words.label_password,
        FieldRole::NewPassword | FieldRole::ConfirmPassword => words.label_new_password,
        FieldRole::Code => words.label_code,
        FieldRole::Phone => words.label_phone,
        FieldRole::Answer | FieldRole::Other => words.label_answer,
    }
}

#[cfg(test)]
mod tests;
