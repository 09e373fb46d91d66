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
use crate::store::{self, Tx};

/// An attempt, and what its delivery is now.
type Ended<'a> = (&'a Report, DeliveryStatus);

/// Writes what follows from these attempts for their endpoints.
pub(super) async fn note(tx: &Tx, ended: &[Ended<'_>], now: Timestamp) -> Result<(), Error> {
    store::tally::add(tx, counts(ended, now)).await?;
    let taken = endpoints(ended, Report::is_delivered);
    let refused = endpoints(ended, |report| !taken.contains(&report.endpoint.id));
    let gone = endpoints(ended, |report| report.attempted.gone);
    let mut records = well(tx, &Vec::from_iter(taken)).await?;
    records.extend(ill(tx, refused, &gone, now).await?);
    records.extend(exhausted(ended));
    if !records.is_empty() {
        log::record(tx, now, &records).await?;
    }
    Ok(())
}

fn endpoints(ended: &[Ended<'_>], which: impl Fn(&Report) -> bool) -> HashSet<EndpointId> {
    ended.iter().filter(|(report, _)| which(report)).map(|(report, _)| report.endpoint.id).collect()
}

/// In the order of the endpoints: two transactions that count the same ones cannot wait for each other.
fn counts(ended: &[Ended<'_>], now: Timestamp) -> Vec<tally::Model> {
    let mut rows: BTreeMap<EndpointId, tally::Model> = BTreeMap::new();
    for (report, status) in ended {
        let row = rows.entry(report.endpoint.id).or_insert_with(|| tally::Model {
            endpoint_id: report.endpoint.id,
            slot_at: store::tally::slot_of(now),
            workspace_id: report.endpoint.workspace_id,
            delivered: 0,
            failed: 0,
            failed_attempts: 0,
        });
        row.delivered += i64::from(*status == DeliveryStatus::Delivered);
        row.failed += i64::from(*status == DeliveryStatus::Exhausted);
        row.failed_attempts += i64::from(!report.is_delivered());
    }
    rows.into_values().collect()
}

/// Forgets the failures of endpoints at which something arrived, and tells of those it was told about.
async fn well(tx: &Tx, ids: &[EndpointId]) -> Result<Vec<Record<'static>>, Error> {
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
    refused: HashSet<EndpointId>,
    gone: &HashSet<EndpointId>,
    now: Timestamp,
) -> Result<Vec<Record<'static>>, Error> {
    if !refused.is_empty() {
        store::endpoint::set_failing(tx, &refused.iter().copied().collect::<Vec<_>>(), now).await?;
    }
    // One that is gone is gone, also if it took something else a moment ago.
    let suspects: Vec<EndpointId> = refused.union(gone).copied().collect();
    if suspects.is_empty() {
        return Ok(Vec::new());
    }
    let (mut records, mut to_warn_of) = (Vec::new(), Vec::new());
    for row in store::endpoint::for_hub(tx, suspects).await? {
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

async fn disable(tx: &Tx, row: &endpoint::Model, reason: &str) -> Result<Option<Record<'static>>, Error> {
    if !store::endpoint::disable(tx, row.workspace_id, row.id, reason).await? {
        return Ok(None);
    }
    store::backlog::move_to(tx, &[row.id], Fate::Parked).await?;
    Ok(Some(about(row, Kind::EndpointDisabled, Some(reason))))
}

fn about(row: &endpoint::Model, kind: Kind, reason: Option<&str>) -> Record<'static> {
    let reason = reason.map(ToOwned::to_owned);
    let facts = Facts { endpoint_id: Some(row.id), reason, ..Facts::default() };
    Record { workspace: row.workspace_id, link: None, kind, facts, in_hand: None }
}

/// Deliveries that were given up; of events about delivering nothing further is recorded.
fn exhausted<'a>(ended: &'a [Ended<'a>]) -> impl Iterator<Item = Record<'static>> + 'a {
    let given_up = ended.iter().filter(|(report, status)| {
        *status == DeliveryStatus::Exhausted && !is_about_delivering(&report.kind)
    });
    given_up.map(|(report, _)| Record {
        workspace: report.taken.delivery.workspace_id,
        link: None,
        kind: Kind::DeliveryExhausted,
        facts: Facts {
            endpoint_id: Some(report.endpoint.id),
            delivery_id: Some(report.taken.delivery.id),
            ..Facts::default()
        },
        in_hand: None,
    })
}
