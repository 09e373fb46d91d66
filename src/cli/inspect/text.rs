//! A sheet as a person reads it.

use std::fmt::{Display, Write as _};

use super::sheet::{ButtonSeen, FormSeen, InputSeen, Sheet, StepSeen};

/// The whole sheet.
pub(super) fn of(sheet: &Sheet) -> String {
    let mut out = String::new();
    line(&mut out, format_args!("{}", sheet.url));
    let title = sheet.title.as_deref().unwrap_or("none");
    line(
        &mut out,
        format_args!(
            "  status {}, title {title:?}, language {}",
            sheet.status,
            or_none(sheet.language.as_ref())
        ),
    );
    line(
        &mut out,
        format_args!(
            "  {} driver, {} scripts, {} characters of text",
            sheet.driver, sheet.scripts, sheet.text_length
        ),
    );
    if let Some(realm) = &sheet.http_auth {
        line(&mut out, format_args!("  the HTTP layer asks for a sign-in: {realm:?}"));
    }
    if let Some(words) = &sheet.noscript {
        line(&mut out, format_args!("  without scripts it says {words:?}"));
    }
    for form in &sheet.forms {
        show_form(&mut out, form);
    }
    section(&mut out, "links that matter", &sheet.links, |link| {
        format!("#{} {:?} {} ({})", link.uid, link.text, link.href, link.meaning)
    });
    section(&mut out, "texts", &sheet.texts, |text| {
        let marks = [(text.announced, ", announced"), (text.hidden, ", hidden")];
        format!("#{} {:?} ({}{})", text.uid, text.text, text.tag, given(marks))
    });
    section(&mut out, "frames", &sheet.frames, |frame| format!("{frame:?}"));
    show_step(&mut out, &sheet.step);
    section(&mut out, "why", &sheet.why, |reason| format!("- {reason}"));
    out
}

/// Texts of the site go through `Debug`, which keeps a terminal safe from them.
fn line(out: &mut String, text: impl Display) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}

fn section<T>(out: &mut String, name: &str, all: &[T], tell: impl Fn(&T) -> String) {
    if !all.is_empty() {
        line(out, name);
        for one in all {
            line(out, format_args!("  {}", tell(one)));
        }
    }
}

fn show_form(out: &mut String, form: &FormSeen) {
    match form.uid {
        Some(uid) => {
            let action = form.action.as_ref().map_or("nowhere", |action| action.as_str());
            let hidden = given([(form.hidden, ", hidden")]);
            line(out, format_args!("form #{uid} {:?}: {} {action}{hidden}", form.names, form.method));
        }
        None => line(out, "outside of any form"),
    }
    form.inputs.iter().for_each(|input| line(out, format_args!("  {}", of_input(input))));
    form.buttons.iter().for_each(|button| line(out, format_args!("  {}", of_button(button))));
}

fn of_input(input: &InputSeen) -> String {
    let named = |what: &str, value: Option<&String>| {
        value.map(|value| format!(", {what} {value:?}")).unwrap_or_default()
    };
    let marks = [(input.required, ", required"), (input.filled, ", filled"), (input.hidden, ", hidden")];
    format!(
        "#{} {:<9} {:<12} {:?}{}{}{}{}{}",
        input.uid,
        input.kind,
        input.taken_for.as_deref().unwrap_or("-"),
        input.label,
        named("name", input.name.as_ref()),
        named("id", input.id.as_ref()),
        named("placeholder", input.placeholder.as_ref()),
        named("autocomplete", input.autocomplete.as_ref()),
        given(marks),
    )
}

fn of_button(button: &ButtonSeen) -> String {
    let name = button.name.as_ref().map(|name| format!(", name {name:?}")).unwrap_or_default();
    let action = button.action.as_ref().map(|action| format!(", sends to {action}")).unwrap_or_default();
    let meaning = button.meaning.map(|meaning| format!(" ({meaning})")).unwrap_or_default();
    let marks = [(!button.submits, ", sends nothing"), (button.hidden, ", hidden")];
    format!("#{} button    {:?}{meaning}{name}{action}{}", button.uid, button.text, given(marks))
}

fn show_step(out: &mut String, step: &StepSeen) {
    line(out, format_args!("step: {}", step.kind));
    for field in &step.fields {
        let inputs: Vec<String> = field.inputs.iter().map(|uid| format!("#{uid}")).collect();
        line(
            out,
            format_args!("  asks for {} {:?}, typed into {}", field.role, field.label, inputs.join(" ")),
        );
    }
    if let Some(pressed) = &step.pressed {
        line(out, format_args!("  then {pressed}"));
    }
    for (name, labels) in [("choice", &step.choices), ("other way", &step.other_ways)] {
        for label in labels {
            line(out, format_args!("  {name}: {label:?}"));
        }
    }
}

fn given<const N: usize>(marks: [(bool, &'static str); N]) -> String {
    marks.into_iter().filter(|(given, _)| *given).map(|(_, mark)| mark).collect()
}

fn or_none(text: Option<&String>) -> &str {
    text.map_or("none", String::as_str)
}
