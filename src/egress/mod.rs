//! The one way out of the house: vet the address, then connect to exactly that address.

pub mod client;

pub use client::{Client, Error, Reply, Request};
