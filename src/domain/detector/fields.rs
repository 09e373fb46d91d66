//! What an input is for.

use super::page::Group;
use super::step::Typed;
use super::words::{Folded, fields, messages};
use crate::domain::prompt::{Charset, Field, FieldRole};
use crate::domain::snapshot::Input;

/// What an input is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Password,
    NewPassword,
    Username,
    Email,
    /// A one-time code, without doubt.
    Code,
    /// Perhaps a one-time code; the page must say so too.
    PerhapsCode,
    Phone,
    Tenant,
    Answer,
    Search,
    Captcha,
    Pick,
    List,
    Other,
}

/// An input and what it is for.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) input: &'a Input,
    pub(super) used: Use,
}

/// What the inputs of a group are for; read-only ones are left out.
pub(super) fn of_group<'a>(group: &Group<'a>) -> Vec<Known<'a>> {
    let trusted = tokens_agree(group);
    let open = group.inputs.iter().filter(|input| !input.readonly);
    open.map(|input| Known { input, used: use_of(input, trusted, group.searches()) }).collect()
}

/// What one input is for, looked at alone.
pub(super) fn of_input(input: &Input) -> Use {
    use_of(input, true, false)
}

/// Autocomplete tokens of a form that contradict each other say nothing at all.
fn tokens_agree(group: &Group<'_>) -> bool {
    let with = |name: &str| group.inputs.iter().filter(|input| token(input) == Some(name)).count();
    let misplaced = group.inputs.iter().any(|input| {
        matches!(token(input), Some("current-password" | "new-password")) && input.kind != "password"
    });
    with("username") <= 1 && with("current-password") <= 1 && !misplaced
}

fn token(input: &Input) -> Option<&str> {
    let last = input.autocomplete.as_deref()?.split_whitespace().last()?;
    // `webauthn` rides along with the real token.
    match last {
        "webauthn" => input.autocomplete.as_deref()?.split_whitespace().rev().nth(1),
        last => Some(last),
    }
}

fn use_of(input: &Input, trusted: bool, searches: bool) -> Use {
    match input.kind.as_str() {
        "radio" | "checkbox" => return Use::Pick,
        "select" => return Use::List,
        "password" => return password(input, trusted),
        "search" => return Use::Search,
        "text" | "email" | "tel" | "number" => {}
        _ => return Use::Other,
    }
    let by_token = match token(input).filter(|_| trusted) {
        Some("one-time-code") => Some(Use::Code),
        Some("username") => Some(Use::Username),
        Some("email") if takes_either(input) => Some(Use::Username),
        Some("email") => Some(Use::Email),
        Some("tel" | "tel-national") => Some(Use::Phone),
        Some("organization") => Some(Use::Tenant),
        _ => None,
    };
    by_token.unwrap_or_else(|| if searches { Use::Search } else { text(input) })
}

fn password(input: &Input, trusted: bool) -> Use {
    match token(input).filter(|_| trusted) {
        Some("current-password") => return Use::Password,
        Some("new-password") => return Use::NewPassword,
        Some("one-time-code") => return Use::Code,
        _ => {}
    }
    let words = words_of(input);
    if is_question(input) {
        Use::Answer
    } else if fields::NEW_PASSWORD.hit(&words) {
        Use::NewPassword
    } else if fields::ONE_TIME_CODE.hit(&words) {
        Use::Code
    } else if fields::PASSWORD.hit(&words) {
        Use::Password
    } else if fields::QUESTION.hit(&words) {
        Use::Answer
    } else if fields::OTHER_CODE.hit(&words) {
        Use::Other
    } else {
        Use::Password
    }
}

fn text(input: &Input) -> Use {
    let words = words_of(input);
    if fields::CAPTCHA.hit(&words) {
        Use::Captcha
    } else if searches_for(input) && !fields::USERNAME.hit(&words) {
        Use::Search
    } else if is_question(input) && fields::QUESTION.hit(&words) {
        Use::Answer
    } else if fields::ONE_TIME_CODE.hit(&words) && !fields::OTHER_CODE.hit(&words) {
        Use::Code
    } else if takes_either(input) {
        Use::Username
    } else if input.kind == "email" || fields::EMAIL.hit(&words) {
        Use::Email
    } else if fields::USERNAME.hit(&words) {
        Use::Username
    } else if fields::QUESTION.hit(&words) || input.label.trim_end().ends_with('?') {
        Use::Answer
    } else if fields::MAYBE_CODE.hit(&words) && !fields::OTHER_CODE.hit(&words) {
        Use::PerhapsCode
    } else if input.kind == "tel" || fields::PHONE.hit(&words) {
        Use::Phone
    } else if fields::TENANT.hit(&words) {
        Use::Tenant
    } else {
        Use::Other
    }
}

/// What people are told counts; a name such as `q` only where they are told nothing.
fn searches_for(input: &Input) -> bool {
    let told = Folded::new(&format!("{} {}", input.label, input.placeholder.as_deref().unwrap_or_default()));
    let silent = told.as_str().is_empty();
    fields::SEARCH.hit(&told) || (silent && fields::SEARCH.hit(&words_of(input)))
}

/// "User name or e-mail": either will do, and a field that wants an address would refuse the other.
fn takes_either(input: &Input) -> bool {
    let told = Folded::new(&format!("{} {}", input.label, input.placeholder.as_deref().unwrap_or_default()));
    input.kind == "text" && fields::EMAIL.hit(&told) && fields::USERNAME.hit(&told)
}

/// Whether the label asks something in a sentence.
pub(super) fn is_question(input: &Input) -> bool {
    let label = input.label.trim();
    label.ends_with('?') && label.contains(' ')
}

/// Name, id, label and hint of an input.
pub(super) fn words_of(input: &Input) -> Folded {
    let name = input.name.as_deref().unwrap_or_default();
    let id = input.id.as_deref().unwrap_or_default();
    let names = Folded::of_name(&format!("{name} {id}"));
    let hint = input.placeholder.as_deref().unwrap_or_default();
    Folded::new(&format!("{} {} {hint}", names.as_str(), input.label))
}

/// The input as a field of a prompt.
pub(super) fn typed(input: &Input, role: FieldRole) -> Typed {
    let secret = matches!(role, FieldRole::Password | FieldRole::NewPassword | FieldRole::ConfirmPassword)
        || (input.kind == "password" && role != FieldRole::Code);
    let field = Field {
        name: String::new(),
        role,
        label: label_of(input),
        hint: input.placeholder.clone().filter(|hint| *hint != input.label),
        required: input.required || !matches!(role, FieldRole::Other | FieldRole::Tenant | FieldRole::Code),
        secret,
        inputmode: inputmode(input, role),
        autocomplete: autocomplete(role).map(str::to_owned),
        max_length: input.max_length,
        length: None,
        charset: charset(input).filter(|_| role == FieldRole::Code),
        options: input.options.clone(),
    };
    Typed { field, inputs: vec![input.uid] }
}

fn label_of(input: &Input) -> String {
    let label = input.label.trim().trim_end_matches([':', '*']).trim_end();
    if label.is_empty() { input.placeholder.clone().unwrap_or_default() } else { label.to_owned() }
}

/// What the page says a value is made of.
fn charset(input: &Input) -> Option<Charset> {
    let pattern = input.pattern.as_deref().unwrap_or_default();
    let letters = pattern.contains("a-z") || pattern.contains("A-Z") || pattern.contains("\\w");
    let digits = pattern.contains("0-9") || pattern.contains("\\d") || input.kind == "number";
    let numeric = input.inputmode.as_deref() == Some("numeric");
    match (letters, digits || numeric) {
        (true, _) => Some(Charset::Letters),
        (false, true) => Some(Charset::Digits),
        (false, false) => None,
    }
}

fn inputmode(input: &Input, role: FieldRole) -> Option<String> {
    let by_kind = match (input.kind.as_str(), role) {
        ("email", _) | (_, FieldRole::Email) => Some("email"),
        ("tel", _) | (_, FieldRole::Phone) => Some("tel"),
        ("number", _) => Some("numeric"),
        (_, FieldRole::Code) => match charset(input) {
            Some(Charset::Digits) => Some("numeric"),
            Some(Charset::Letters) => Some("text"),
            None => None,
        },
        _ => None,
    };
    let known =
        |mode: &&String| ["numeric", "decimal", "tel", "email", "url", "text"].contains(&mode.as_str());
    input.inputmode.as_ref().filter(known).cloned().or_else(|| by_kind.map(str::to_owned))
}

const fn autocomplete(role: FieldRole) -> Option<&'static str> {
    match role {
        FieldRole::Identifier => Some("username"),
        FieldRole::Email => Some("email"),
        FieldRole::Password => Some("current-password"),
        FieldRole::NewPassword | FieldRole::ConfirmPassword => Some("new-password"),
        FieldRole::Code => Some("one-time-code"),
        FieldRole::Phone => Some("tel"),
        _ => None,
    }
}

/// Whether the input takes few characters or only digits.
pub(super) fn looks_short(input: &Input) -> bool {
    input.max_length.is_some_and(|length| length <= 10)
        || matches!(input.inputmode.as_deref(), Some("numeric" | "tel"))
        || matches!(input.kind.as_str(), "tel" | "number")
        || input.pattern.as_deref().is_some_and(|pattern| pattern.contains("0-9") || pattern.contains("\\d"))
}

/// Whether a text speaks of codes.
pub(super) fn speaks_of_codes(text: &str) -> bool {
    let folded = Folded::new(text);
    fields::ONE_TIME_CODE.hit(&folded)
        || (fields::MAYBE_CODE.hit(&folded) && !fields::OTHER_CODE.hit(&folded))
        || messages::BY_LIST.hit(&folded)
}
