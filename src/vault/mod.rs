//! Sealing: what is secret at rest, in a URL, and between a page and an engine.
//!
//! `master` holds the operator's keys; everything else is derived from them. `seal` keeps records
//! (envelope encryption), `token` signs the URLs of links and files, `tag` recognises an identifier without
//! knowing it. `login_key` is apart: made for one login, never stored. No type here that holds a key
//! has `Debug`, and all of them clear their memory.

pub mod login_key;
pub mod master;
pub mod seal;
mod signed;
pub mod tag;
pub mod token;

pub use login_key::{LoginKey, Place, seal_answer};
pub use master::{KeyError, MasterKeys};
pub use seal::{Binding, Vault};
pub use token::{Forged, Token, Tokens};

/// Why something cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The master key that is needed was not given.
    #[error("the master key with id {0} is needed and was not given")]
    UnknownKey(u8),
    /// Damaged, of another record, or sealed to another key.
    #[error("the sealed value does not open")]
    Broken,
    /// The bytes are not a public key of a login.
    #[error("the public key cannot be read")]
    NotAKey,
}
