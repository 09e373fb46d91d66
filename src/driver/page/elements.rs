//! What single elements add to a page.

use scraper::node::Element;
use url::Url;

use super::controls::{FormTarget, Kind};
use super::inputs;
use super::settle::refresh;
use super::texts::tidy;
use super::walk::{MOST, Open, Walker};
use crate::domain::snapshot::{Form, Image, Link};

/// An element begins.
pub(in crate::driver) fn open<'a>(walker: &mut Walker<'a>, open: &Open<'a>, has_children: bool) {
    let element = open.element;
    match open.tag {
        "html" => walker.page.language = element.attr("lang").map(|lang| tidy(lang, 35)),
        "body" => walker.onload |= element.attr("onload").is_some_and(|script| script.contains("submit")),
        "base" => read_base(walker, element),
        "meta" => read_refresh(walker, element),
        "form" => form(walker, open),
        "input" => inputs::input(walker, open),
        "select" | "textarea" => inputs::value_control(walker, open),
        "option" => inputs::option(walker, element),
        "button" => {
            let kind = match element.attr("type").map(str::to_ascii_lowercase).as_deref() {
                Some("button" | "reset") => Kind::Inert,
                _ => Kind::Submit,
            };
            inputs::control(walker, open, kind);
        }
        "script" => walker.page.scripts += 1,
        "iframe" | "frame" => frame(walker, open),
        "img" => image(walker, open),
        // A browser can take a picture of what scripts have drawn.
        "canvas" | "svg" if walker.layout.is_some() => drawing(walker, open),
        "br" => walker.text("\n"),
        _ => {}
    }
    widget(walker, open, has_children);
}

/// An element has ended; its text is complete.
pub(in crate::driver) fn close(walker: &mut Walker<'_>, open: &Open<'_>) {
    let text = tidy(&open.text, 300);
    match open.tag {
        "title" if walker.page.title.is_none() && !text.is_empty() => walker.page.title = Some(text),
        "label" => {
            let target = open.element.attr("for");
            let inputs = &mut walker.page.inputs;
            walker.labels.label(target, &open.inputs, &text, inputs);
        }
        "button" => inputs::button(walker, open, text),
        "a" => link(walker, open, text),
        "option" => inputs::option_text(walker, open, text),
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
            visible: walker.seen(open.hidden),
            search: searches,
        });
        let (method, enctype) = (attribute("method"), attribute("enctype"));
        walker.forms.push(FormTarget { uid: open.uid, action, method, enctype });
    }
}

fn link(walker: &mut Walker<'_>, open: &Open<'_>, text: String) {
    let href = open.element.attr("href").and_then(|href| walker.base.join(href.trim()).ok());
    let told = ["aria-label", "title"].into_iter().find_map(|name| open.element.attr(name));
    let text = if text.is_empty() { tidy(told.unwrap_or_default(), 100) } else { text };
    if let Some(href) = href.filter(is_web).filter(|_| walker.page.links.len() < MOST) {
        walker.page.links.push(Link { uid: open.uid, text, href, visible: walker.seen(open.hidden) });
    }
}

/// A frame that people do not see asks them nothing.
fn frame(walker: &mut Walker<'_>, open: &Open<'_>) {
    let element = open.element;
    let source = element.attr("src").and_then(|src| walker.base.join(src.trim()).ok());
    let unseen = |source: &Url| open.hidden || has_no_size(source);
    if let Some(source) = source.filter(|source| walker.page.frames.len() < 50 && !unseen(source)) {
        let called = tidy(element.attr("title").unwrap_or_default(), 100);
        let source: String = source.as_str().chars().take(200).collect();
        walker.page.frames.push(format!("{source} {called}"));
    }
}

/// A captcha's frame says in its address that it works without anybody.
fn has_no_size(source: &Url) -> bool {
    source.query_pairs().any(|(name, value)| name == "size" && value == "invisible")
}

/// Pictures kept of a page; a data address longer than this is no captcha.
const MOST_PICTURES: usize = 50;
const LONGEST_SOURCE: usize = 400_000;

/// A picture's words belong to the link or button it is in; a captcha's picture is a captcha.
fn image(walker: &mut Walker<'_>, open: &Open<'_>) {
    let element = open.element;
    let source = element.attr("src").filter(|source| source.len() <= LONGEST_SOURCE);
    if let Some(source) = source.filter(|_| walker.page.images.len() < MOST_PICTURES) {
        let file = if source.starts_with("data:") { "" } else { source };
        keep_picture(walker, open, file);
        walker.pictures.insert(open.uid, source.to_owned());
    }
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

/// What scripts have drawn, as a picture.
fn drawing(walker: &mut Walker<'_>, open: &Open<'_>) {
    if walker.page.images.len() < MOST_PICTURES {
        keep_picture(walker, open, "");
    }
}

/// A picture is called what it is called itself, or what the element around it is.
fn keep_picture(walker: &mut Walker<'_>, open: &Open<'_>, file: &str) {
    let words = ["id", "class", "alt", "title", "aria-label"];
    let words = words.into_iter().filter_map(|name| open.element.attr(name));
    let around = walker.stack.last().filter(|around| !matches!(around.tag, "body" | "form"));
    let around = around.map_or("", |around| around.marks.as_str());
    let names = tidy(&words.chain([file, around]).collect::<Vec<_>>().join(" "), 300);
    walker.page.images.push(Image { uid: open.uid, names, visible: walker.seen(open.hidden) });
}

/// Elements that scripts fill, and captchas that wait for a person.
fn widget(walker: &mut Walker<'_>, open: &Open<'_>, has_children: bool) {
    let element = open.element;
    let root = matches!(element.id(), Some("root" | "app" | "__next" | "__nuxt" | "main-app" | "app-root"));
    if (root || open.tag == "app-root") && !has_children {
        walker.page.empty_app_root = true;
    }
    let named = element.classes().any(|class| matches!(class, "g-recaptcha" | "h-captcha" | "cf-turnstile"));
    let captcha = named || element.attr("data-sitekey").is_some();
    let unseen = element.attr("data-size") == Some("invisible") || open.hidden || open.tag == "button";
    if captcha && !unseen {
        walker.page.frames.push("captcha widget".to_owned());
    }
}

/// Whether an address is one that can be followed.
pub(in crate::driver) fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}
