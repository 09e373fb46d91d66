//! Recoveries in the API.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use entity::Scope;

use super::context::{app, caller};
use super::error::{UserError, user_errors};
use super::scalar::DateTime;
use crate::service::recovery::{self as service, Purpose, Wanted};

/// What an endpoint should be sent again.
#[derive(InputObject)]
pub(super) struct RecoverDeliveriesInput {
    /// Which endpoint.
    endpoint_id: ID,
    /// Events from this time on.
    since: DateTime,
    /// Events before this time; null = all so far.
    until: Option<DateTime>,
    /// Only these types or families such as `link.*`; null or empty = all.
    event_types: Option<Vec<String>>,
    /// Whether to count only.
    #[graphql(default)]
    dry_run: bool,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(super) struct RecoverDeliveriesPayload {
    /// How many events did not arrive and are (or, as a dry run, would be) sent; null if there are user
    /// errors.
    count: Option<u64>,
    /// What to fix.
    user_errors: Vec<UserError>,
}

/// Sending in bulk what did not arrive.
#[derive(Default)]
pub(super) struct RecoveryMutations;

#[Object]
impl RecoveryMutations {
    /// Sends an endpoint what it should have and does not: deliveries that were given up or wait for a
    /// later retry, and events it never got as it was not there or had not asked for them. They are sent
    /// in the background, the oldest first, at most 2,000 a second; a restart does not end it. One
    /// recovery of an endpoint at a time. Needs `WEBHOOKS_WRITE`.
    async fn recover_deliveries(
        &self,
        ctx: &Context<'_>,
        input: RecoverDeliveriesInput,
    ) -> Result<RecoverDeliveriesPayload> {
        let caller = caller(ctx, Scope::WebhooksWrite)?;
        let counted = match input.endpoint_id.parse() {
            Ok(endpoint) => {
                let wanted = Wanted {
                    endpoint,
                    since: input.since.0,
                    until: input.until.map(|until| until.0),
                    event_types: input.event_types.unwrap_or_default(),
                    purpose: if input.dry_run { Purpose::Count } else { Purpose::Send },
                };
                service::recover(app(ctx)?, caller, wanted).await
            }
            Err(_) => Err(service::no_endpoint()),
        };
        Ok(match counted {
            Ok(count) => RecoverDeliveriesPayload { count: Some(count), user_errors: Vec::new() },
            Err(error) => RecoverDeliveriesPayload { count: None, user_errors: user_errors(error)? },
        })
    }
}
