//! What the door allows: sizes, times and counts, with the defaults that fit a partner's API.

use std::time::Duration;

/// Every bound the door keeps.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The most bytes of a request's body; default 4 MiB.
    pub body_bytes: usize,
    /// The whole body must have come by then; default 30 s.
    pub body_wait: Duration,
    /// A query or mutation ends with TIMEOUT after this; default 30 s.
    pub execution: Duration,
    /// How often a key is checked again while a socket or stream that came in with it is open; default 1 s.
    pub recheck: Duration,
    /// What a document may ask for.
    pub document: DocumentLimits,
    /// How a WebSocket is kept.
    pub socket: SocketSettings,
    /// A comment is sent on an event stream that was silent for this long; default 15 s.
    pub stream_keep_alive: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_bytes: 4 << 20,
            body_wait: Duration::from_secs(30),
            execution: Duration::from_secs(30),
            recheck: Duration::from_millis(900),
            document: DocumentLimits::default(),
            socket: SocketSettings::default(),
            stream_keep_alive: Duration::from_secs(15),
        }
    }
}

/// What a GraphQL document may ask for, counted before anything looks at the schema.
#[derive(Clone, Debug)]
pub struct DocumentLimits {
    /// Bytes of query text; default 256 KiB.
    pub text_bytes: usize,
    /// Lexical tokens of the text; default 10,000, which parse in a few milliseconds.
    pub tokens: usize,
    /// Brackets inside brackets in the text; default 48, well within a worker's stack.
    pub brackets: usize,
    /// Selections after every fragment is spread out, over all definitions; default 4,000.
    pub selections: usize,
    /// Selection sets and fragments inside one another; default 32.
    pub nesting: usize,
    /// Fields inside fields; default 15, which is what the standard introspection query needs.
    pub depth: usize,
    /// Aliases after every fragment is spread out; default 200.
    pub aliases: usize,
    /// Directives after every fragment is spread out; default 200.
    pub directives: usize,
    /// Fields at the top of an operation; default 50.
    pub root_fields: usize,
    /// Lists of types or fields inside one another in an introspection; default 2.
    pub introspection_lists: usize,
}

impl Default for DocumentLimits {
    fn default() -> Self {
        Self {
            text_bytes: 256 << 10,
            tokens: 10_000,
            brackets: 48,
            selections: 4_000,
            nesting: 32,
            depth: 15,
            aliases: 200,
            directives: 200,
            root_fields: 50,
            introspection_lists: 2,
        }
    }
}

/// How a WebSocket is kept.
#[derive(Clone, Debug)]
pub struct SocketSettings {
    /// `connection_init` must have come and been answered by then; default 10 s.
    pub init_wait: Duration,
    /// The server pings this often, and gives up a client that was silent from one ping to the next; default 30 s.
    pub ping_every: Duration,
    /// A client that takes longer than this to read one message is given up; default 30 s.
    pub write_wait: Duration,
    /// The most bytes of one message; default 1 MiB, so that a query of full length fits with its variables.
    pub message_bytes: usize,
    /// The most operations running at a time on one connection; default 100.
    pub operations: usize,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            init_wait: Duration::from_secs(10),
            ping_every: Duration::from_secs(30),
            write_wait: Duration::from_secs(30),
            message_bytes: 1 << 20,
            operations: 100,
        }
    }
}
