//! The stories: what Postern does for a partner and a customer, told from outside.
//!
//! Every story runs against the real server over real HTTP, on a SQLite file and on a PostgreSQL
//! database of its own; only the clock is ours, and workers move when the story says so. `house` is
//! the harness, every other file a chapter. A chapter begins with the list of its stories.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a story that cannot go on has failed, and says where"
)]
#![expect(
    clippy::disallowed_methods,
    clippy::unused_self,
    clippy::format_collect,
    reason = "the harness is outside of the house: it has a clock, an environment and clients of its own"
)]

#[macro_use]
mod house;

mod addresses;
mod allowances;
mod audit;
mod browser;
mod budgets;
mod bulk;
mod certificates;
mod claims;
mod clock;
mod crash;
mod destinations;
mod doors;
mod durability;
mod endpoints;
mod erase;
mod expiry;
mod failures;
mod fairness;
mod files;
mod graphiql;
mod guide;
mod handover;
mod health;
mod https;
mod hub;
mod idempotency;
mod idle;
mod isolation;
mod jobs;
mod kept;
mod keys;
mod killed;
mod life;
mod lines;
mod links;
mod listing;
mod log;
mod looking;
mod metrics;
mod misbehaviour;
mod nats;
mod nodes;
mod page;
mod payloads;
mod prompts;
mod readiness;
mod recipes;
mod recovery;
mod rerun;
mod retention;
mod retention_cost;
mod rotation;
mod scopes;
mod secrets;
mod sign_in;
mod statements;
mod subscriptions;
mod tidy;
mod transact;
mod webhooks;
mod workflows_guide;
mod workspace;
