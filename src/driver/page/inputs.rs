//! What controls add to a page: once as people see them, once as they are sent.

use scraper::node::Element;

use super::controls::{Choice, Control, Kind, Overrides};
use super::texts::tidy;
use super::walk::{MOST, Open, Walker};
use crate::domain::snapshot::{Button, Input, Uid};

/// Controls that are kept to be sent; more is no form.
const MOST_CONTROLS: usize = 5_000;
/// Options kept of one list.
const MOST_OPTIONS: usize = 500;

fn owner(walker: &Walker<'_>, open: &Open<'_>) -> Option<Uid> {
    if let Some(layout) = walker.layout {
        return layout.owner(open.uid);
    }
    match open.element.attr("form") {
        Some(id) => walker.form_ids.get(id).copied(),
        None => open.form,
    }
}

/// Keeps a control as it is sent.
pub(in crate::driver) fn control<'a>(walker: &mut Walker<'a>, open: &Open<'a>, kind: Kind) {
    let element = open.element;
    let attribute = |name: &str| element.attr(name).map(str::to_owned);
    let ticks = matches!(kind, Kind::Radio | Kind::Checkbox);
    walker.page.proof_given |= is_proof(walker, open);
    if walker.controls.len() >= MOST_CONTROLS {
        return;
    }
    walker.controls.push(Control {
        uid: open.uid,
        form: owner(walker, open),
        name: attribute("name").unwrap_or_default(),
        kind,
        value: attribute("value").unwrap_or_else(|| if ticks { "on".to_owned() } else { String::new() }),
        checked: element.attr("checked").is_some(),
        disabled: element.attr("disabled").is_some() || open.disabled,
        options: Vec::new(),
        multiple: element.attr("multiple").is_some(),
        overrides: Overrides {
            action: attribute("formaction").filter(|action| !action.trim().is_empty()),
            method: attribute("formmethod"),
            enctype: attribute("formenctype"),
        },
    });
}

/// Whether this is a captcha's own field, and its scripts have filled it.
fn is_proof(walker: &Walker<'_>, open: &Open<'_>) -> bool {
    let Some(layout) = walker.layout else { return false };
    let name = open.element.attr("name").unwrap_or_default().to_ascii_lowercase();
    let filled = || open.element.attr("value").is_some_and(|value| !value.is_empty());
    ["captcha", "turnstile"].iter().any(|mark| name.contains(mark))
        && ["response", "solution", "token"].iter().any(|end| name.ends_with(end))
        && (filled() || layout.is_filled(open.uid))
}

/// An `input` of any type.
pub(in crate::driver) fn input<'a>(walker: &mut Walker<'a>, open: &Open<'a>) {
    let kind = open.element.attr("type").unwrap_or("text").trim().to_ascii_lowercase();
    let sent_as = match kind.as_str() {
        "radio" => Kind::Radio,
        "checkbox" => Kind::Checkbox,
        "file" => Kind::File,
        "submit" => Kind::Submit,
        "image" => Kind::Image,
        "button" | "reset" => Kind::Inert,
        _ => Kind::Value,
    };
    control(walker, open, sent_as);
    match sent_as {
        Kind::Submit | Kind::Image | Kind::Inert => {
            let value = open.element.attr("value").or_else(|| open.element.attr("alt"));
            button(walker, open, tidy(value.unwrap_or_default(), 300));
        }
        Kind::Value if kind == "hidden" => {}
        _ => seen_input(walker, open, kind),
    }
}

/// A `select` or a `textarea`.
pub(in crate::driver) fn value_control<'a>(walker: &mut Walker<'a>, open: &Open<'a>) {
    control(walker, open, if open.tag == "select" { Kind::Select } else { Kind::Value });
    seen_input(walker, open, open.tag.to_owned());
}

/// An `option` of the list that is open.
pub(in crate::driver) fn option(walker: &mut Walker<'_>, element: &Element) {
    let value = element.attr("value").unwrap_or_default();
    let inside = walker.stack.iter().rev().take(3).any(|open| open.tag == "select");
    let Some(control) = walker.controls.last_mut().filter(|control| inside && control.kind == Kind::Select)
    else {
        return;
    };
    if control.options.len() >= MOST_OPTIONS {
        return;
    }
    let disabled = element.attr("disabled").is_some();
    let selected = element.attr("selected").is_some();
    control.options.push(Choice { value: value.to_owned(), selected, disabled });
    let of = control.uid;
    if let Some(input) = walker.page.inputs.last_mut().filter(|input| input.uid == of && !disabled) {
        input.options.push((tidy(value, 200), String::new()));
    }
}

/// The words of an option; they are its value too if it has no other.
pub(in crate::driver) fn option_text(walker: &mut Walker<'_>, open: &Open<'_>, text: String) {
    let Some(control) = walker.controls.last_mut() else { return };
    let of = control.uid;
    let shown = walker.page.inputs.last_mut().filter(|input| input.uid == of);
    let shown = shown.and_then(|input| input.options.last_mut());
    let valued = open.element.attr("value").is_some();
    if let Some((value, label)) = shown {
        label.clone_from(&text);
        if !valued {
            value.clone_from(&text);
        }
    }
    if let Some(choice) = control.options.last_mut().filter(|_| !valued) {
        choice.value = text;
    }
}

fn seen_input<'a>(walker: &mut Walker<'a>, open: &Open<'a>, kind: String) {
    let element = open.element;
    if walker.page.inputs.len() >= MOST || element.attr("disabled").is_some() || open.disabled {
        return;
    }
    let text = |name: &str, most| element.attr(name).map(|value| tidy(value, most)).filter(|v| !v.is_empty());
    let at = walker.page.inputs.len();
    let mut input = Input {
        uid: open.uid,
        form: owner(walker, open),
        frame: None,
        kind,
        name: text("name", 200),
        id: text("id", 200),
        class: text("class", 200).unwrap_or_default(),
        placeholder: text("placeholder", 200),
        label: text("aria-label", 200).unwrap_or_default(),
        autocomplete: text("autocomplete", 100).map(|tokens| tokens.to_ascii_lowercase()),
        inputmode: text("inputmode", 20),
        pattern: text("pattern", 100),
        max_length: element.attr("maxlength").and_then(|length| length.trim().parse().ok()),
        required: element.attr("required").is_some() || element.attr("aria-required") == Some("true"),
        readonly: element.attr("readonly").is_some(),
        invalid: element.attr("aria-invalid") == Some("true"),
        filled: match walker.layout {
            Some(layout) => layout.is_filled(open.uid),
            None => element.attr("value").is_some_and(|value| !value.is_empty()),
        },
        visible: walker.seen(open.hidden),
        options: Vec::new(),
    };
    let named_by = element.attr("aria-labelledby").and_then(|ids| ids.split_whitespace().next());
    walker.labels.named_by.extend(named_by.map(|id| (at, id.to_owned())));
    let around = walker.stack.iter_mut().rev().take(20).find(|open| open.tag == "label");
    match around {
        Some(label) => label.inputs.push(at),
        None if input.label.is_empty() => {
            let before = walker.stack.iter().rev().find(|open| !open.text.trim().is_empty());
            let before = before.map(|open| tidy(&open.text, 100)).unwrap_or_default();
            walker.labels.unlabelled(at, &mut input, &before);
        }
        None => {}
    }
    walker.page.inputs.push(input);
}

/// Something that is pressed, with its words.
pub(in crate::driver) fn button(walker: &mut Walker<'_>, open: &Open<'_>, text: String) {
    let element = open.element;
    if walker.page.buttons.len() >= MOST {
        return;
    }
    let Some(control) = walker.controls.iter().rev().find(|control| control.uid == open.uid) else { return };
    let told = ["aria-label", "title"].into_iter().find_map(|name| element.attr(name));
    let words = ["name", "id", "value", "class"].into_iter().filter_map(|name| element.attr(name));
    let action = control.overrides.action.as_ref().and_then(|action| walker.base.join(action.trim()).ok());
    walker.page.buttons.push(Button {
        uid: open.uid,
        form: control.form,
        submits: control.submits(),
        text: if text.is_empty() { tidy(told.unwrap_or_default(), 100) } else { text },
        name: element.attr("name").map(|name| tidy(name, 200)),
        names: tidy(&words.collect::<Vec<_>>().join(" "), 300),
        action,
        disabled: control.disabled,
        visible: walker.seen(open.hidden),
    });
}
