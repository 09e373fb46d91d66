//! A tree as a browser hands it over, as the tree that the walk reads.

use ego_tree::NodeId;
use html5ever::{Attribute, LocalName, QualName, ns};
use scraper::Html;
use scraper::node::{Element, Node, Text};
use serde::Deserialize;

use super::layout::Layout;
use crate::domain::snapshot::Uid;

/// The page as the browser's script tells it.
#[derive(Deserialize)]
pub(in crate::driver) struct Told {
    /// Where it is.
    pub(in crate::driver) url: String,
    nodes: Vec<Step>,
    /// Pairs: a control, and the form that owns it.
    owners: Vec<Uid>,
}

/// One step through the tree, in document order.
#[derive(Deserialize)]
#[serde(untagged)]
enum Step {
    /// An element begins: its tag, what layout says, names and values of its attributes.
    Open(String, u64, Vec<String>),
    Text(String),
    /// The innermost element ends.
    Close(Over),
}

/// A number that says nothing.
#[derive(Deserialize)]
#[serde(from = "u8")]
struct Over;

impl From<u8> for Over {
    fn from(_: u8) -> Self {
        Self
    }
}

impl Told {
    /// A page of which nothing is known but where it is.
    pub(in crate::driver) fn nothing(url: &str) -> Self {
        Self { url: url.to_owned(), nodes: Vec::new(), owners: Vec::new() }
    }

    /// What only the browser knows of the elements.
    pub(in crate::driver) fn layout(&self) -> Layout {
        let mut layout = Layout::default();
        for step in &self.nodes {
            if let Step::Open(_, flags, _) = step {
                layout.push(*flags);
            }
        }
        for pair in self.owners.chunks_exact(2) {
            layout.own(pair[0], pair[1]);
        }
        layout
    }

    /// Tag and an attribute's value of the element at `uid`.
    pub(in crate::driver) fn element(&self, uid: Uid) -> Option<(&str, impl Fn(&str) -> String)> {
        let opens = self.nodes.iter().filter_map(|step| match step {
            Step::Open(tag, _, attributes) => Some((tag.as_str(), attributes)),
            Step::Text(_) | Step::Close(_) => None,
        });
        let (tag, attributes) = opens.into_iter().nth(uid as usize)?;
        let value = |name: &str| {
            let pair = attributes.chunks_exact(2).find(|pair| pair[0] == name);
            pair.map(|pair| pair[1].clone()).unwrap_or_default()
        };
        Some((tag, value))
    }

    /// The tree; elements stand in it in the order of their places.
    pub(in crate::driver) fn tree(&self) -> Html {
        let mut html = Html::new_document();
        let root = html.tree.root().id();
        let mut open = vec![root];
        for step in &self.nodes {
            let Some(parent) = open.last().copied() else { break };
            match step {
                Step::Open(tag, _, attributes) => {
                    open.extend(append(&mut html, parent, Node::Element(element(tag, attributes))));
                }
                Step::Text(text) => {
                    append(&mut html, parent, Node::Text(Text { text: text.as_str().into() }));
                }
                Step::Close(_) => {
                    open.pop();
                }
            }
        }
        html
    }
}

fn append(html: &mut Html, parent: NodeId, node: Node) -> Option<NodeId> {
    html.tree.get_mut(parent).map(|mut parent| parent.append(node).id())
}

fn element(tag: &str, attributes: &[String]) -> Element {
    let name = |text: &str, ns| QualName::new(None, ns, LocalName::from(text));
    let attribute =
        |pair: &[String]| Attribute { name: name(&pair[0], ns!()), value: pair[1].as_str().into() };
    Element::new(name(tag, ns!(html)), attributes.chunks_exact(2).map(attribute).collect())
}
