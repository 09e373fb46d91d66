//! What attempts say about their endpoints: counts, warnings, an end to trying.
//!
//! The partner is told by events of the same log: `endpoint.failing` once a quarter of an hour has
//! brought nothing but failures, `endpoint.recovered` when something arrives after that,
//! `endpoint.disabled` and `delivery.exhausted` at once.

use std::collections::{BTreeMap, HashMap, HashSet};

use entity::{DeliveryStatus, EndpointId, Timestamp, WorkspaceId, endpoint, tally};

use super::{Report, ended};
use crate::domain::delivery::{self as rule, Ended, Fate};
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
    let mut records = well(tx, reports).await?;
    records.extend(ill(tx, reports, now).await?);
    records.extend(exhausted(reports, verdicts));
    if !records.is_empty() {
        log::record(tx, now, &records).await?;
    }
    Ok(())
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
        row.failed_attempts += i64::from(!is_delivered(report));
    }
    rows.into_values().collect()
}

fn is_delivered(report: &Report) -> bool {
    ended(&report.attempted) == Ended::Delivered
}

/// Forgets the failures of endpoints at which something arrived, and tells of those it was told about.
async fn well(tx: &Tx, reports: &[Report]) -> Result<Vec<Record>, Error> {
    let recovered: HashMap<EndpointId, WorkspaceId> = reports
        .iter()
        .filter(|report| is_delivered(report) && report.endpoint.failing_since.is_some())
        .map(|report| (report.endpoint.id, report.endpoint.workspace_id))
        .collect();
    if recovered.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = recovered.keys().copied().collect();
    store::endpoint::set_failing_since(tx, &ids, None).await?;
    let told = store::endpoint::clear_warned(tx, &ids).await?;
    let record = |id| Some(about(id, *recovered.get(&id)?, Kind::EndpointRecovered, None));
    Ok(told.into_iter().filter_map(record).collect())
}

/// Remembers which endpoints only fail, warns of those that do so for a while, and disables those that
/// are gone or have failed for too long.
async fn ill(tx: &Tx, reports: &[Report], now: Timestamp) -> Result<Vec<Record>, Error> {
    let well: HashSet<EndpointId> =
        reports.iter().filter(|report| is_delivered(report)).map(|report| report.endpoint.id).collect();
    let ill: HashMap<EndpointId, &endpoint::Model> = reports
        .iter()
        .filter(|report| !well.contains(&report.endpoint.id))
        .map(|report| (report.endpoint.id, report.endpoint.as_ref()))
        .collect();
    let newly: Vec<_> = ill.values().filter(|row| row.failing_since.is_none()).map(|row| row.id).collect();
    if !newly.is_empty() {
        store::endpoint::set_failing_since(tx, &newly, Some(now)).await?;
    }
    let mut records = warn(tx, &ill, now).await?;
    let gone = reports.iter().filter(|report| report.attempted.gone).map(|report| report.endpoint.as_ref());
    let gone: HashMap<_, _> = gone.map(|row| (row.id, row)).collect();
    for row in gone.values() {
        records.extend(disable(tx, row, "gone").await?);
    }
    for row in ill.values().filter(|row| rule::failed_too_long(row.failing_since, now)) {
        records.extend(disable(tx, row, "failing").await?);
    }
    Ok(records)
}

async fn warn(
    tx: &Tx,
    ill: &HashMap<EndpointId, &endpoint::Model>,
    now: Timestamp,
) -> Result<Vec<Record>, Error> {
    let is_due =
        |row: &&endpoint::Model| row.warned_at.is_none() && rule::is_worth_a_warning(row.failing_since, now);
    let due: Vec<_> = ill.values().copied().filter(is_due).map(|row| row.id).collect();
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let told = store::endpoint::set_warned(tx, &due, now).await?;
    let record = |id| Some(about(id, ill.get(&id)?.workspace_id, Kind::EndpointFailing, None));
    Ok(told.into_iter().filter_map(record).collect())
}

async fn disable(tx: &Tx, row: &endpoint::Model, reason: &str) -> Result<Option<Record>, Error> {
    if !store::endpoint::disable(tx, row.workspace_id, row.id, reason).await? {
        return Ok(None);
    }
    store::backlog::move_to(tx, &[row.id], Fate::Parked).await?;
    Ok(Some(about(row.id, row.workspace_id, Kind::EndpointDisabled, Some(reason))))
}

fn about(endpoint: EndpointId, workspace: WorkspaceId, kind: Kind, reason: Option<&str>) -> Record {
    let reason = reason.map(ToOwned::to_owned);
    let facts = Facts { endpoint_id: Some(endpoint), reason, ..Facts::default() };
    Record { workspace, link: None, kind, facts }
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
