//! Exchanging an endpoint's secret.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use entity::Scope;

use super::{WebhookEndpoint, id};
use crate::api::context::{app, caller};
use crate::api::error::{UserError, user_errors};
use crate::api::scalar::{DateTime, Duration};
use crate::domain::Secret;
use crate::service::endpoint::rotation::{self as service, Rotation};

/// A secret to exchange.
#[derive(InputObject)]
pub(in crate::api) struct RotateWebhookSecretInput {
    /// Whose secret.
    id: ID,
    /// How long the secrets before go on signing beside the new one: PT0S..P7D.
    #[graphql(default_with = "Duration(std::time::Duration::from_hours(24))")]
    overlap: Duration,
    /// A secret of your own; null = one is made.
    secret: Option<String>,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(in crate::api) struct RotateWebhookSecretPayload {
    /// The endpoint; null if there are user errors.
    endpoint: Option<WebhookEndpoint>,
    /// What to verify with from now on: shown this once.
    secret: Option<String>,
    /// Until when deliveries are signed with the secrets before as well.
    previous_expires_at: Option<DateTime>,
    /// What to fix.
    user_errors: Vec<UserError>,
}

/// Exchanging secrets.
#[derive(Default)]
pub(in crate::api) struct RotationMutations;

#[Object]
impl RotationMutations {
    /// Gives an endpoint a new signing secret; those before sign beside it until the overlap is over.
    /// Needs `WEBHOOKS_WRITE`.
    async fn rotate_webhook_secret(
        &self,
        ctx: &Context<'_>,
        input: RotateWebhookSecretInput,
    ) -> Result<RotateWebhookSecretPayload> {
        let caller = caller(ctx, Scope::WebhooksWrite)?;
        let rotated = match id(&input.id) {
            Ok(endpoint) => {
                let secret = input.secret.map(Secret::new);
                let rotation = Rotation { endpoint, overlap: input.overlap.0, secret };
                service::rotate(app(ctx)?, caller, rotation).await
            }
            Err(error) => Err(error),
        };
        Ok(match rotated {
            Ok(rotated) => RotateWebhookSecretPayload {
                endpoint: Some(WebhookEndpoint(rotated.endpoint)),
                secret: Some(rotated.secret.expose().to_owned()),
                previous_expires_at: Some(DateTime(rotated.previous_expires_at)),
                user_errors: Vec::new(),
            },
            Err(error) => {
                RotateWebhookSecretPayload { user_errors: user_errors(error)?, ..Default::default() }
            }
        })
    }
}
