//! The meter: what operators watch, counted where it happens and told as Prometheus text.
//!
//! The rooms above call a function per fact and know neither names nor the library. Nothing is counted
//! before [`install`] was called: then a count costs next to nothing. Names, units and words are in
//! `catalogue`, and every label is a word of a closed set: no id, no address, nothing of a customer.

mod catalogue;
mod process;

use std::sync::OnceLock;
use std::time::Duration;

use entity::AttemptOutcome;
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

use crate::domain::counted::Counted;

/// The meter of this process, once it is installed.
static METER: OnceLock<PrometheusHandle> = OnceLock::new();

/// The content type of [`render`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Why nothing can be counted.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The buckets.
    #[error("the buckets of a histogram")]
    Buckets(#[from] BuildError),
    /// Another library of this process counts already.
    #[error("another recorder is installed")]
    Taken,
}

/// Begins to count, once in a process; further calls change nothing.
///
/// # Errors
/// [`InstallError`] if something else has taken the place.
pub fn install() -> Result<(), InstallError> {
    if METER.get().is_some() {
        return Ok(());
    }
    let mut builder = PrometheusBuilder::new();
    for (name, buckets) in catalogue::BUCKETS {
        let matcher = metrics_exporter_prometheus::Matcher::Full(name.to_owned());
        builder = builder.set_buckets_for_metric(matcher, buckets)?;
    }
    let handle = builder.install_recorder().map_err(|_| InstallError::Taken)?;
    catalogue::describe();
    process::describe();
    gauge!(catalogue::BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let _ = METER.set(handle);
    Ok(())
}

/// Everything that was counted so far, as Prometheus reads it; empty before [`install`].
#[must_use]
pub fn render() -> String {
    let Some(meter) = METER.get() else { return String::new() };
    process::read();
    meter.render()
}

/// Folds what was measured into its buckets. Without it measurements would pile up while nobody asks.
pub fn tidy_up() {
    if let Some(meter) = METER.get() {
        meter.run_upkeep();
    }
}

/// Levels at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Levels {
    /// How long the longest due delivery has waited.
    pub oldest_due: Duration,
    /// How many deliveries wait, by why.
    pub waiting: [(&'static str, u64); 4],
    /// How long the oldest event has waited for those who follow the log.
    pub log_lag: Duration,
    /// How many transactions wait for the one writer.
    pub write_queue: usize,
}

/// Shows the levels as they are now.
pub fn levels(levels: Levels) {
    gauge!(catalogue::OLDEST_DUE).set(levels.oldest_due.as_secs_f64());
    for (state, number) in levels.waiting {
        gauge!(catalogue::WAITING, "state" => state).set(float(number));
    }
    gauge!(catalogue::LOG_LAG).set(levels.log_lag.as_secs_f64());
    gauge!(catalogue::WRITE_QUEUE).set(float(levels.write_queue as u64));
}

/// Counts committed facts.
pub fn count(facts: Vec<Counted>) {
    for fact in facts {
        match fact {
            Counted::Event(kind) => counter!(catalogue::EVENTS, "type" => kind).increment(1),
            Counted::Transition { from, to } => {
                counter!(catalogue::TRANSITIONS, "from" => from.as_str(), "to" => to.as_str()).increment(1);
            }
            Counted::Login(outcome) => counter!(catalogue::LOGINS, "outcome" => outcome).increment(1),
            Counted::Run(status) => counter!(catalogue::RUNS, "status" => status.as_str()).increment(1),
        }
    }
}

/// Counts an attempt while it is under way.
#[must_use]
pub fn attempt_is_out() -> Out {
    gauge!(catalogue::ATTEMPTS_OUT).increment(1.0);
    Out(())
}

/// An attempt that is under way, also if it is dropped before its end.
pub struct Out(());

impl Drop for Out {
    fn drop(&mut self) {
        gauge!(catalogue::ATTEMPTS_OUT).decrement(1.0);
    }
}

/// Counts an attempt that has ended, perhaps with an answer.
pub fn attempted(outcome: AttemptOutcome, status: Option<u16>, took: Duration) {
    let class = status.map_or("none", class);
    counter!(catalogue::ATTEMPTS, "outcome" => outcome.as_str(), "class" => class).increment(1);
    histogram!(catalogue::ATTEMPT_SECONDS, "outcome" => outcome.as_str()).record(took);
}

/// Counts deliveries that were claimed together.
pub fn claimed(deliveries: usize) {
    counter!(catalogue::CLAIMED).increment(deliveries as u64);
}

/// Counts verdicts that were written together.
pub fn settled(verdicts: usize) {
    histogram!(catalogue::VERDICTS).record(float(verdicts as u64));
}

/// Shows how many breakers are open.
pub fn breakers_open(endpoints: usize) {
    gauge!(catalogue::BREAKERS).set(float(endpoints as u64));
}

/// Counts a commit of the database and how many transactions shared it.
pub fn committed(transactions: usize, took: Duration) {
    histogram!(catalogue::COMMIT_SIZE).record(float(transactions as u64));
    histogram!(catalogue::COMMIT_SECONDS).record(took);
}

/// Counts an answer to an HTTP request; `route` is a pattern, never an address with something in it.
pub fn answered(route: &str, status: u16, took: Duration) {
    counter!(catalogue::REQUESTS, "route" => route.to_owned(), "status" => class(status)).increment(1);
    histogram!(catalogue::REQUEST_SECONDS, "route" => route.to_owned()).record(took);
}

/// Counts a GraphQL operation.
pub fn operated(kind: &'static str, outcome: &'static str) {
    counter!(catalogue::OPERATIONS, "kind" => kind, "outcome" => outcome).increment(1);
}

/// Counts rows that were deleted because of their age.
pub fn swept(what: &'static str, rows: u64) {
    counter!(catalogue::SWEPT, "what" => what).increment(rows);
}

/// The class of an HTTP status.
fn class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

/// Prometheus counts in floating point: exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "no count of ours comes near 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}
