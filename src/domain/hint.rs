//! Hints: "there is something new". A lost hint costs latency, never an event.

use entity::{DeliveryId, EndpointId, LoginId, WorkspaceId};

/// What there may be more of since the last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hint {
    /// Events in the log.
    Log,
    /// Deliveries that are due.
    Deliveries,
    /// Deliveries that are out of line with their endpoint.
    Backlog,
    /// An endpoint that is not as it was: paused, deleted, at another address.
    Endpoint(EndpointId),
    /// Recoveries that are under way.
    Recoveries,
    /// Logins that wait for an engine.
    Logins,
    /// Runs that wait for a worker.
    Runs,
    /// Something about one login: a prompt, an answer, an end.
    Login(LoginId),
}

/// That an attempt was made, for those who watch right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// Whose.
    pub workspace: WorkspaceId,
    /// Where it went.
    pub endpoint: EndpointId,
    /// Which delivery.
    pub delivery: DeliveryId,
    /// The attempt's number among the delivery's.
    pub number: i32,
}
