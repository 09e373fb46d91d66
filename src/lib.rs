//! Postern: a partner sends its customer a signed link; the customer signs in to a third-party site on
//! a page hosted here; the partner's job runs with the signed-in session; the partner hears of it.
//!
//! # The house
//! ```text
//!  partner ──GraphQL──▶ api/ ─┐                       ┌─ page/ ◀──HTML── customer
//!                             │        doors          │
//!        (clock, leases) worker/ ─┐                   │
//!                             ▼   ▼                   ▼
//!                       ┌──────────────── service/ ────────────────┐   one function per verb:
//!                       │  link  job  login  visit  run  delivery  │   transaction and events
//!                       └──┬─────────┬──────────┬─────────┬─────┬──┘
//!                       store/    driver/    webhook/   vault/ bus/    hands: SQL, sites, receivers,
//!                          │         └──────────┴──┐                   sealing, hints
//!                          ▼                    egress/                the one way out, vetted
//!                     SQLite or                    │
//!                    PostgreSQL          sites and receivers
//!
//!  operator/ is a door too: is the server ready, what does it do; meter/ lies below all and counts.
//!  domain/ and the crate `entity` are the words all of them use; sandbox/ and demo/ are guests,
//!  who know only public addresses; wire builds it, config reads the settings, cli are the commands.
//! ```
//! Imports look down only; `tests/it/tidy.rs` fails when one does not.
//!
//! # Four walks
//! **`createLink`.** `api::door` agrees on a format, checks the key and weighs the document; `api::link`
//! checks the scope and calls `service::link::create`, which checks the input and hands it to the
//! batcher. The batcher writes whatever waits in one transaction: customers, links, one `link.created`
//! each, one delivery for every endpoint that wants it. Only after the commit the caller gets the link,
//! whose URL `vault::Tokens` signs, and `bus` hints that there is something new.
//!
//! **A customer's answer.** `page::scene` reads the form and calls `service::visit::answer`, which seals
//! the answer to the login's public key at once and stores the ciphertext. The engine (`worker::login`),
//! woken by a hint, takes the row away, opens it with the key that exists only in its memory, lets the
//! machine (`domain::sign_in`) decide and the driver act, and writes the next prompt or the end through
//! `service::login`. The page never meets the engine: rows are all they share.
//!
//! **A run.** Once the customer is in, `worker::run` claims the link's run, opens the sealed session in the kind
//! of driver that made it (plain requests, or Chromium behind the proxy in `egress`), and carries out the
//! job's steps; `service::run` saves each, `service::file` seals what they download. A rerun first asks the
//! site whether the session is alive, and may sign in again, once, with what the customer agreed to have
//! kept (`worker::relogin`).
//!
//! **A delivery.** The transaction that makes it, or lets it go in its line, claims it, and it comes over the
//! desk in `bus`; whatever is due otherwise `worker::delivery` claims. `service::delivery` joins what the payload
//! says and signs it, `webhook` hands it over through `egress`, outside of any transaction. Verdicts are
//! written in batches: delivered, due again by the schedule, or exhausted. A process that dies in between
//! leaves claims, which are freed with its node.
//!
//! # What always holds
//! 1. State, event and deliveries are one transaction; an acknowledged mutation is durable, its events
//!    are delivered at least once or listed as undelivered.
//! 2. Per link, events have numbers without a hole, and every reader sees them in order
//!    (`store::log` tells how, on PostgreSQL too).
//! 3. Nothing of one workspace is ever read or changed by another.
//! 4. Secrets are sealed wherever they rest; types that hold them cannot be printed.
//! 5. No request leaves to an address that policy forbids.
//! 6. Bad input gets a typed error that names the field; nothing is half done, nothing panics.
//! 7. Idle means idle: about a query a second.
//! 8. Every change that somebody asked for is in the audit log, from its own transaction (`service::audit`).

pub mod wire;

pub mod cli;
pub mod config;

pub mod api;
pub mod operator;
pub mod page;
pub mod worker;

pub mod service;

pub mod bus;
pub mod driver;
pub mod store;
pub mod vault;
pub mod webhook;

pub mod egress;
pub mod meter;

pub mod domain;

pub mod demo;
pub mod sandbox;
