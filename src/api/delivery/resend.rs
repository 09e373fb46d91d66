//! One delivery once more.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use entity::Scope;

use super::WebhookDelivery;
use crate::api::context::{app, caller};
use crate::api::error::{UserError, user_errors};
use crate::service::{Error, delivery as service};

/// A delivery to send again.
#[derive(InputObject)]
pub(in crate::api) struct ResendDeliveryInput {
    /// Which delivery.
    id: ID,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(in crate::api) struct ResendDeliveryPayload {
    /// The delivery, due now; null if there are user errors.
    delivery: Option<WebhookDelivery>,
    /// What to fix.
    user_errors: Vec<UserError>,
}

/// Sending one delivery again.
#[derive(Default)]
pub(in crate::api) struct ResendMutations;

#[Object]
impl ResendMutations {
    /// Sends a delivery again now, whatever became of it, with the same `webhook-id`; if its endpoint is
    /// not enabled, it waits for that. Its attempts go on counting, its schedule begins anew. Needs
    /// `WEBHOOKS_WRITE`.
    async fn resend_delivery(
        &self,
        ctx: &Context<'_>,
        input: ResendDeliveryInput,
    ) -> Result<ResendDeliveryPayload> {
        let caller = caller(ctx, Scope::WebhooksWrite)?;
        let resent = match input.id.parse() {
            Ok(id) => service::resend(app(ctx)?, caller, id).await,
            Err(_) => Err(Error::NotFound),
        };
        Ok(match resent {
            Ok(row) => {
                ResendDeliveryPayload { delivery: Some(WebhookDelivery(row)), user_errors: Vec::new() }
            }
            Err(error) => ResendDeliveryPayload { delivery: None, user_errors: user_errors(error)? },
        })
    }
}
