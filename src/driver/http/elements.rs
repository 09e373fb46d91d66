//! What single elements add to a page.

use scraper::node::Element;
use url::Url;

use super::controls::{Choice, Control, FormTarget, Kind, Overrides};
use super::walk::{MOST, Open, Walker, tidy};
use crate::domain::snapshot::{Button, Form, Input, Link, Uid, Visible};

/// Controls that are kept to be sent; more is no form.
const MOST_CONTROLS: usize = 5_000;
/// Options kept of one list.
const MOST_OPTIONS: usize = 500;
/// Seconds that a page may wait before it sends its reader on by itself.
const LONGEST_REFRESH: u32 = 10;

/// An element begins.
pub(super) fn open<'a>(walker: &mut Walker<'a>, open: &Open<'a>, has_children: bool) {
    let element = open.element;
    match open.tag {
        "html" => walker.page.language = element.attr("lang").map(|lang| tidy(lang, 35)),
        "body" => walker.onload |= element.attr("onload").is_some_and(|script| script.contains("submit")),
        "base" => read_base(walker, element),
        "meta" => read_refresh(walker, element),
        "form" => form(walker, open),
        "input" => input(walker, open),
        "select" | "textarea" => value_control(walker, open),
        "option" => option(walker, element),
        "button" => {
            let kind = match element.attr("type").map(str::to_ascii_lowercase).as_deref() {
                Some("button" | "reset") => Kind::Inert,
                _ => Kind::Submit,
            };
            control(walker, open, kind);
        }
        "script" => walker.page.scripts += 1,
        "iframe" | "frame" => frame(walker, element),
        "img" => image(walker, element),
        "br" => walker.text("\n"),
        _ => {}
    }
    widget(walker, open, has_children);
}

/// An element has ended; its text is complete.
pub(super) fn close(walker: &mut Walker<'_>, open: &Open<'_>) {
    let text = tidy(&open.text, 300);
    match open.tag {
        "title" if walker.page.title.is_none() && !text.is_empty() => walker.page.title = Some(text),
        "label" => {
            let target = open.element.attr("for");
            let inputs = &mut walker.page.inputs;
            walker.labels.label(target, &open.inputs, &text, inputs);
        }
        "button" => button(walker, open, text),
        "a" => link(walker, open, text),
        "option" => {
            let of = walker.controls.last().map(|control| control.uid);
            let last = walker.page.inputs.last_mut().filter(|input| Some(input.uid) == of);
            if let Some((_, label)) = last.and_then(|input| input.options.last_mut()) {
                label.clone_from(&text);
            }
            if let Some(choice) = walker.controls.last_mut().and_then(|control| control.options.last_mut()) {
                if open.element.attr("value").is_none() {
                    choice.value = text;
                }
            }
        }
        "textarea" => {
            if let Some(control) = walker.controls.last_mut().filter(|control| control.uid == open.uid) {
                control.value.clone_from(&open.text);
            }
        }
        "noscript" if walker.page.noscript.is_none() => {
            walker.page.noscript = Some(text).filter(|text| !text.is_empty());
        }
        "script" if walker.scripts.len() < 20_000 => walker.scripts.push_str(&open.text),
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => heading(walker, open),
        _ => {}
    }
}

/// The block's own text was written down already; the heading is the sum of what stands in it.
fn heading(walker: &mut Walker<'_>, open: &Open<'_>) {
    let level = open.tag.as_bytes().get(1).map_or(6, |digit| digit.wrapping_sub(b'0'));
    let inside =
        walker.page.texts.iter().rev().take(20).filter(|text| text.uid >= open.uid && text.tag == open.tag);
    let texts: Vec<&str> = inside.map(|text| text.text.as_str()).collect();
    let text = tidy(&texts.into_iter().rev().collect::<Vec<_>>().join(" "), 300);
    if !open.hidden {
        walker.heading(open.uid, level, text);
    }
}

fn read_base(walker: &mut Walker<'_>, element: &Element) {
    let href = element.attr("href").and_then(|href| walker.page.url.join(href.trim()).ok());
    if let Some(base) = href.filter(is_web).filter(|_| walker.base == walker.page.url) {
        walker.base = base;
    }
}

fn read_refresh(walker: &mut Walker<'_>, element: &Element) {
    let refreshes = element.attr("http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("refresh"));
    let in_noscript = walker.stack.iter().rev().take(3).any(|open| open.tag == "noscript");
    if refreshes && !in_noscript && walker.refresh.is_none() {
        walker.refresh = element.attr("content").and_then(|content| refresh(content, &walker.base));
    }
}

/// Reads `5; url=/next` as a header or a meta element has it.
pub(super) fn refresh(content: &str, base: &Url) -> Option<(u32, Url)> {
    let (seconds, rest) = content.split_once([';', ',']).unwrap_or((content, ""));
    let seconds: u32 = seconds.trim().split('.').next()?.parse().ok().filter(|s| *s <= LONGEST_REFRESH)?;
    let rest = rest.trim();
    let target = match rest.get(..3) {
        Some(name) if name.eq_ignore_ascii_case("url") => rest[3..].trim_start().strip_prefix('=')?,
        _ => rest,
    };
    let target = target.trim().trim_matches(['"', '\'']);
    // Without an address a page only renews itself; that is not followed.
    let url = base.join(target).ok().filter(|url| !target.is_empty() && is_web(url))?;
    Some((seconds, url))
}

fn form<'a>(walker: &mut Walker<'a>, open: &Open<'a>) {
    let element = open.element;
    let words = ["id", "name", "class"].into_iter().filter_map(|name| element.attr(name));
    let names = tidy(&words.collect::<Vec<_>>().join(" "), 200);
    let attribute = |name: &str| element.attr(name).map(str::to_owned);
    let action = attribute("action").filter(|action| !action.trim().is_empty());
    let absolute = match &action {
        Some(action) => walker.base.join(action.trim()).ok().filter(is_web),
        None => Some(walker.page.url.clone()),
    };
    let searches = element.attr("role") == Some("search") || names.to_ascii_lowercase().contains("search");
    if let Some(id) = element.id() {
        walker.form_ids.entry(id).or_insert(open.uid);
    }
    if walker
        .stack
        .last()
        .is_some_and(|outer| matches!(outer.tag, "table" | "tbody" | "thead" | "tfoot" | "tr"))
    {
        walker.forms_in_tables.push(open.uid);
    }
    if walker.page.forms.len() < MOST {
        walker.page.forms.push(Form {
            uid: open.uid,
            names,
            scripted: element.attr("onsubmit").is_some() || absolute.is_none(),
            action: absolute,
            post: element.attr("method").is_some_and(|method| method.eq_ignore_ascii_case("post")),
            visible: seen(open.hidden),
            search: searches,
        });
        let (method, enctype) = (attribute("method"), attribute("enctype"));
        walker.forms.push(FormTarget { uid: open.uid, action, method, enctype });
    }
}

fn owner(walker: &Walker<'_>, open: &Open<'_>) -> Option<Uid> {
    match open.element.attr("form") {
        Some(id) => walker.form_ids.get(id).copied(),
        None => open.form,
    }
}

fn control<'a>(walker: &mut Walker<'a>, open: &Open<'a>, kind: Kind) {
    let element = open.element;
    let attribute = |name: &str| element.attr(name).map(str::to_owned);
    let ticks = matches!(kind, Kind::Radio | Kind::Checkbox);
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

fn input<'a>(walker: &mut Walker<'a>, open: &Open<'a>) {
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

fn value_control<'a>(walker: &mut Walker<'a>, open: &Open<'a>) {
    control(walker, open, if open.tag == "select" { Kind::Select } else { Kind::Value });
    seen_input(walker, open, open.tag.to_owned());
}

fn option(walker: &mut Walker<'_>, element: &Element) {
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
        filled: element.attr("value").is_some_and(|value| !value.is_empty()),
        visible: seen(open.hidden),
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

fn button(walker: &mut Walker<'_>, open: &Open<'_>, text: String) {
    let element = open.element;
    let Some(control) = walker.controls.iter().rev().find(|control| control.uid == open.uid) else { return };
    let told = ["aria-label", "title"].into_iter().find_map(|name| element.attr(name));
    let words = ["name", "id", "value", "class"].into_iter().filter_map(|name| element.attr(name));
    let action = control.overrides.action.as_ref().and_then(|action| walker.base.join(action.trim()).ok());
    if walker.page.buttons.len() >= MOST {
        return;
    }
    walker.page.buttons.push(Button {
        uid: open.uid,
        form: control.form,
        submits: control.submits(),
        text: if text.is_empty() { tidy(told.unwrap_or_default(), 100) } else { text },
        name: element.attr("name").map(|name| tidy(name, 200)),
        names: tidy(&words.collect::<Vec<_>>().join(" "), 300),
        action,
        disabled: control.disabled,
        visible: seen(open.hidden),
    });
}

fn link(walker: &mut Walker<'_>, open: &Open<'_>, text: String) {
    let href = open.element.attr("href").and_then(|href| walker.base.join(href.trim()).ok());
    let told = ["aria-label", "title"].into_iter().find_map(|name| open.element.attr(name));
    let text = if text.is_empty() { tidy(told.unwrap_or_default(), 100) } else { text };
    if let Some(href) = href.filter(is_web).filter(|_| walker.page.links.len() < MOST) {
        walker.page.links.push(Link { uid: open.uid, text, href, visible: seen(open.hidden) });
    }
}

fn frame(walker: &mut Walker<'_>, element: &Element) {
    let source = element.attr("src").and_then(|src| walker.base.join(src.trim()).ok());
    if let Some(source) = source.filter(|_| walker.page.frames.len() < 50) {
        walker.page.frames.push(source.as_str().chars().take(200).collect());
    }
}

/// A picture's words belong to the link or button it is in; a captcha's picture is a captcha.
fn image(walker: &mut Walker<'_>, element: &Element) {
    let inside = walker.stack.iter().rev().take(4).any(|open| matches!(open.tag, "a" | "button"));
    if let Some(alt) = element.attr("alt").filter(|_| inside) {
        walker.text(alt);
    }
    let words = ["id", "class", "src"].into_iter().filter_map(|name| element.attr(name));
    if words
        .map(str::to_ascii_lowercase)
        .any(|word| word.chars().take(300).collect::<String>().contains("captcha"))
    {
        walker.page.frames.push("captcha image".to_owned());
    }
}

/// Elements that scripts fill, and captchas that wait for a person.
fn widget(walker: &mut Walker<'_>, open: &Open<'_>, has_children: bool) {
    let element = open.element;
    let root = matches!(element.id(), Some("root" | "app" | "__next" | "__nuxt" | "main-app" | "app-root"));
    if (root || open.tag == "app-root") && !has_children {
        walker.page.empty_app_root = true;
    }
    let captcha =
        element.classes().any(|class| matches!(class, "g-recaptcha" | "h-captcha" | "cf-turnstile"));
    let unseen = element.attr("data-size") == Some("invisible") || open.hidden || open.tag == "button";
    if captcha && !unseen {
        walker.page.frames.push("captcha widget".to_owned());
    }
}

/// A form between the parts of a table loses its controls in the tree; what comes after it is its own.
pub(super) fn settle_forms(walker: &mut Walker<'_>) {
    let lost = std::mem::take(&mut walker.forms_in_tables);
    let owner = |uid: Uid| {
        let last = walker.forms.iter().map(|form| form.uid).filter(|form| *form < uid).max();
        last.filter(|form| lost.contains(form))
    };
    if lost.is_empty() {
        return;
    }
    walker.controls.iter_mut().filter(|c| c.form.is_none()).for_each(|c| c.form = owner(c.uid));
    walker.page.inputs.iter_mut().filter(|i| i.form.is_none()).for_each(|i| i.form = owner(i.uid));
    walker.page.buttons.iter_mut().filter(|b| b.form.is_none()).for_each(|b| b.form = owner(b.uid));
}

/// The form that a page sends by itself: its only one, with nothing to type, on a page with next to no
/// text, and a script that sends it when the page is there.
pub(super) fn self_submit(walker: &Walker<'_>) -> Option<Uid> {
    let [form] = walker.page.forms.as_slice() else { return None };
    let script = walker.scripts.trim();
    let on_its_own = script.contains(".submit()") && script.len() < 3_000 && !script.contains("click");
    let bare = walker.page.text_length < 400 && walker.page.links.len() <= 2 && walker.page.inputs.is_empty();
    let carries =
        walker.controls.iter().any(|control| control.form == Some(form.uid) && !control.name.is_empty());
    ((walker.onload || on_its_own) && bare && carries && form.post).then_some(form.uid)
}

const fn seen(hidden: bool) -> Visible {
    if hidden { Visible::No } else { Visible::Unknown }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}
