//! The stories: what Postern does for a partner and a customer, told from outside.
//!
//! Every story runs against the real server over real HTTP, on a SQLite file and on a PostgreSQL
//! database of its own; only the clock is ours, and workers move when the story says so. `house` is
//! the harness, every other file a chapter. A chapter begins with the list of its stories.

#[macro_use]
mod house;

mod crash;
mod doors;
mod endpoints;
mod expiry;
mod health;
mod hub;
mod idempotency;
mod isolation;
mod keys;
mod links;
mod listing;
mod log;
mod page;
mod recovery;
mod rotation;
mod sign_in;
mod subscriptions;
mod transact;
mod webhooks;
