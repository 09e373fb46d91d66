//! The partner's door: GraphQL over HTTP, WebSocket and server-sent events.

pub mod door;
