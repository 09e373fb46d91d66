//! Order per link under load: what it costs, and that it holds.
//!
//! Four workspaces with a quarter of the links each, and one receiver for each that refuses every fifth
//! attempt at random. Every link goes through seven states, first to endpoints that take events as they
//! come, then to ordered ones. Both are measured twice: as it happens, and when a backlog of everything is
//! let go at once. Each run has a database of its own. It fails if an ordered receiver ever saw an earlier
//! event of a link after a later one, or if anything is missing.
//!
//! usage: cargo bench --bench ordered -- [LINKS] (10,000); with `TEST_POSTGRES` set, on that server.

#![expect(
    clippy::disallowed_methods,
    reason = "a measurement stands outside of the house: it has a clock and an environment of its own"
)]

mod receiver;
mod run;

use anyhow::Context as _;
use entity::DeliveryOrdering::{None as Unordered, PerLink};

use run::{Pressure, Setting, Told};

/// The least an ordered endpoint must reach of the rate of an unordered one.
const LEAST: f64 = 0.7;

fn main() -> anyhow::Result<()> {
    let given = std::env::args().skip(1).find(|word| !word.starts_with("--"));
    let links = given.map_or(Ok(10_000), |word| word.parse()).context("LINKS is a number")?;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure(links))
}

async fn measure(links: usize) -> anyhow::Result<()> {
    let mut is_well = true;
    println!("{links} links x 7 states, every fifth attempt refused, schedule 50, 100, 200 ms");
    for pressure in [Pressure::AsItHappens, Pressure::Backlog] {
        let unordered = run::tell(Setting { links, pressure, ordering: Unordered }).await?;
        let ordered = run::tell(Setting { links, pressure, ordering: PerLink }).await?;
        let ratio = ordered.per_second() / unordered.per_second();
        println!("{pressure}:");
        show("unordered", &unordered);
        show("ordered", &ordered);
        println!("  ordered to unordered: {ratio:.2}");
        is_well &= ratio >= LEAST && ordered.inversions == 0 && ordered.is_whole() && unordered.is_whole();
    }
    anyhow::ensure!(is_well, "the order or the rate is not what it should be");
    Ok(())
}

fn show(what: &str, told: &Told) {
    println!(
        "  {what}: {:.0} delivered/s, {} delivered and {} given up in {:.1} s, {} inversions",
        told.per_second(),
        told.delivered,
        told.given_up,
        told.took.as_secs_f64(),
        told.inversions
    );
}
