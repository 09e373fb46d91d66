//! What attempts say about their endpoints: counts, warnings, an end to trying.
//!
//! The partner is told by events of the same log: `endpoint.failing` once a quarter of an hour has
//! brought nothing but failures, `endpoint.recovered` when something arrives after that,
//! `endpoint.disabled` and `delivery.exhausted` at once.

use std::collections::{BTreeMap, HashSet};

use entity::{DeliveryStatus, EndpointId, Timestamp, endpoint, tally};

use super::Report;
use crate::domain::delivery::{self as rule, Fate};
use crate::domain::event::{Facts, Kind, is_about_delivering};
use crate::service::Error;
use crate::service::event::{self as log, Record};
use crate::store::delivery::Verdict;
use crate::store::{self, Tx};

/// Writes what follows from these attempts for their endpoints.
pub(super) async fn note(
    tx: &Tx,
    reports: &[Report],
    verdicts: &[Verdict],
    now: Timestamp,
) -> Result<(), Error> {
    store::tally::add(tx, counts(reports, verdicts, now)).await?;
    let taken: HashSet<EndpointId> = endpoints(reports, Report::is_delivered);
    let refused: HashSet<EndpointId> = endpoints(reports, |report| !taken.contains(&report.endpoint.id));
    let gone = endpoints(reports, |report| report.attempted.gone);
    let mut records = well(tx, &Vec::from_iter(taken)).await?;
    records.extend(ill(tx, &Vec::from_iter(refused), &gone, now).await?);
    records.extend(exhausted(reports, verdicts));
    if !records.is_empty() {
        log::record(tx, now, &records).await?;
    }
    Ok(())
}

fn endpoints(reports: &[Report], which: impl Fn(&Report) -> bool) -> HashSet<EndpointId> {
    reports.iter().filter(|report| which(report)).map(|report| report.endpoint.id).collect()
}

/// In the order of the endpoints: two transactions that count the same ones cannot wait for each other.
fn counts(reports: &[Report], verdicts: &[Verdict], now: Timestamp) -> Vec<tally::Model> {
    let mut rows: BTreeMap<EndpointId, tally::Model> = BTreeMap::new();
    for (report, verdict) in reports.iter().zip(verdicts) {
        let row = rows.entry(report.endpoint.id).or_insert_with(|| tally::Model {
            endpoint_id: report.endpoint.id,
            slot_at: store::tally::slot_of(now),
            workspace_id: report.endpoint.workspace_id,
            delivered: 0,
            failed: 0,
            failed_attempts: 0,
        });
        row.delivered += i64::from(verdict.status == DeliveryStatus::Delivered);
        row.failed += i64::from(verdict.status == DeliveryStatus::Exhausted);
        row.failed_attempts += i64::from(!report.is_delivered());
    }
    rows.into_values().collect()
}

/// Forgets the failures of endpoints at which something arrived, and tells of those it was told about.
async fn well(tx: &Tx, ids: &[EndpointId]) -> Result<Vec<Record>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let recovered = store::endpoint::clear_failing(tx, ids).await?;
    let warned: Vec<_> = recovered.iter().filter(|row| row.warned_at.is_some()).map(|row| row.id).collect();
    if warned.is_empty() {
        return Ok(Vec::new());
    }
    let told = store::endpoint::clear_warned(tx, &warned).await?;
    Ok(told.iter().map(|row| about(row, Kind::EndpointRecovered, None)).collect())
}

/// Remembers which endpoints only fail, warns of those that do so for a while, and disables those that
/// are gone or have failed for too long. The rows are read again: a report's endpoint is as it was when
/// the delivery was claimed.
async fn ill(
    tx: &Tx,
    ids: &[EndpointId],
    gone: &HashSet<EndpointId>,
    now: Timestamp,
) -> Result<Vec<Record>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    store::endpoint::set_failing(tx, ids, now).await?;
    let (mut records, mut to_warn_of) = (Vec::new(), Vec::new());
    for row in store::endpoint::for_hub(tx, ids.iter().copied()).await? {
        if gone.contains(&row.id) {
            records.extend(disable(tx, &row, "gone").await?);
        } else if rule::failed_too_long(row.failing_since, now) {
            records.extend(disable(tx, &row, "failing").await?);
        } else if row.warned_at.is_none() && rule::is_worth_a_warning(row.failing_since, now) {
            to_warn_of.push(row.id);
        }
    }
    if !to_warn_of.is_empty() {
        let told = store::endpoint::set_warned(tx, &to_warn_of, now).await?;
        records.extend(told.iter().map(|row| about(row, Kind::EndpointFailing, None)));
    }
    Ok(records)
}

async fn disable(tx: &Tx, row: &endpoint::Model, reason: &str) -> Result<Option<Record>, Error> {
    if !store::endpoint::disable(tx, row.workspace_id, row.id, reason).await? {
        return Ok(None);
    }
    store::backlog::move_to(tx, &[row.id], Fate::Parked).await?;
    Ok(Some(about(row, Kind::EndpointDisabled, Some(reason))))
}

fn about(row: &endpoint::Model, kind: Kind, reason: Option<&str>) -> Record {
    let reason = reason.map(ToOwned::to_owned);
    let facts = Facts { endpoint_id: Some(row.id), reason, ..Facts::default() };
    Record { workspace: row.workspace_id, link: None, kind, facts }
}

/// Deliveries that were given up; of events about delivering nothing further is recorded.
fn exhausted(reports: &[Report], verdicts: &[Verdict]) -> Vec<Record> {
    let given_up = reports
        .iter()
        .zip(verdicts)
        .filter(|(report, verdict)| {
            verdict.status == DeliveryStatus::Exhausted && !is_about_delivering(&report.kind)
        })
        .map(|(report, _)| report);
    given_up
        .map(|report| Record {
            workspace: report.delivery.workspace_id,
            link: None,
            kind: Kind::DeliveryExhausted,
            facts: Facts {
                endpoint_id: Some(report.endpoint.id),
                delivery_id: Some(report.delivery.id),
                ..Facts::default()
            },
        })
        .collect()
}
