//! The words: pure rules and values. No I/O, no `async`; time comes in as a value.

pub mod client;
pub mod colour;
pub mod counted;
pub mod delivery;
pub mod detector;
pub mod duration;
pub mod event;
pub mod failure;
pub mod files;
pub mod hex;
pub mod hint;
pub mod instant;
pub mod link;
pub mod origins;
pub mod prompt;
pub mod recipe;
pub mod retry;
pub mod secret;
pub mod sign_in;
pub mod snapshot;
pub mod step;
pub mod subject;
pub mod table;

pub use files::FileLimits;
pub use origins::Origins;
pub use secret::Secret;
