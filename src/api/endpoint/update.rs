//! Changing an endpoint.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use entity::Scope;

use super::{WebhookEndpoint, id, texts};
use crate::api::context::{app, caller};
use crate::api::error::{UserError, user_errors};
use crate::api::given::given;
use crate::api::scalar::{Duration, JsonObject};
use crate::api::words::{DeliveryOrdering, EndpointStatus, PayloadFormat};
use crate::service::Error;
use crate::service::endpoint::update::{self as service, Change, Changes};

/// What to change of an endpoint. What is left out stays as it is.
#[derive(InputObject)]
pub(in crate::api) struct UpdateWebhookEndpointInput {
    /// Which endpoint.
    id: ID,
    /// Where to send from now on, also what already waits.
    url: MaybeUndefined<String>,
    /// For people, up to 1,000 characters; null clears it.
    description: MaybeUndefined<String>,
    /// Types or families such as `link.*` of what happens from now on; empty = all.
    event_types: MaybeUndefined<Vec<String>>,
    /// `PAUSED` makes deliveries wait; `ENABLED` sends what waits, the oldest first, also after the server
    /// has disabled the endpoint.
    status: MaybeUndefined<EndpointStatus>,
    /// What the body looks like.
    format: MaybeUndefined<PayloadFormat>,
    /// Whether deliveries of one link wait for each other, those that wait already too.
    ordering: MaybeUndefined<DeliveryOrdering>,
    /// All static headers, in place of those before; null removes them.
    headers: MaybeUndefined<JsonObject>,
    /// Pauses between attempts, at most 20, each up to P7D; null = the default schedule.
    retry_schedule: MaybeUndefined<Vec<Duration>>,
    /// The most deliveries a second that each server sends, from 1 to 10,000; null = as many as the endpoint
    /// takes.
    rate_limit: MaybeUndefined<i32>,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(in crate::api) struct UpdateWebhookEndpointPayload {
    /// The endpoint; null if there are user errors.
    endpoint: Option<WebhookEndpoint>,
    /// What to fix.
    user_errors: Vec<UserError>,
}

/// Changing endpoints.
#[derive(Default)]
pub(in crate::api) struct UpdateMutations;

#[Object]
impl UpdateMutations {
    /// Changes, pauses or enables an endpoint. Needs `WEBHOOKS_WRITE`.
    async fn update_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        input: UpdateWebhookEndpointInput,
    ) -> Result<UpdateWebhookEndpointPayload> {
        let caller = caller(ctx, Scope::WebhooksWrite)?;
        let updated = match changes(input) {
            Ok(changes) => service::update(app(ctx)?, caller, changes).await,
            Err(error) => Err(error),
        };
        Ok(match updated {
            Ok(row) => {
                UpdateWebhookEndpointPayload { endpoint: Some(WebhookEndpoint(row)), user_errors: Vec::new() }
            }
            Err(error) => UpdateWebhookEndpointPayload { endpoint: None, user_errors: user_errors(error)? },
        })
    }
}

fn changes(input: UpdateWebhookEndpointInput) -> std::result::Result<Changes, Error> {
    let headers = match input.headers {
        MaybeUndefined::Undefined => Change::Keep,
        MaybeUndefined::Null => Change::To(Vec::new()),
        MaybeUndefined::Value(headers) => Change::To(texts(Some(headers))?),
    };
    let pauses = |pauses: Vec<Duration>| pauses.into_iter().map(|pause| pause.0).collect();
    Ok(Changes {
        id: id(&input.id)?,
        url: required("url", input.url)?,
        description: nullable(input.description),
        event_types: required("eventTypes", input.event_types)?,
        status: required("status", input.status.map_value(Into::into))?,
        format: required("format", input.format.map_value(Into::into))?,
        ordering: required("ordering", input.ordering.map_value(Into::into))?,
        headers,
        retry_schedule: nullable(input.retry_schedule.map_value(pauses)),
        rate_limit: nullable(input.rate_limit),
    })
}

fn required<T>(field: &str, value: MaybeUndefined<T>) -> std::result::Result<Change<T>, Error> {
    Ok(given(field, value)?.map_or(Change::Keep, Change::To))
}

/// A field that may have none.
fn nullable<T>(given: MaybeUndefined<T>) -> Change<Option<T>> {
    match given {
        MaybeUndefined::Value(value) => Change::To(Some(value)),
        MaybeUndefined::Null => Change::To(None),
        MaybeUndefined::Undefined => Change::Keep,
    }
}
