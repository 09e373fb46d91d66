//! Customers in the API: a partner's own names, and forgetting them.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use entity::Scope;

use super::context::{app, caller};
use super::error::{UserError, user_errors};
use crate::service::customer as service;

/// Whom to erase.
#[derive(InputObject)]
pub(super) struct EraseCustomerInput {
    /// Your own name for the customer, as you gave it to `createLink`.
    external_id: String,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(super) struct EraseCustomerPayload {
    /// How many links of the customer this call has erased: 0 if none is known by that name, or no longer.
    erased_links: u64,
    /// What to fix; nothing was erased then.
    user_errors: Vec<UserError>,
}

/// Forgetting customers.
#[derive(Default)]
pub(super) struct CustomerMutations;

#[Object]
impl CustomerMutations {
    /// Erases every trace of a customer: the external id; metadata, return URLs and locales of the customer's
    /// links; the site's questions and words; sessions and passwords that are kept; outputs, errors and files
    /// of runs; what receivers answered to webhooks. Links that can still change are EXPIRED (`reason`:
    /// `erased`), a login or run under way ends. Links, logins and runs stay as ids, times and statuses; their
    /// events and webhooks have no external id and no metadata from now on. Cannot be undone. Calling it again
    /// finishes what was cut off. Needs `ADMIN`.
    async fn erase_customer(
        &self,
        ctx: &Context<'_>,
        input: EraseCustomerInput,
    ) -> Result<EraseCustomerPayload> {
        let caller = caller(ctx, Scope::Admin)?;
        Ok(match service::erase(app(ctx)?, caller, &input.external_id).await {
            Ok(erased_links) => EraseCustomerPayload { erased_links, user_errors: Vec::new() },
            Err(error) => EraseCustomerPayload { erased_links: 0, user_errors: user_errors(error)? },
        })
    }
}
