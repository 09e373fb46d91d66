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
use super::layout::Layout;
use super::loaded::{Fetched, Loaded};
use super::texts::{Gathers, gathers, marks, splits};
use super::{elements, labels, settle};
use crate::domain::snapshot::{Heading, PageSnapshot, Uid, Visible};

/// Things kept of one sort: more is not on any page that people sign in on.
pub(in crate::driver) const MOST: usize = 600;

/// An element that is open.
#[expect(clippy::struct_excessive_bools, reason = "each is handed down from the element around it")]
pub(in crate::driver) struct Open<'a> {
    pub(in crate::driver) uid: Uid,
    pub(in crate::driver) tag: &'a str,
    pub(in crate::driver) element: &'a Element,
    pub(in crate::driver) hidden: bool,
    pub(in crate::driver) form: Option<Uid>,
    pub(in crate::driver) disabled: bool,
    pub(in crate::driver) gathers: Gathers,
    /// Inside of a label, a button or a link: what is a block elsewhere is part of its text here.
    pub(in crate::driver) in_control: bool,
    /// Inside of something that is not shown as text.
    pub(in crate::driver) quiet: bool,
    pub(in crate::driver) text: String,
    /// How much of a block's text is the text of links.
    pub(in crate::driver) linked: usize,
    pub(in crate::driver) marks: String,
    /// For labels: the inputs inside.
    pub(in crate::driver) inputs: Vec<usize>,
}

pub(in crate::driver) struct Walker<'a> {
    pub(in crate::driver) page: PageSnapshot,
    pub(in crate::driver) controls: Vec<Control>,
    pub(in crate::driver) forms: Vec<FormTarget>,
    pub(in crate::driver) form_ids: HashMap<&'a str, Uid>,
    /// Forms that the parser closed at once because they stand between the parts of a table.
    pub(in crate::driver) forms_in_tables: Vec<Uid>,
    pub(in crate::driver) base: Url,
    pub(in crate::driver) refresh: Option<(u32, Url)>,
    /// Where pictures come from.
    pub(in crate::driver) pictures: HashMap<Uid, String>,
    pub(in crate::driver) labels: labels::Labels,
    pub(in crate::driver) styles: HiddenByStyle,
    pub(in crate::driver) scripts: String,
    pub(in crate::driver) onload: bool,
    pub(in crate::driver) stack: Vec<Open<'a>>,
    pub(in crate::driver) text_ids: Vec<Option<String>>,
    /// What a browser knows beyond the markup; without one the markup has to do.
    pub(in crate::driver) layout: Option<&'a Layout>,
    /// Elements that are hidden, in their order.
    hidden: Vec<Uid>,
    described: HashSet<String>,
    uid: Uid,
}

/// Walks over `tree`.
pub(in crate::driver) fn walk(tree: &Html, fetched: &Fetched, layout: Option<&Layout>) -> Loaded {
    let mut walker = Walker::new(fetched, layout);
    if layout.is_none() {
        walker.read_styles(tree);
    }
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
    fn new(fetched: &Fetched, layout: Option<&'a Layout>) -> Self {
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
            proof_given: false,
            images: Vec::new(),
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
            pictures: HashMap::new(),
            labels: labels::Labels::default(),
            styles: HiddenByStyle::default(),
            scripts: String::new(),
            onload: false,
            stack: Vec::new(),
            text_ids: Vec::new(),
            hidden: Vec::new(),
            layout,
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
        let hidden = match self.layout {
            Some(layout) => !layout.is_visible(uid),
            None => {
                outer.is_some_and(|open| open.hidden)
                    || matches!(tag, "template" | "svg")
                    || hidden::is_hidden(element, &self.styles)
            }
        };
        self.hidden.extend(hidden.then_some(uid));
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

    fn finish(mut self) -> Loaded {
        self.labels.settle(&mut self.page.inputs, (&self.text_ids, &self.page.texts));
        for (text, id) in self.page.texts.iter_mut().zip(&self.text_ids) {
            text.describes_input = id.as_ref().is_some_and(|id| self.described.contains(id));
        }
        self.page.texts.sort_by_key(|text| text.uid);
        settle::settle_forms(&mut self);
        let self_submit = settle::self_submit(&self);
        Loaded {
            snapshot: self.page,
            controls: self.controls,
            forms: self.forms,
            base: self.base,
            html: String::new(),
            hidden: self.hidden,
            typed: Typed::default(),
            refresh: self.refresh,
            pictures: self.pictures,
            self_submit,
        }
    }

    /// Whether people see an element; without layout all that is known is whether something hides it.
    pub(in crate::driver) const fn seen(&self, hidden: bool) -> Visible {
        match self.layout {
            _ if hidden => Visible::No,
            Some(_) => Visible::Yes,
            None => Visible::Unknown,
        }
    }

    /// Writes down a heading.
    pub(in crate::driver) fn heading(&mut self, uid: Uid, level: u8, text: String) {
        if self.page.headings.len() < MOST && !text.is_empty() {
            self.page.headings.push(Heading { uid, level, text });
        }
    }
}
