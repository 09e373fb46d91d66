//! Elements by CSS selector, for workflows and recipes.

use std::collections::BTreeMap;
use std::time::Duration;

use scraper::{ElementRef, Html, Selector};
use tokio::time::Instant;

use super::controls::Kind;
use super::loaded::{self, Loaded};
use super::texts;
use crate::domain::recipe::{Mark, Marks, Recipe};
use crate::domain::snapshot::Uid;
use crate::driver::{Error, Found, FoundKind, MOST_MARKS};

/// Elements returned for one selector.
const MOST: usize = 10_000;
/// Characters of one element's text.
const TEXT: usize = 100_000;
/// Characters of one element's text where it is noted for a recipe.
const MARK_TEXT: usize = 500;
/// Crafted pages can make a selector look at every pair of elements.
const MARKING: Duration = Duration::from_secs(2);

/// The elements of the page that match, in document order.
pub(in crate::driver) fn find(page: &Loaded, selector: &str) -> Result<Vec<Found>, Error> {
    find_in(&loaded::tree(page), page, selector)
}

/// The elements of `tree`, which is the page's, that match.
pub(in crate::driver) fn find_in(tree: &Html, page: &Loaded, selector: &str) -> Result<Vec<Found>, Error> {
    let selector = Selector::parse(selector).map_err(|_| Error::BadSelector)?;
    let elements = tree.tree.root().descendants().filter_map(ElementRef::wrap);
    // The walk counted in this order too: its numbers are these.
    let counted = (0..).zip(elements);
    let matched = counted.filter(|(_, element)| selector.matches(element));
    Ok(matched.take(MOST).map(|(uid, element)| found(page, uid, element)).collect())
}

/// What the selectors of a recipe match, hidden elements left out: one tree for all of them, and no more
/// time than a page may take to be read.
pub(in crate::driver) fn mark(page: &Loaded, recipe: &Recipe) -> Marks {
    mark_in(&loaded::tree(page), page, recipe)
}

/// The same in `tree`, which is the page's.
pub(in crate::driver) fn mark_in(tree: &Html, page: &Loaded, recipe: &Recipe) -> Marks {
    let started = Instant::now();
    let elements: Vec<ElementRef<'_>> = tree.tree.root().descendants().filter_map(ElementRef::wrap).collect();
    let shown = |uid: &Uid| page.hidden.binary_search(uid).is_err();
    let mut marks = Marks::new();
    for selector in recipe.selectors() {
        let Ok(parsed) = Selector::parse(selector.as_str()) else { continue };
        let in_time = elements.iter().take_while(|_| started.elapsed() < MARKING);
        let counted = (0..).zip(in_time).filter(|(uid, element)| parsed.matches(element) && shown(uid));
        let noted =
            counted.take(MOST_MARKS).map(|(uid, element)| Mark { uid, text: text_of(element, MARK_TEXT) });
        marks.put(selector, noted.collect());
    }
    marks
}

/// The text of an element; no more of it is gathered than is kept.
fn text_of(element: &ElementRef<'_>, most: usize) -> String {
    let mut text = String::new();
    for piece in element.text() {
        text.push_str(&piece[..piece.floor_char_boundary(most * 4)]);
        text.push(' ');
        if text.len() > most * 8 {
            break;
        }
    }
    texts::tidy(&text, most)
}

fn found(page: &Loaded, uid: Uid, element: ElementRef<'_>) -> Found {
    let attributes = element.value().attrs().take(100).map(|(name, value)| {
        let address = matches!(name, "href" | "src" | "action").then(|| page.base.join(value.trim()).ok());
        let value = address.flatten().map_or_else(|| value.to_owned(), String::from);
        (name.to_owned(), value)
    });
    Found {
        uid,
        kind: kind(page, uid),
        text: text_of(&element, TEXT),
        attributes: attributes.collect::<BTreeMap<_, _>>(),
    }
}

fn kind(page: &Loaded, uid: Uid) -> FoundKind {
    if page.snapshot.links.iter().any(|link| link.uid == uid) {
        return FoundKind::Link;
    }
    match page.control(uid) {
        Some(control) if control.submits() => FoundKind::Submit { form: control.form },
        Some(control) => match control.kind {
            Kind::Value | Kind::Select => FoundKind::Field,
            Kind::Radio | Kind::Checkbox => FoundKind::Tick,
            _ => FoundKind::Other,
        },
        None => FoundKind::Other,
    }
}
