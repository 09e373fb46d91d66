//! Deliveries and their attempts in the API.

pub(super) mod resend;

use async_graphql::{ComplexObject, Context, Description, ID, InputObject, Object, Result, SimpleObject};
use entity::{Scope, attempt, delivery};

use super::context::{app, caller};
use super::endpoint::WebhookEndpoint;
use super::error::{optional, top_level};
use super::event::Event;
use super::load::{self, AttemptsOf, DeliveryOf, EndpointOf, EventOf, Part};
use super::paging::{self, Args, Connection, bad};
use super::scalar::DateTime;
use super::words::{AttemptOutcome, DeliveryStatus};
use crate::service::delivery as service;
use crate::store::delivery::Filter;

/// One event for one endpoint.
#[derive(Description)]
pub(super) struct WebhookDelivery(pub(super) delivery::Model);

/// One try at a delivery.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct DeliveryAttempt {
    #[graphql(skip)]
    of: DeliveryOf,
    /// Counts from 1.
    number: i32,
    /// When it began.
    started_at: DateTime,
    /// How long the whole exchange took.
    duration_ms: i32,
    /// How it ended.
    outcome: AttemptOutcome,
    /// The receiver's HTTP status.
    response_status: Option<i32>,
    /// The first 4 KiB of the receiver's answer.
    response_body: Option<String>,
    /// What went wrong.
    error: Option<String>,
}

#[ComplexObject]
impl DeliveryAttempt {
    /// What was tried; null once retention has taken it.
    async fn delivery(&self, ctx: &Context<'_>) -> Result<Option<WebhookDelivery>> {
        Ok(load::one(ctx, self.of).await?.map(WebhookDelivery))
    }
}

#[Object(use_type_description)]
impl WebhookDelivery {
    /// `dlv_…`
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// What is delivered; null once retention has taken it.
    async fn event(&self, ctx: &Context<'_>) -> Result<Option<Event>> {
        Ok(load::one(ctx, EventOf(self.0.workspace_id, self.0.event_id)).await?.map(Event))
    }

    /// Where it goes; null once the endpoint is deleted.
    async fn endpoint(&self, ctx: &Context<'_>) -> Result<Option<WebhookEndpoint>> {
        Ok(load::one(ctx, EndpointOf(self.0.workspace_id, self.0.endpoint_id)).await?.map(WebhookEndpoint))
    }

    /// Where it stands.
    async fn status(&self) -> DeliveryStatus {
        self.0.status.into()
    }

    /// How many attempts were made.
    async fn attempt_count(&self) -> i32 {
        self.0.attempt_count
    }

    /// When the next one is due; null if it is over, or waits for its endpoint to be enabled.
    async fn next_attempt_at(&self) -> Option<DateTime> {
        self.0.next_attempt_at.map(DateTime)
    }

    /// Every attempt, in order.
    async fn attempts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many rows, from the beginning: 0 to 100; null = 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Begin behind this row: the `endCursor` of the page before.")] after: Option<String>,
    ) -> Result<Connection<DeliveryAttempt>> {
        caller(ctx, Scope::WebhooksRead)?;
        let limit = paging::first(first)?;
        let start =
            after.as_deref().map(|text| text.parse().map_err(|_| bad("after must be a cursor of this list")));
        let part = Part(self.0.id, start.transpose()?.unwrap_or(0), limit + 1);
        let mut rows = load::one(ctx, AttemptsOf(self.0.workspace_id, part)).await?.unwrap_or_default();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_next = rows.len() > limit;
        rows.truncate(limit);
        let mut page = Connection::new(after.is_some(), has_next);
        for row in rows {
            page.push(row.number.to_string(), shown(row));
        }
        Ok(page)
    }
}

/// An attempt as clients see it.
pub(super) fn shown(row: attempt::Model) -> DeliveryAttempt {
    DeliveryAttempt {
        of: DeliveryOf(row.workspace_id, row.delivery_id),
        number: row.number,
        started_at: DateTime(row.started_at),
        duration_ms: row.duration_ms,
        outcome: row.outcome.into(),
        response_status: row.response_status.map(i32::from),
        response_body: row.response_body,
        error: row.error,
    }
}

/// Which deliveries to list; an absent field allows all.
#[derive(InputObject, Default)]
pub(super) struct DeliveryFilter {
    /// To this endpoint.
    endpoint_id: Option<ID>,
    /// About this link.
    link_id: Option<ID>,
    /// One of these.
    statuses: Option<Vec<DeliveryStatus>>,
    /// Of an event of one of these types or families such as `link.*`.
    event_types: Option<Vec<String>>,
    /// Made at this time or later. A delivery is as old as its event.
    created_after: Option<DateTime>,
    /// Made before this time.
    created_before: Option<DateTime>,
}

/// The delivery with that id, for whoever may see deliveries.
pub(super) async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<WebhookDelivery>> {
    let caller = caller(ctx, Scope::WebhooksRead)?;
    let Ok(id) = id.parse() else { return Ok(None) };
    Ok(optional(service::get(app(ctx)?, caller, id).await)?.map(WebhookDelivery))
}

/// Reading deliveries.
#[derive(Default)]
pub(super) struct DeliveryQueries;

#[Object]
impl DeliveryQueries {
    /// The delivery with that id. Needs `WEBHOOKS_READ`.
    async fn webhook_delivery(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`dlv_…`")] id: ID,
    ) -> Result<Option<WebhookDelivery>> {
        find(ctx, &id).await
    }

    /// Deliveries, newest first; those of one endpoint in the order of their events. With `eventTypes` a page looks
    /// through 20,000 deliveries at most and may have fewer rows than `first`, even none: while `hasNextPage` is
    /// true, go on behind `endCursor`. Needs `WEBHOOKS_READ`.
    async fn webhook_deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which deliveries; null = all.")] filter: Option<DeliveryFilter>,
        #[graphql(desc = "At most so many rows, from the beginning: 0 to 100; null = 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Begin behind this row: the `endCursor` of the page before.")] after: Option<String>,
    ) -> Result<Connection<WebhookDelivery>> {
        let caller = caller(ctx, Scope::WebhooksRead)?;
        let page = Args::forward(first, after).page()?;
        let filter = filter.unwrap_or_default();
        let endpoint = filter
            .endpoint_id
            .map(|id| id.parse().map_err(|_| bad("filter.endpointId must be an endpoint's id")));
        let link = filter.link_id.map(|id| id.parse().map_err(|_| bad("filter.linkId must be a link's id")));
        let wanted = Filter {
            endpoint: endpoint.transpose()?,
            link: link.transpose()?,
            statuses: filter.statuses.map(|statuses| statuses.into_iter().map(Into::into).collect()),
            event_types: filter.event_types.unwrap_or_default(),
            created_after: filter.created_after.map(|after| after.0),
            created_before: filter.created_before.map(|before| before.0),
        };
        let rows = service::list(app(ctx)?, caller, wanted.clone(), page).await.map_err(top_level)?;
        Ok(paging::connection(page, rows, |row| (wanted.key(&row), WebhookDelivery(row))))
    }
}
