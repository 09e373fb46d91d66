//! What the machine wants done.

use entity::SubmitKind;
use url::Url;

use crate::domain::failure::Failure;
use crate::domain::prompt::Prompt;
use crate::domain::snapshot::Uid;
use crate::domain::{Origins, Secret};

/// The source system a login is for.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where to begin.
    pub login_url: Url,
    /// Where a secret may be typed.
    pub origins: Origins,
    /// Whether the driver runs the pages' scripts.
    pub runs_scripts: bool,
}

/// The next thing to do.
pub enum Move {
    /// Ask the customer and come back with the answer.
    Ask(Box<Prompt>),
    /// Let the driver act, then show the page it settles on.
    Perform(Perform),
    /// Let the driver open this page to learn whether the customer is in, then show it.
    Probe(Url),
    /// The login is over.
    End(Outcome),
}

/// How a login ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// By two independent signs.
    SignedIn,
    /// Without a session.
    Failed(Failure),
}

/// Actions to carry out in order.
pub struct Perform {
    /// What to do.
    pub actions: Vec<Action>,
    /// Set when a password or a code leaves with them: to be counted first.
    pub submit: Option<Submit>,
}

/// A secret about to leave.
pub struct Submit {
    /// Its kind.
    pub kind: SubmitKind,
    /// Who is signing in, as typed in this login.
    pub identifier: Option<Secret>,
}

/// One thing a driver does. It can hold secrets: no `Debug`.
pub enum Action {
    /// Opens a page.
    Open(Url),
    /// Opens the current page once more.
    Reload,
    /// Types a value into an input, or picks it in a list.
    Fill {
        /// The input.
        input: Uid,
        /// What to type.
        value: Secret,
    },
    /// Picks a radio button or ticks a box.
    Pick(Uid),
    /// Sends a form by a button, or in its default way.
    Submit {
        /// The form.
        form: Option<Uid>,
        /// The button.
        button: Option<Uid>,
    },
    /// Follows a link.
    Follow(Uid),
    /// Answers the HTTP layer's own question for the current page.
    Authenticate {
        /// The name.
        identifier: Secret,
        /// The password.
        password: Secret,
    },
}
