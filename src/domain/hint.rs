//! Hints: "there is something new". A lost hint costs latency, never an event.

use entity::LoginId;

/// What there may be more of since the last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hint {
    /// Events in the log.
    Log,
    /// Deliveries that are due.
    Deliveries,
    /// Deliveries that are out of line with their endpoint.
    Backlog,
    /// Recoveries that are under way.
    Recoveries,
    /// Logins that wait for an engine.
    Logins,
    /// Runs that wait for a worker.
    Runs,
    /// Something about one login: a prompt, an answer, an end.
    Login(LoginId),
}
