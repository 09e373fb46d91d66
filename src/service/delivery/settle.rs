//! Verdicts: what an attempt means for its delivery, written in batches.

use std::sync::Arc;
use std::time::Duration;

use entity::{AttemptOutcome, DeliveryStatus, EndpointId, Timestamp, attempt, endpoint};

use super::{Report, health, line};
use crate::domain::delivery::{self as rule, Ended};
use crate::domain::hint::Made;
use crate::domain::retry;
use crate::meter;
use crate::service::{App, Error};
use crate::store::{self, delivery::Verdict};
use crate::webhook::Attempted;

impl Report {
    /// Where it went.
    #[must_use]
    pub fn endpoint(&self) -> EndpointId {
        self.endpoint.id
    }

    /// Whether the receiver has it.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        ended(&self.attempted) == Ended::Delivered
    }
}

/// Writes what attempts came to, and what follows for their deliveries and endpoints.
///
/// # Errors
/// If the database does not answer; nothing of it is written then, and it can be tried again.
pub async fn settle(app: &App, reports: Arc<[Report]>) -> Result<(), Error> {
    let (node, now) = (app.node, app.clock.now());
    let verdicts: Vec<Verdict> = reports.iter().map(|report| verdict(report, now)).collect();
    let made: Vec<Made> = reports.iter().zip(&verdicts).map(made).collect();
    let settled = store::transact(&app.db, async move |tx| {
        let statuses: Vec<DeliveryStatus> = verdicts.iter().map(|verdict| verdict.status).collect();
        let settled = store::delivery::settle(&tx, node, verdicts).await?;
        let ended: Vec<(&Report, DeliveryStatus)> = reports
            .iter()
            .zip(statuses)
            .filter(|(report, _)| settled.deliveries.contains(&report.taken.delivery.id))
            .collect();
        health::note(&tx, &ended, now).await?;
        line::go_on(&tx, &ended, &settled.in_line, now).await?;
        Ok::<_, Error>(settled.deliveries)
    })
    .await?;
    if settled.len() < made.len() {
        app.bus.desk.doubt();
    }
    app.0.pulse.hub_moves(now);
    meter::settled(made.len());
    app.bus.tell_attempts(made.into_iter().filter(|made| settled.contains(&made.delivery)));
    Ok(())
}

fn made((report, verdict): (&Report, &Verdict)) -> Made {
    Made {
        workspace: report.taken.delivery.workspace_id,
        endpoint: report.endpoint.id,
        delivery: verdict.attempt.delivery_id,
        number: verdict.attempt.number,
    }
}

fn verdict(report: &Report, now: Timestamp) -> Verdict {
    let attempt_count = report.taken.delivery.attempt_count.saturating_add(1);
    let schedule = schedule(&report.endpoint);
    // Of the schedule that goes on: a resend begins it anew.
    let made = attempt_count.saturating_sub(report.taken.delivery.attempts_before);
    let made = u32::try_from(made).unwrap_or(u32::MAX);
    let (status, next_attempt_at) = rule::after(ended(&report.attempted), &schedule, made, now);
    Verdict { attempt: attempt_row(report, attempt_count), status, next_attempt_at }
}

fn ended(attempted: &Attempted) -> Ended {
    match attempted.outcome {
        AttemptOutcome::Delivered => Ended::Delivered,
        _ if attempted.gone => Ended::Gone,
        _ => Ended::Failed { retry_after: attempted.retry_after },
    }
}

fn schedule(endpoint: &endpoint::Model) -> Vec<Duration> {
    let own: Option<Vec<u64>> =
        endpoint.retry_schedule.clone().and_then(|schedule| serde_json::from_value(schedule).ok());
    own.map_or_else(
        || retry::DEFAULT_SCHEDULE.to_vec(),
        |own| own.into_iter().map(Duration::from_millis).collect(),
    )
}

fn attempt_row(report: &Report, number: i32) -> attempt::Model {
    let attempted = &report.attempted;
    attempt::Model {
        delivery_id: report.taken.delivery.id,
        number,
        workspace_id: report.taken.delivery.workspace_id,
        started_at: report.started_at,
        duration_ms: i32::try_from(attempted.duration.as_millis()).unwrap_or(i32::MAX),
        outcome: attempted.outcome,
        response_status: attempted.status.and_then(|status| i16::try_from(status).ok()),
        response_body: attempted.body.clone(),
        error: attempted.error.clone(),
    }
}
