//! The one way out of the house: vet the address, then connect to exactly that address.
//!
//! `policy` judges (pure), `allow` is what the operator opened, `block` knows the special addresses,
//! `guard` judges what a name resolves to, `client` carries out one bounded exchange: with source systems by
//! `browse`, with receivers of webhooks by `post`. Whoever
//! registers, tests or sends asks the same policy, so the three verdicts cannot differ. `nats` is the way
//! to brokers, which the operator names and no partner can. `proxy` is the same rule for a browser.

pub mod allow;
mod block;
mod browse;
mod cause;
pub mod client;
mod guard;
#[cfg(test)]
pub(crate) mod loopback;
pub mod nats;
pub mod policy;
mod post;
pub mod proxy;
#[cfg(test)]
mod tests;

pub use allow::{Allow, AllowError};
pub use client::{Client, Error, Purpose, Reply, Request};
pub use policy::{Policy, Refusal};
