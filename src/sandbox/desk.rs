//! What the site remembers: its visitors and the forms it has seen. Memory only, and bounded.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::scenario::{Scenario, scenarios};

/// Visitors kept at most; the one who came first makes room for the next.
const MAX_VISITORS: usize = 10_000;

/// The name under which forms are counted that no scenario knows.
const NOBODY: &str = "unknown";

/// One browser, as the site knows it.
#[derive(Clone)]
pub(super) struct Visitor {
    /// The value of the session cookie.
    pub(super) id: String,
    /// What every form of this visitor must carry.
    pub(super) csrf: String,
    /// How far the visitor has come.
    pub(super) standing: Standing,
    /// How often pages were looked at and answered, by name.
    seen: HashMap<&'static str, Seen>,
}

/// How often a page was looked at and answered.
#[derive(Clone, Copy, Default)]
struct Seen {
    looks: u32,
    answers: u32,
}

/// How far a visitor has come.
#[derive(Clone, Copy)]
pub(super) enum Standing {
    /// Nothing is known yet.
    Stranger,
    /// In the middle of signing in.
    Signing(Place),
    /// Signed in.
    SignedIn(&'static Scenario),
}

/// Where in a scenario a visitor is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The scenario.
    pub(super) scenario: &'static Scenario,
    /// How many of its pages are behind the visitor.
    pub(super) behind: usize,
    /// The page that is shown now.
    pub(super) page: &'static str,
}

/// How many forms the site has received under one user name, and what came of them.
#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct Count {
    /// Forms of any kind.
    pub(super) submits: u64,
    /// Forms that carried a password.
    pub(super) passwords: u64,
    /// Forms that carried a code.
    pub(super) codes: u64,
    /// Visitors who were let in.
    pub(super) let_in: u64,
}

/// The site's memory.
pub(super) struct Desk(Mutex<Books>);

struct Books {
    visitors: HashMap<String, Visitor>,
    arrivals: VecDeque<String>,
    counts: BTreeMap<&'static str, Count>,
}

impl Desk {
    /// An empty memory, in which every user name of the table has a count of zero.
    pub(super) fn new() -> Self {
        let names = scenarios().iter().map(|scenario| scenario.username.as_str());
        let counts = names.chain([NOBODY]).map(|name| (name, Count::default())).collect();
        Self(Mutex::new(Books { visitors: HashMap::new(), arrivals: VecDeque::new(), counts }))
    }

    /// Finds the visitor of a cookie.
    pub(super) fn find(&self, id: &str) -> Option<Visitor> {
        self.books().visitors.get(id).cloned()
    }

    /// Welcomes a new visitor, under a new id.
    pub(super) fn welcome(&self, standing: Standing) -> Visitor {
        let visitor = Visitor { id: token(), csrf: token(), standing, seen: HashMap::new() };
        let mut books = self.books();
        books.arrivals.push_back(visitor.id.clone());
        books.visitors.insert(visitor.id.clone(), visitor.clone());
        if books.arrivals.len() > MAX_VISITORS {
            let first = books.arrivals.pop_front();
            first.map(|id| books.visitors.remove(&id));
        }
        visitor
    }

    /// Writes down how far a visitor has come.
    pub(super) fn advance(&self, id: &str, standing: Standing) {
        if let Some(visitor) = self.books().visitors.get_mut(id) {
            visitor.standing = standing;
        }
    }

    /// Counts a look at a page; returns the how-manieth it is for this visitor.
    pub(super) fn looked(&self, id: &str, page: &'static str) -> u32 {
        self.seen(id, page, |seen| {
            seen.looks += 1;
            seen.looks
        })
    }

    /// Counts an answer to a page; returns the how-manieth it is for this visitor.
    pub(super) fn answered(&self, id: &str, page: &'static str) -> u32 {
        self.seen(id, page, |seen| {
            seen.answers += 1;
            seen.answers
        })
    }

    fn seen(&self, id: &str, page: &'static str, change: impl Fn(&mut Seen) -> u32) -> u32 {
        let mut books = self.books();
        books.visitors.get_mut(id).map_or(1, |visitor| change(visitor.seen.entry(page).or_default()))
    }

    /// Forgets a visitor.
    pub(super) fn forget(&self, id: &str) {
        self.books().visitors.remove(id);
    }

    /// Counts one form under the user name of `scenario`.
    pub(super) fn count(&self, scenario: Option<&Scenario>, form: Count) {
        let name = scenario.map_or(NOBODY, |scenario| scenario.username.as_str());
        if let Some(count) = self.books().counts.get_mut(name) {
            count.submits += form.submits;
            count.passwords += form.passwords;
            count.codes += form.codes;
            count.let_in += form.let_in;
        }
    }

    /// Returns all counts, by user name.
    pub(super) fn counts(&self) -> BTreeMap<&'static str, Count> {
        self.books().counts.clone()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn token() -> String {
    format!("{:032x}", rand::random::<u128>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_visitor_makes_room_when_the_site_is_full() {
        let desk = Desk::new();
        let first = desk.welcome(Standing::Stranger);
        let second = desk.welcome(Standing::Stranger);

        for _ in 1..MAX_VISITORS {
            desk.welcome(Standing::Stranger);
        }

        assert!(desk.find(&first.id).is_none());
        assert!(desk.find(&second.id).is_some());
        assert_eq!(desk.books().arrivals.len(), MAX_VISITORS);
    }
}
