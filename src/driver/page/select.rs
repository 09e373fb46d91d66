//! Elements by CSS selector, for workflows.

use std::collections::BTreeMap;

use scraper::{ElementRef, Html, Selector};

use super::controls::Kind;
use super::loaded::{self, Loaded};
use super::texts;
use crate::domain::snapshot::Uid;
use crate::driver::{Error, Found, FoundKind};

/// Elements returned for one selector.
const MOST: usize = 10_000;
/// Characters of one element's text.
const TEXT: usize = 100_000;

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

fn found(page: &Loaded, uid: Uid, element: ElementRef<'_>) -> Found {
    let text: String = element.text().flat_map(|text| [text, " "]).collect();
    let attributes = element.value().attrs().take(100).map(|(name, value)| {
        let address = matches!(name, "href" | "src" | "action").then(|| page.base.join(value.trim()).ok());
        let value = address.flatten().map_or_else(|| value.to_owned(), String::from);
        (name.to_owned(), value)
    });
    Found {
        uid,
        kind: kind(page, uid),
        text: texts::tidy(&text, TEXT),
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
