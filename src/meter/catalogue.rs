//! Every metric: its name, what it counts, in words, and the buckets of what is measured.
//!
//! Names follow Prometheus' conventions: the program, the thing, the unit, `_total` for what only grows.

use metrics::{describe_counter, describe_gauge, describe_histogram};

pub(super) const ATTEMPTS: &str = "postern_delivery_attempts_total";
pub(super) const ATTEMPT_SECONDS: &str = "postern_delivery_attempt_duration_seconds";
pub(super) const ATTEMPTS_OUT: &str = "postern_delivery_attempts_in_flight";
pub(super) const CLAIMED: &str = "postern_deliveries_claimed_total";
pub(super) const VERDICTS: &str = "postern_delivery_verdict_batch_size";
pub(super) const BREAKERS: &str = "postern_delivery_breakers_open";
pub(super) const OLDEST_DUE: &str = "postern_delivery_oldest_due_seconds";
pub(super) const WAITING: &str = "postern_deliveries_waiting";
pub(super) const EVENTS: &str = "postern_events_recorded_total";
pub(super) const TRANSITIONS: &str = "postern_link_transitions_total";
pub(super) const LOGINS: &str = "postern_logins_ended_total";
pub(super) const RUNS: &str = "postern_runs_ended_total";
pub(super) const LOG_LAG: &str = "postern_event_log_lag_seconds";
pub(super) const WRITE_QUEUE: &str = "postern_database_write_queue_length";
pub(super) const COMMIT_SECONDS: &str = "postern_database_commit_duration_seconds";
pub(super) const COMMIT_SIZE: &str = "postern_database_commit_batch_size";
pub(super) const REQUESTS: &str = "postern_http_requests_total";
pub(super) const REQUEST_SECONDS: &str = "postern_http_request_duration_seconds";
pub(super) const OPERATIONS: &str = "postern_graphql_operations_total";
pub(super) const SWEPT: &str = "postern_retention_deleted_rows_total";
pub(super) const BUILD: &str = "postern_build_info";

/// From a millisecond to the longest that anything takes.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0];
/// Batches of verdicts and of transactions have at most 256.
const SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// What is measured, with its buckets.
pub(super) const BUCKETS: [(&str, &[f64]); 5] = [
    (ATTEMPT_SECONDS, &SECONDS),
    (COMMIT_SECONDS, &SECONDS),
    (REQUEST_SECONDS, &SECONDS),
    (VERDICTS, &SIZES),
    (COMMIT_SIZE, &SIZES),
];

/// Says what everything is.
pub(super) fn describe() {
    describe_counter!(
        ATTEMPTS,
        "Attempts to deliver a webhook that have ended, by outcome and class of the answer's status."
    );
    describe_histogram!(ATTEMPT_SECONDS, "How long attempts took, connecting and the whole answer included.");
    describe_gauge!(ATTEMPTS_OUT, "Attempts of this server that are under way.");
    describe_counter!(CLAIMED, "Deliveries that this server has claimed in order to send them.");
    describe_histogram!(VERDICTS, "How many attempts' verdicts were written in one transaction.");
    describe_gauge!(
        BREAKERS,
        "Endpoints whose breaker is open at this server: only a probe is sent to them now and then."
    );
    describe_gauge!(
        OLDEST_DUE,
        "How long the delivery that has waited longest for its attempt has been due, of all servers."
    );
    describe_gauge!(
        WAITING,
        "Deliveries that wait, of all servers, counted up to 100000: due now, scheduled for a retry, parked \
         as their endpoint is paused or disabled, claimed by a server."
    );
    describe_counter!(EVENTS, "Events recorded by this server, by type.");
    describe_counter!(TRANSITIONS, "Changes of links' status by this server.");
    describe_counter!(LOGINS, "Logins ended by this server, by outcome.");
    describe_counter!(RUNS, "Runs ended by this server, by status.");
    describe_gauge!(
        LOG_LAG,
        "How long the oldest event has waited that those who follow the log have not been told of."
    );
    describe_gauge!(WRITE_QUEUE, "Transactions that wait for SQLite's one writer; 0 on PostgreSQL.");
    describe_histogram!(COMMIT_SECONDS, "How long the database took to commit.");
    describe_histogram!(COMMIT_SIZE, "How many transactions of Postern shared one commit of the database.");
    describe_counter!(REQUESTS, "HTTP requests answered, by route and class of status.");
    describe_histogram!(REQUEST_SECONDS, "How long it took until an answer began, by route.");
    describe_counter!(OPERATIONS, "GraphQL operations over any transport, by kind and outcome.");
    describe_counter!(SWEPT, "Rows deleted by this server because of their age, by what they were.");
    describe_gauge!(BUILD, "1, with the version of this program.");
}
