//! What the door allows: sizes, times and counts, with the defaults that fit a partner's API.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use super::documents::Documents;

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
    /// How often one key may ask; default 10,000 operations a second and as many at once. `None` = as often as it likes.
    pub rate: Option<Rate>,
    /// How many sockets and event streams one key may have open; default 20,000.
    pub connections: usize,
    /// How many all keys of one crowd may have open together; default 80,000.
    pub crowd_connections: usize,
    /// How often keys may be tried from one address that are not known to be good; default 20 a second, 200 at once.
    pub strangers: Rate,
    /// Whose `X-Forwarded-For` says which address that is; default nobody's.
    pub trusted_proxies: Vec<IpNet>,
    /// What a document may ask for.
    pub document: DocumentLimits,
    /// The documents that clients may name instead of sending them; default none.
    pub documents: Arc<Documents>,
    /// Whether `/graphiql` is served; default no.
    pub graphiql: bool,
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
            rate: Some(Rate::a_second(DEFAULT_RATE, DEFAULT_RATE)),
            connections: 20_000,
            crowd_connections: 80_000,
            strangers: Rate::a_second(STRANGERS, STRANGERS_AT_ONCE),
            trusted_proxies: Vec::new(),
            document: DocumentLimits::default(),
            documents: Arc::default(),
            graphiql: false,
            socket: SocketSettings::default(),
            stream_keep_alive: Duration::from_secs(15),
        }
    }
}

const DEFAULT_RATE: NonZeroU32 = NonZeroU32::new(10_000).expect("not zero");
const STRANGERS: NonZeroU32 = NonZeroU32::new(20).expect("not zero");
const STRANGERS_AT_ONCE: NonZeroU32 = NonZeroU32::new(200).expect("not zero");

/// How often something may happen: a bucket of tokens that fills steadily.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// One more token comes this often.
    pub period: Duration,
    /// How many there are when nothing has happened for long.
    pub burst: NonZeroU32,
}

impl Rate {
    /// So often a second in the long run, and so often at once.
    #[must_use]
    pub fn a_second(count: NonZeroU32, burst: NonZeroU32) -> Self {
        Self { period: Duration::from_secs(1) / count.get(), burst }
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
    /// What the chosen operation may cost, see `cost`; default 100,000.
    pub cost: usize,
    /// Bytes of one name or number in the text; default 256.
    pub word_bytes: usize,
    /// Values in the JSON of a request, each item and entry counted; default 50,000.
    pub values: usize,
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
            cost: 100_000,
            word_bytes: 256,
            values: 50_000,
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
