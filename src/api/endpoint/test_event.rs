//! Trying an endpoint out.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use entity::Scope;

use super::id;
use crate::api::context::{app, caller};
use crate::api::delivery::WebhookDelivery;
use crate::api::error::{UserError, user_errors};
use crate::service::endpoint::test_event as service;

/// An endpoint to try out.
#[derive(InputObject)]
pub(in crate::api) struct SendTestEventInput {
    /// Which endpoint.
    id: ID,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(in crate::api) struct SendTestEventPayload {
    /// The delivery of the `webhook.test` event; null if there are user errors.
    delivery: Option<WebhookDelivery>,
    /// What to fix.
    user_errors: Vec<UserError>,
}

/// Trying endpoints out.
#[derive(Default)]
pub(in crate::api) struct TestEventMutations;

#[Object]
impl TestEventMutations {
    /// Sends a `webhook.test` event to this endpoint and no other, whatever types it has asked for; it is
    /// in the log like every event. The endpoint must be enabled. Needs `WEBHOOKS_WRITE`.
    async fn send_test_event(
        &self,
        ctx: &Context<'_>,
        input: SendTestEventInput,
    ) -> Result<SendTestEventPayload> {
        let caller = caller(ctx, Scope::WebhooksWrite)?;
        let sent = match id(&input.id) {
            Ok(id) => service::send_test(app(ctx)?, caller, id).await,
            Err(error) => Err(error),
        };
        Ok(match sent {
            Ok(row) => SendTestEventPayload { delivery: Some(WebhookDelivery(row)), user_errors: Vec::new() },
            Err(error) => SendTestEventPayload { delivery: None, user_errors: user_errors(error)? },
        })
    }
}
