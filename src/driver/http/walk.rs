//! One walk over the tree of a page, from its first element to its last, that fills the snapshot.
//!
//! It keeps its own stack: pages can be nested deeper than a thread's. Text is gathered by the nearest
//! block around it; the texts of labels, buttons and links are gathered for them as well.

use std::collections::{HashMap, HashSet};

use ego_tree::iter::Edge;
use scraper::Html;
use scraper::node::{Element, Node};
use url::Url;

use super::controls::{Control, FormTarget, Typed};
use super::hidden::{self, HiddenByStyle};
use super::loaded::{Fetched, Loaded};
use super::{elements, labels};
use crate::domain::snapshot::{Heading, PageSnapshot, Text, Uid, Visible};

/// Characters kept of one text.
const TEXT: usize = 500;
/// Characters kept of what a text area holds: it is sent back whole.
const TEXTAREA: usize = 100_000;
/// Things kept of one sort: more is not on any page that people sign in on.
pub(super) const MOST: usize = 600;
/// Inline elements between a text and its block that may want the text too.
const MOST_INLINE: usize = 40;

/// An element that is open.
pub(super) struct Open<'a> {
    pub(super) uid: Uid,
    pub(super) tag: &'a str,
    pub(super) element: &'a Element,
    pub(super) hidden: bool,
    pub(super) form: Option<Uid>,
    pub(super) disabled: bool,
    gathers: Gathers,
    /// Inside of a label, a button or a link: what is a block elsewhere is part of its text here.
    in_control: bool,
    /// Inside of something that is not shown as text.
    quiet: bool,
    pub(super) text: String,
    /// How much of a block's text is the text of links.
    linked: usize,
    marks: String,
    /// For labels: the inputs inside.
    pub(super) inputs: Vec<usize>,
}

/// Which text an element gathers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gathers {
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

pub(super) struct Walker<'a> {
    pub(super) page: PageSnapshot,
    pub(super) controls: Vec<Control>,
    pub(super) forms: Vec<FormTarget>,
    pub(super) form_ids: HashMap<&'a str, Uid>,
    /// Forms that the parser closed at once because they stand between the parts of a table.
    pub(super) forms_in_tables: Vec<Uid>,
    pub(super) base: Url,
    pub(super) refresh: Option<(u32, Url)>,
    pub(super) labels: labels::Labels,
    pub(super) styles: HiddenByStyle,
    pub(super) scripts: String,
    pub(super) onload: bool,
    pub(super) stack: Vec<Open<'a>>,
    text_ids: Vec<Option<String>>,
    described: HashSet<String>,
    uid: Uid,
}

/// Walks over `tree`.
pub(super) fn walk(tree: &Html, fetched: &Fetched) -> Loaded {
    let mut walker = Walker::new(fetched);
    walker.read_styles(tree);
    for edge in tree.tree.root().traverse() {
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Element(element) => walker.open(element, node.has_children()),
                Node::Text(text) => walker.text(text),
                _ => {}
            },
            Edge::Close(node) if node.value().is_element() => walker.close(),
            Edge::Close(_) => {}
        }
    }
    walker.finish()
}

impl<'a> Walker<'a> {
    fn new(fetched: &Fetched) -> Self {
        let page = PageSnapshot {
            url: fetched.url.clone(),
            status: fetched.status,
            challenge: fetched.challenge.clone(),
            title: None,
            language: None,
            headings: Vec::new(),
            forms: Vec::new(),
            inputs: Vec::new(),
            buttons: Vec::new(),
            links: Vec::new(),
            texts: Vec::new(),
            frames: Vec::new(),
            cookies: Vec::new(),
            scripts: 0,
            empty_app_root: false,
            noscript: None,
            text_length: 0,
        };
        Self {
            page,
            controls: Vec::new(),
            forms: Vec::new(),
            form_ids: HashMap::new(),
            forms_in_tables: Vec::new(),
            base: fetched.url.clone(),
            refresh: None,
            labels: labels::Labels::default(),
            styles: HiddenByStyle::default(),
            scripts: String::new(),
            onload: false,
            stack: Vec::new(),
            text_ids: Vec::new(),
            described: HashSet::new(),
            uid: 0,
        }
    }

    /// Style rules come first: one at the end of a page hides what stands before it.
    fn read_styles(&mut self, tree: &'a Html) {
        let styles =
            tree.tree.nodes().filter(|node| node.value().as_element().is_some_and(|e| e.name() == "style"));
        for style in styles.take(20) {
            let css: String =
                style.children().filter_map(|node| node.value().as_text().map(|t| &**t)).collect();
            self.styles.read(&css);
        }
    }

    fn open(&mut self, element: &'a Element, has_children: bool) {
        let uid = self.uid;
        self.uid += 1;
        let tag = element.name();
        let outer = self.stack.last();
        let in_control =
            outer.is_some_and(|open| open.in_control || open.gathers == Gathers::Alone || open.tag == "a");
        let gathers = match gathers(tag, element) {
            Gathers::Block if in_control => Gathers::Nothing,
            other => other,
        };
        if in_control {
            self.text(" ");
        }
        if gathers == Gathers::Block || splits(tag, element) {
            self.flush();
        }
        let outer = self.stack.last();
        let unseen = gathers == Gathers::Unseen && !matches!(tag, "select" | "textarea");
        let hidden = outer.is_some_and(|open| open.hidden)
            || matches!(tag, "template" | "svg")
            || hidden::is_hidden(element, &self.styles);
        let open = Open {
            uid,
            tag,
            element,
            hidden,
            form: if tag == "form" { Some(uid) } else { outer.and_then(|open| open.form) },
            disabled: outer.is_some_and(|open| open.disabled && !(tag == "legend" && open.tag == "fieldset"))
                || (tag == "fieldset" && element.attr("disabled").is_some()),
            gathers,
            in_control,
            quiet: unseen || outer.is_some_and(|open| open.quiet),
            text: String::new(),
            linked: 0,
            marks: marks(element),
            inputs: Vec::new(),
        };
        self.describe(element);
        elements::open(self, &open, has_children);
        self.stack.push(open);
    }

    fn describe(&mut self, element: &Element) {
        for attribute in ["aria-describedby", "aria-errormessage"] {
            let ids = element.attr(attribute).unwrap_or_default().split_whitespace().take(5);
            self.described.extend(ids.map(str::to_owned));
        }
    }

    /// Hands a text to everybody who gathers it.
    pub(super) fn text(&mut self, text: &str) {
        let mut linked = 0;
        for open in self.stack.iter_mut().rev().take(MOST_INLINE) {
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

    fn close(&mut self) {
        let Some(last) = self.stack.last() else { return };
        match last.gathers {
            Gathers::Block => self.flush(),
            Gathers::Along | Gathers::Alone => self.emit_of_inline(),
            Gathers::Nothing | Gathers::Unseen => {}
        }
        if let Some(open) = self.stack.pop() {
            elements::close(self, &open);
        }
    }

    /// Writes down what the innermost block has gathered so far.
    pub(super) fn flush(&mut self) {
        let block =
            self.stack.iter().rposition(|open| matches!(open.gathers, Gathers::Block | Gathers::Unseen));
        let Some(at) = block.filter(|at| self.stack[*at].gathers == Gathers::Block) else { return };
        let text = std::mem::take(&mut self.stack[at].text);
        // A block that holds nothing but links says nothing itself.
        let only_links = std::mem::take(&mut self.stack[at].linked) >= visible_length(&text).max(1);
        self.emit(at, &text, only_links);
    }

    /// A marked inline element is a text of its own: sites put their complaints into spans.
    fn emit_of_inline(&mut self) {
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
            visible: if open.hidden { Visible::No } else { Visible::Unknown },
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

    fn finish(mut self) -> Loaded {
        self.labels.settle(&mut self.page.inputs, (&self.text_ids, &self.page.texts));
        for (text, id) in self.page.texts.iter_mut().zip(&self.text_ids) {
            text.describes_input = id.as_ref().is_some_and(|id| self.described.contains(id));
        }
        self.page.texts.sort_by_key(|text| text.uid);
        elements::settle_forms(&mut self);
        let self_submit = elements::self_submit(&self);
        Loaded {
            snapshot: self.page,
            controls: self.controls,
            forms: self.forms,
            base: self.base,
            html: String::new(),
            typed: Typed::default(),
            refresh: self.refresh,
            self_submit,
        }
    }

    /// Writes down a heading.
    pub(super) fn heading(&mut self, uid: Uid, level: u8, text: String) {
        if self.page.headings.len() < MOST && !text.is_empty() {
            self.page.headings.push(Heading { uid, level, text });
        }
    }
}

fn gathers(tag: &str, element: &Element) -> Gathers {
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
fn splits(tag: &str, element: &Element) -> bool {
    tag == "input" && matches!(element.attr("type"), Some("radio" | "checkbox"))
}

fn marks(element: &Element) -> String {
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
pub(super) fn tidy(text: &str, most: usize) -> String {
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
