//! API keys: who may come in, and who may say so.

mod change;

use async_graphql::{Context, Description, ID, Object, Result};
use entity::{Scope as Word, api_key};

use super::context::{anyone, app, caller};
use super::error::{optional, top_level};
use super::paging::{self, Args, Connection};
use super::scalar::DateTime;
use super::words::Scope;
use crate::service::key as service;

pub(super) use change::KeyMutations;

/// An API key; its secret was shown once.
#[derive(Description)]
pub(super) struct ApiKey(pub(super) api_key::Model);

#[Object(use_type_description)]
impl ApiKey {
    /// `key_…`
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// What it is for.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its public part, `psk_…`.
    async fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// What it may do.
    async fn scopes(&self) -> Vec<Scope> {
        service::scopes(&self.0).into_iter().map(Into::into).collect()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was last used, to the minute.
    async fn last_used_at(&self) -> Option<DateTime> {
        self.0.last_used_at.map(DateTime)
    }

    /// When it ends by itself; null = it does not.
    async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at.map(DateTime)
    }

    /// When it was ended.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at.map(DateTime)
    }
}

/// The key with that id, for whoever may see keys.
pub(super) async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<ApiKey>> {
    let caller = caller(ctx, Word::Admin)?;
    let Ok(id) = id.parse() else { return Ok(None) };
    Ok(optional(service::get(app(ctx)?, caller, id).await)?.map(ApiKey))
}

/// Reading keys.
#[derive(Default)]
pub(super) struct KeyQueries;

#[Object]
impl KeyQueries {
    /// The key that asks.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<ApiKey> {
        let caller = anyone(ctx)?;
        Ok(ApiKey(service::get(app(ctx)?, caller, caller.key).await.map_err(top_level)?))
    }

    /// All keys of the workspace, newest first, those that are over included. Needs `ADMIN`.
    async fn api_keys(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many rows, from the beginning: 0 to 100; null = 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Begin behind this row: the `endCursor` of the page before.")] after: Option<String>,
    ) -> Result<Connection<ApiKey>> {
        let caller = caller(ctx, Word::Admin)?;
        let page = Args::forward(first, after).page()?;
        let rows = service::list(app(ctx)?, caller, page).await.map_err(top_level)?;
        Ok(paging::connection(page, rows, |row| (row.id.0, ApiKey(row))))
    }
}
