//! What operators count: facts that are worth a number once they are committed.

use entity::{LinkStatus, RunStatus};

/// One fact to count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counted {
    /// An event of this type was recorded.
    Event(&'static str),
    /// A link went from one status to another.
    Transition {
        /// What it was.
        from: LinkStatus,
        /// What it is.
        to: LinkStatus,
    },
    /// A login ended with this outcome: `SIGNED_IN`, `SUPERSEDED` or the code of a failure.
    Login(String),
    /// A run ended.
    Run(RunStatus),
}
