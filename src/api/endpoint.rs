//! Webhook endpoints in the API.
//!
//! Here they are shown and registered; the files below change them, one verb each.

pub(super) mod removal;
pub(super) mod rotation;
pub(super) mod test_event;
pub(super) mod update;

use async_graphql::{Context, Description, ID, InputObject, Object, Result, SimpleObject};
use entity::{EndpointId, Scope, SignatureScheme as Scheme, endpoint};

use super::context::{app, caller};
use super::error::{UserError, top_level, user_errors};
use super::load::{self, PublicKeyOf, StatsOf};
use super::paging::{self, Args, Connection};
use super::scalar::{DateTime, Duration, JsonObject};
use super::words::{DeliveryOrdering, EndpointStatus, PayloadFormat, SignatureScheme};
use crate::domain::Secret;
use crate::service::{Error, endpoint as service};

/// A registered receiver of events.
#[derive(Description)]
pub(super) struct WebhookEndpoint(pub(super) endpoint::Model);

#[Object(use_type_description)]
impl WebhookEndpoint {
    /// `ep_…`
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Where events are sent.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// For people.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Types or families such as `link.*`; empty = all.
    async fn event_types(&self) -> &[String] {
        &self.0.event_types.0
    }

    /// Whether deliveries are sent now.
    async fn status(&self) -> EndpointStatus {
        self.0.status.into()
    }

    /// Why it was disabled: `gone` (it answered 410) or `failing` (five days of nothing but failures).
    async fn disabled_reason(&self) -> Option<&str> {
        self.0.disabled_reason.as_deref()
    }

    /// How deliveries are signed.
    async fn signature(&self) -> SignatureScheme {
        self.0.signature.into()
    }

    /// What to verify with, for `STANDARD_V1A`; null otherwise.
    async fn public_key(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        if self.0.signature != Scheme::StandardV1a {
            return Ok(None);
        }
        load::one(ctx, PublicKeyOf(self.0.workspace_id, self.0.id)).await
    }

    /// What the body looks like.
    async fn format(&self) -> PayloadFormat {
        self.0.format.into()
    }

    /// Whether deliveries of one link wait for each other.
    async fn ordering(&self) -> DeliveryOrdering {
        self.0.ordering.into()
    }

    /// The most deliveries a second that each server sends; null = as many as the endpoint takes.
    async fn rate_limit(&self) -> Option<i32> {
        self.0.rate_limit
    }

    /// Static headers sent along; their values are write-only.
    async fn header_names(&self) -> &[String] {
        &self.0.header_names.0
    }

    /// What came of its deliveries in the last 24 hours, and what waits now.
    async fn stats(&self, ctx: &Context<'_>) -> Result<EndpointStats> {
        let found = load::one(ctx, StatsOf(self.0.workspace_id, self.0.id)).await?;
        let totals = found.unwrap_or_default();
        Ok(EndpointStats {
            delivered: totals.delivered,
            failed: totals.failed,
            failed_attempts: totals.failed_attempts,
            pending: totals.pending,
            oldest_pending_at: totals.oldest_pending_at.map(DateTime),
        })
    }
}

/// What came of an endpoint's deliveries. The 24 hours are counted in steps of ten minutes.
#[derive(SimpleObject)]
pub(super) struct EndpointStats {
    /// Deliveries that arrived in the last 24 hours.
    delivered: i64,
    /// Deliveries that were given up in the last 24 hours.
    failed: i64,
    /// Attempts that failed in the last 24 hours, also of deliveries that arrived later.
    failed_attempts: i64,
    /// Deliveries that wait now: for a retry, or for the endpoint to be enabled.
    pending: i64,
    /// When the event of the oldest of them happened.
    oldest_pending_at: Option<DateTime>,
}

/// An endpoint's id; anything else is the id of none.
fn id(given: &ID) -> std::result::Result<EndpointId, Error> {
    given.parse().map_err(|_| Error::NotFound)
}

/// A receiver to register.
#[derive(InputObject)]
pub(super) struct CreateWebhookEndpointInput {
    /// https, or what the operator allows; or `nats:<connection name>/<subject>`.
    url: String,
    /// For people, up to 1,000 characters.
    description: Option<String>,
    /// Types or families such as `link.*`; empty = all.
    #[graphql(default)]
    event_types: Vec<String>,
    /// How deliveries are signed.
    #[graphql(default_with = "SignatureScheme::StandardV1")]
    signature: SignatureScheme,
    /// What the body looks like.
    #[graphql(default_with = "PayloadFormat::Thin")]
    format: PayloadFormat,
    /// Whether deliveries of one link wait for each other: with `PER_LINK` the next event of a link is sent
    /// when the one before has arrived or was given up. Other links are not held up.
    #[graphql(default_with = "DeliveryOrdering::None")]
    ordering: DeliveryOrdering,
    /// Static headers sent along: names to texts, at most 20. Stored sealed, never shown again.
    headers: Option<JsonObject>,
    /// A secret of your own (`whsec_` + base64 of 24..64 bytes for the HMAC schemes); null = one is made.
    secret: Option<String>,
    /// Pauses between attempts, at most 20, each up to P7D; null = PT5S, PT5M, PT30M, PT2H … three days in all.
    retry_schedule: Option<Vec<Duration>>,
    /// The most deliveries a second that each server sends, from 1 to 10,000; null = as many as the endpoint
    /// takes.
    rate_limit: Option<i32>,
    /// The same key and input within 24 hours give the same endpoint, without its secret.
    idempotency_key: Option<String>,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(super) struct CreateWebhookEndpointPayload {
    /// The endpoint; null if there are user errors.
    endpoint: Option<WebhookEndpoint>,
    /// What to verify with: shown this once. Null on a replay.
    secret: Option<String>,
    /// What to fix.
    user_errors: Vec<UserError>,
}

/// The endpoint with that id, for whoever may see endpoints.
pub(super) async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<WebhookEndpoint>> {
    let caller = caller(ctx, Scope::WebhooksRead)?;
    let Ok(id) = id.parse::<EndpointId>() else { return Ok(None) };
    let found = service::find_many(app(ctx)?, caller.workspace, vec![id]).await.map_err(top_level)?;
    Ok(found.into_iter().next().map(WebhookEndpoint))
}

/// Reading endpoints.
#[derive(Default)]
pub(super) struct EndpointQueries;

#[Object]
impl EndpointQueries {
    /// The endpoint with that id. Needs `WEBHOOKS_READ`.
    async fn webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`ep_…`")] id: ID,
    ) -> Result<Option<WebhookEndpoint>> {
        find(ctx, &id).await
    }

    /// All endpoints, newest first. Needs `WEBHOOKS_READ`.
    async fn webhook_endpoints(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many rows, from the beginning: 0 to 100; null = 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Begin behind this row: the `endCursor` of the page before.")] after: Option<String>,
    ) -> Result<Connection<WebhookEndpoint>> {
        let caller = caller(ctx, Scope::WebhooksRead)?;
        let page = Args::forward(first, after).page()?;
        let rows = service::list(app(ctx)?, caller, page).await.map_err(top_level)?;
        Ok(paging::connection(page, rows, |row| (row.id.0, WebhookEndpoint(row))))
    }
}

/// Registering endpoints.
#[derive(Default)]
pub(super) struct EndpointMutations;

#[Object]
impl EndpointMutations {
    /// Registers a receiver of events. Needs `WEBHOOKS_WRITE`.
    async fn create_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        input: CreateWebhookEndpointInput,
    ) -> Result<CreateWebhookEndpointPayload> {
        let caller = caller(ctx, Scope::WebhooksWrite)?;
        let created = match new(input) {
            Ok(new) => service::create(app(ctx)?, caller, new).await,
            Err(error) => Err(error),
        };
        Ok(match created {
            Ok(created) => CreateWebhookEndpointPayload {
                endpoint: Some(WebhookEndpoint(created.endpoint)),
                secret: created.secret.map(|secret| secret.expose().to_owned()),
                user_errors: Vec::new(),
            },
            Err(error) => {
                CreateWebhookEndpointPayload { user_errors: user_errors(error)?, ..Default::default() }
            }
        })
    }
}

fn new(input: CreateWebhookEndpointInput) -> std::result::Result<service::New, Error> {
    Ok(service::New {
        url: input.url,
        description: input.description,
        event_types: input.event_types,
        signature: input.signature.into(),
        format: input.format.into(),
        ordering: input.ordering.into(),
        headers: texts(input.headers)?,
        secret: input.secret.map(Secret::new),
        retry_schedule: input.retry_schedule.map(|pauses| pauses.into_iter().map(|pause| pause.0).collect()),
        rate_limit: input.rate_limit,
        idempotency_key: input.idempotency_key,
    })
}

/// Header names and values.
fn texts(headers: Option<JsonObject>) -> std::result::Result<Vec<(String, Secret)>, Error> {
    let Some(JsonObject(serde_json::Value::Object(pairs))) = headers else { return Ok(Vec::new()) };
    let pair = |(name, value)| match value {
        serde_json::Value::String(text) => Ok((name, Secret::new(text))),
        _ => Err(Error::invalid("headers", "must be an object whose values are texts")),
    };
    pairs.into_iter().map(pair).collect()
}
