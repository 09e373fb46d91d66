//! What leaves for receivers: how an event is written, signed and handed over, and what came of it.
//!
//! Three plug points, each a small trait with one file per implementation: `scheme` (how it is signed),
//! `format` (how the body looks) and `destination` (where it goes). `recipient` puts the first two
//! together for one endpoint; `verdict` says what an attempt came to. When something is sent, and
//! when again, is the worker's business; nothing here reads a clock or a table.

pub mod destination;
pub mod format;
pub mod header;
pub mod recipient;
pub mod scheme;
pub mod verdict;

pub use crate::domain::event::EventView;
pub use destination::{Destination, Destinations, Unfit};
pub use header::{HeaderError, check_headers};
pub use recipient::{Envelope, Recipient};
pub use scheme::BadSecret;
pub use verdict::Attempted;
