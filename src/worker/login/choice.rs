//! Which driver a login has: the one its source system names, or http first and the browser on evidence.
//!
//! Moving begins the login again at its first page, so it happens only while no password and no code of this
//! login has left, and once.

use entity::FailureCode;

use crate::domain::snapshot::PageSnapshot;
use crate::driver::{self, Driver, Error, Tools};

/// The driver of one login, and whether there is another one to move to.
pub(super) struct Choice {
    wanted: entity::Driver,
    /// The driver that is really used.
    pub(super) used: entity::Driver,
    tools: Tools,
    /// Whether the last page had something that only a browser runs.
    scripted: bool,
}

impl Choice {
    /// What a source system with the driver `wanted` begins with.
    pub(super) const fn new(wanted: entity::Driver, tools: Tools) -> Self {
        let used = match wanted {
            entity::Driver::Browser => entity::Driver::Browser,
            entity::Driver::Auto | entity::Driver::Http => entity::Driver::Http,
        };
        Self { wanted, used, tools, scripted: false }
    }

    /// The driver, without a page.
    pub(super) fn start(&self) -> Result<Box<dyn Driver>, Error> {
        driver::start(self.used, self.tools.clone(), None)
    }

    /// Notes what a page is like.
    pub(super) fn saw(&mut self, page: &PageSnapshot) {
        self.scripted = page.scripts > 0 && page.challenge.is_none();
    }

    /// Notes that a page could not even be read, or acted on, without scripts.
    pub(super) const fn stuck(&mut self, error: &Error) {
        self.scripted |= matches!(error, Error::NeedsScripts(_));
    }

    /// Moves to the browser if `code` may mean that the scripts were missed; `false` if the login is over.
    pub(super) fn moves_on(&mut self, code: FailureCode) -> bool {
        let by_scripts = matches!(
            code,
            FailureCode::MethodUnsupported
                | FailureCode::CaptchaUnsolvable
                | FailureCode::LoginFormNotFound
                | FailureCode::UnknownPage
                | FailureCode::StuckLoop
        );
        let is_auto = self.wanted == entity::Driver::Auto && self.used == entity::Driver::Http;
        let is_there = self.tools.browsers.as_ref().is_some_and(driver::browser::Browsers::are_there);
        let moves = is_auto && is_there && self.scripted && by_scripts;
        if moves {
            self.used = entity::Driver::Browser;
        }
        moves
    }
}
