//! Making and ending keys.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use entity::Scope as Word;

use super::ApiKey;
use crate::api::context::{app, caller};
use crate::api::error::{UserError, user_errors};
use crate::api::scalar::{DateTime, Duration};
use crate::api::words::Scope;
use crate::service::Error;
use crate::service::key::issue::{self, Expiry, New};
use crate::service::key::revocation;

/// A key to make.
#[derive(InputObject)]
pub(in crate::api) struct CreateApiKeyInput {
    /// What it is for, 1..256 characters.
    name: String,
    /// What it may do: at least one scope, and none that the key that asks has not.
    scopes: Vec<Scope>,
    /// It ends by itself after this long: whole seconds, PT1M..P3650D, and no later than the key that asks. Without
    /// this and `expiresAt` it does not, which only a key that does not end by itself may ask for.
    expires_in: Option<Duration>,
    /// It ends by itself at this time, no later than the key that asks. Not together with `expiresIn`.
    expires_at: Option<DateTime>,
    /// The same key and input within 24 hours give the same object, without its secret.
    idempotency_key: Option<String>,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(in crate::api) struct CreateApiKeyPayload {
    /// The key; null if there are user errors.
    api_key: Option<ApiKey>,
    /// What to present as `Authorization: Bearer …`: shown this once. Null on a replay.
    secret: Option<String>,
    /// What to fix; `LIMIT_EXCEEDED` while too many keys are live.
    user_errors: Vec<UserError>,
}

/// A key to end.
#[derive(InputObject)]
pub(in crate::api) struct RevokeApiKeyInput {
    /// Which key; it may be the one that asks.
    id: ID,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(in crate::api) struct RevokeApiKeyPayload {
    /// The key as it is now; null if there are user errors.
    api_key: Option<ApiKey>,
    /// What to fix; CONFLICT if it is the last live key with `ADMIN`.
    user_errors: Vec<UserError>,
}

/// Making and ending keys.
#[derive(Default)]
pub(in crate::api) struct KeyMutations;

#[Object]
impl KeyMutations {
    /// Makes a key for this workspace that may do no more than the key that asks, and ends no later. Needs `ADMIN`.
    async fn create_api_key(
        &self,
        ctx: &Context<'_>,
        input: CreateApiKeyInput,
    ) -> Result<CreateApiKeyPayload> {
        let caller = caller(ctx, Word::Admin)?;
        let issued = match new(input) {
            Ok(new) => issue::issue(app(ctx)?, caller, new).await,
            Err(error) => Err(error),
        };
        Ok(match issued {
            Ok(issued) => CreateApiKeyPayload {
                api_key: Some(ApiKey(issued.key)),
                secret: issued.secret.map(|secret| secret.expose().to_owned()),
                user_errors: Vec::new(),
            },
            Err(error) => {
                CreateApiKeyPayload { user_errors: user_errors(error)?, ..CreateApiKeyPayload::default() }
            }
        })
    }

    /// Ends a key within a second, also on open sockets and streams. What was made with it stays. The last live
    /// key with `ADMIN` can be ended by the operator only. Needs `ADMIN`.
    async fn revoke_api_key(
        &self,
        ctx: &Context<'_>,
        input: RevokeApiKeyInput,
    ) -> Result<RevokeApiKeyPayload> {
        let caller = caller(ctx, Word::Admin)?;
        let ended = match input.id.parse() {
            Ok(id) => revocation::end(app(ctx)?, caller, id).await,
            Err(_) => Err(Error::NotFound),
        };
        Ok(match ended {
            Ok(key) => RevokeApiKeyPayload { api_key: Some(ApiKey(key)), user_errors: Vec::new() },
            Err(error) => RevokeApiKeyPayload { api_key: None, user_errors: user_errors(error)? },
        })
    }
}

fn new(input: CreateApiKeyInput) -> std::result::Result<New, Error> {
    let expiry = match (input.expires_in, input.expires_at) {
        (None, None) => Expiry::Never,
        (Some(life), None) => Expiry::In(life.0),
        (None, Some(at)) => Expiry::At(at.0),
        (Some(_), Some(_)) => {
            return Err(Error::invalid("expiresAt", "must be left out where expiresIn is given"));
        }
    };
    Ok(New {
        name: input.name,
        scopes: input.scopes.into_iter().map(Word::from).collect(),
        expiry,
        idempotency_key: input.idempotency_key,
    })
}
