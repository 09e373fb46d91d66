//! Deleting an endpoint.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use entity::Scope;

use super::{WebhookEndpoint, id};
use crate::api::context::{app, caller};
use crate::api::error::{UserError, user_errors};
use crate::service::endpoint::removal as service;

/// An endpoint to delete.
#[derive(InputObject)]
pub(in crate::api) struct DeleteWebhookEndpointInput {
    /// Which endpoint.
    id: ID,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(in crate::api) struct DeleteWebhookEndpointPayload {
    /// The endpoint as it was last; null if there are user errors.
    endpoint: Option<WebhookEndpoint>,
    /// What to fix.
    user_errors: Vec<UserError>,
}

/// Deleting endpoints.
#[derive(Default)]
pub(in crate::api) struct RemovalMutations;

#[Object]
impl RemovalMutations {
    /// Deletes an endpoint and its secrets for good. What waits for it is cancelled; its deliveries stay
    /// listed. Needs `WEBHOOKS_WRITE`.
    async fn delete_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        input: DeleteWebhookEndpointInput,
    ) -> Result<DeleteWebhookEndpointPayload> {
        let caller = caller(ctx, Scope::WebhooksWrite)?;
        let deleted = match id(&input.id) {
            Ok(id) => service::delete(app(ctx)?, caller, id).await,
            Err(error) => Err(error),
        };
        Ok(match deleted {
            Ok(row) => {
                DeleteWebhookEndpointPayload { endpoint: Some(WebhookEndpoint(row)), user_errors: Vec::new() }
            }
            Err(error) => DeleteWebhookEndpointPayload { endpoint: None, user_errors: user_errors(error)? },
        })
    }
}
