//! Documents that came before: programs send the same few again and again.
//!
//! What is kept is the outcome of parsing and weighing, by the whole text, and only of documents that passed.
//! Whatever depends on the request (operation, variables, caller) is looked at each time. A text with words in
//! quotes is not kept: they may be a secret, which must not outlive its request, and will hardly come again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::parsed::Parsed;

/// How many documents are kept: some twenty megabytes of them at most.
const ROOM: usize = 256;
/// Documents with more selections, fragments spread out, are parsed each time.
const MOST_SELECTIONS: usize = 128;
/// Longer texts, in bytes, are parsed each time.
const LONGEST: usize = 4_096;

/// The documents that are kept.
#[derive(Default)]
pub(super) struct Known(Mutex<HashMap<Box<str>, Arc<Parsed>>>);

impl Known {
    /// What the text was parsed to before.
    pub(super) fn find(&self, text: &str) -> Option<Arc<Parsed>> {
        let documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        documents.get(text).cloned()
    }

    /// Keeps a document that passed.
    pub(super) fn keep(&self, text: &str, document: &Arc<Parsed>) {
        if text.len() > LONGEST || document.selections > MOST_SELECTIONS || text.contains('"') {
            return;
        }
        let mut documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if documents.len() >= ROOM {
            // Somebody writes values into texts: none of these comes again, and what does is back at once.
            documents.clear();
        }
        documents.insert(text.into(), Arc::clone(document));
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::DocumentLimits;
    use super::*;

    fn parsed() -> Arc<Parsed> {
        parsed_of("{ a }")
    }

    fn parsed_of(text: &str) -> Arc<Parsed> {
        Arc::new(Parsed::try_new(text, &DocumentLimits::default()).map_err(|_| "refused").unwrap())
    }

    #[test]
    fn a_document_is_found_by_its_whole_text() {
        let known = Known::default();
        known.keep("{ a }", &parsed());

        assert!(known.find("{ a }").is_some());
        assert!(known.find("{ a } ").is_none() && known.find("{ b }").is_none());
    }

    #[test]
    fn words_in_quotes_are_not_kept() {
        let known = Known::default();
        for text in [r#"{ a(secret: "whsec_1") }"#, r#"{ a(secret: """whsec_1""") }"#] {
            known.keep(text, &parsed());
        }

        assert!(known.0.lock().unwrap().is_empty());
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let known = Known::default();
        let document = parsed();
        known.keep(&"#".repeat(LONGEST + 1), &document);
        let group = format!("a {{ {} }} ", "a ".repeat(MOST_SELECTIONS / 4));
        known.keep("a", &parsed_of(&format!("{{ {} }}", group.repeat(4))));
        assert!(known.0.lock().unwrap().is_empty());

        for number in 0..=ROOM {
            known.keep(&format!("{{ a }} # {number}"), &document);
        }

        assert_eq!(known.0.lock().unwrap().len(), 1);
    }
}
