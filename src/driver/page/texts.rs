//! Which text belongs to which element, and the blocks of text that a page is made of.

use scraper::node::Element;

use super::walk::{MOST, Walker};
use crate::domain::snapshot::Text;

/// Characters kept of one text.
const TEXT: usize = 500;
/// Characters kept of what a text area holds: it is sent back whole.
const TEXTAREA: usize = 100_000;
/// Inline elements between a text and its block that may want the text too.
const MOST_INLINE: usize = 40;

/// Which text an element gathers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) enum Gathers {
    /// None: the next one out gathers.
    Nothing,
    /// Its own, and the next one out gathers too.
    Along,
    /// Its own, for itself alone.
    Alone,
    /// Its own; it is a block of the page.
    Block,
    /// Its own, and nothing of it is shown.
    Unseen,
}

impl Walker<'_> {
    /// Hands a text to everybody who gathers it.
    pub(in crate::driver) fn text(&mut self, text: &str) {
        let mut linked = 0;
        // What is out of sight is no part of what is seen around it.
        let unseen = self.stack.last().is_some_and(|open| open.hidden);
        for open in self.stack.iter_mut().rev().take(MOST_INLINE) {
            if unseen && !open.hidden {
                break;
            }
            if open.tag == "a" {
                linked = visible_length(text);
            }
            if open.gathers == Gathers::Nothing {
                continue;
            }
            open.linked += linked;
            append(&mut open.text, text, if open.tag == "textarea" { TEXTAREA } else { TEXT });
            if open.gathers != Gathers::Along {
                break;
            }
        }
    }

    /// Writes down what the innermost block has gathered so far.
    pub(in crate::driver) fn flush(&mut self) {
        let block =
            self.stack.iter().rposition(|open| matches!(open.gathers, Gathers::Block | Gathers::Unseen));
        let Some(at) = block.filter(|at| self.stack[*at].gathers == Gathers::Block) else { return };
        let text = std::mem::take(&mut self.stack[at].text);
        // A block that holds nothing but links says nothing itself.
        let only_links = std::mem::take(&mut self.stack[at].linked) >= visible_length(&text).max(1);
        self.emit(at, &text, only_links);
    }

    /// A marked inline element is a text of its own: sites put their complaints into spans.
    pub(in crate::driver) fn emit_of_inline(&mut self) {
        let at = self.stack.len() - 1;
        let control = self.stack[at].gathers == Gathers::Alone || self.stack[at].tag == "a";
        let text = self.stack[at].text.clone();
        if !control || matches!(self.stack[at].tag, "label" | "button") {
            self.emit(at, &text, control);
        }
    }

    fn emit(&mut self, at: usize, text: &str, of_control: bool) {
        let text = tidy(text, TEXT);
        let open = &self.stack[at];
        if open.quiet && !text.is_empty() && self.stack.iter().any(|open| open.tag == "noscript") {
            self.page.noscript.get_or_insert_with(|| text.clone());
        }
        let open = &self.stack[at];
        if text.is_empty() || open.quiet || open.tag == "title" {
            return;
        }
        if !open.hidden && open.gathers == Gathers::Block {
            self.page.text_length += text.chars().count();
        }
        let live = is_live(open.element);
        let live = live || at.checked_sub(1).is_some_and(|up| is_live(self.stack[up].element));
        let marks = self.stack[at.saturating_sub(2)..=at].iter().map(|open| open.marks.as_str());
        let found = Text {
            uid: open.uid,
            form: open.form,
            tag: open.tag.to_owned(),
            marks: tidy(&marks.collect::<Vec<_>>().join(" "), 300),
            live,
            describes_input: false,
            of_control,
            visible: self.seen(open.hidden),
            text,
        };
        if !of_control {
            self.labels.saw_text(&found.text, &mut self.page.inputs);
        }
        if self.page.texts.len() < MOST {
            self.text_ids.push(open.element.id().map(str::to_owned));
            self.page.texts.push(found);
        }
    }
}

/// What an element gathers, by what it is.
pub(in crate::driver) fn gathers(tag: &str, element: &Element) -> Gathers {
    match tag {
        "script" | "style" | "template" | "svg" | "math" | "head" | "select" | "textarea" | "datalist"
        | "noscript" | "object" | "iframe" => Gathers::Unseen,
        "title" | "button" | "label" | "option" => Gathers::Alone,
        "a" | "summary" => Gathers::Along,
        "html" | "body" | "div" | "p" | "section" | "article" | "header" | "footer" | "nav" | "main"
        | "aside" | "form" | "fieldset" | "legend" | "ul" | "ol" | "li" | "dl" | "dt" | "dd" | "table"
        | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th" | "caption" | "h1" | "h2" | "h3" | "h4" | "h5"
        | "h6" | "pre" | "blockquote" | "address" | "details" | "dialog" | "figure" | "figcaption"
        | "center" | "menu" => Gathers::Block,
        _ if tag.contains('-') => Gathers::Block,
        _ if !marks(element).is_empty() || is_live(element) => Gathers::Along,
        _ => Gathers::Nothing,
    }
}

/// A tick box or radio button divides the text around it: what follows belongs to it.
pub(in crate::driver) fn splits(tag: &str, element: &Element) -> bool {
    tag == "input" && matches!(element.attr("type"), Some("radio" | "checkbox"))
}

/// The words by which a site's styles know an element.
pub(in crate::driver) fn marks(element: &Element) -> String {
    let words = ["class", "id", "role", "data-testid"].into_iter().filter_map(|name| element.attr(name));
    tidy(&words.collect::<Vec<_>>().join(" "), 150)
}

fn is_live(element: &Element) -> bool {
    matches!(element.attr("role"), Some("alert" | "status" | "alertdialog"))
        || matches!(element.attr("aria-live"), Some("polite" | "assertive"))
}

fn visible_length(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).take(TEXT * 4).count()
}

fn append(to: &mut String, text: &str, most: usize) {
    if to.len() < most * 4 {
        to.extend(text.chars().take(most));
    }
}

/// White space folded, at most so many characters.
pub(in crate::driver) fn tidy(text: &str, most: usize) -> String {
    let mut tidy = String::with_capacity(text.len().min(most * 2));
    for word in text.split_whitespace() {
        if !tidy.is_empty() {
            tidy.push(' ');
        }
        tidy.push_str(word);
        if tidy.len() >= most {
            break;
        }
    }
    match tidy.char_indices().nth(most) {
        Some((at, _)) => tidy[..at].to_owned(),
        None => tidy,
    }
}
