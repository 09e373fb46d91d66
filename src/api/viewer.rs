//! Who asks, and whose workspace it is.

use async_graphql::{Context, Description, ID, Object, Result};
use entity::{Scope as Word, api_key, workspace};

use super::context::{anyone, app};
use super::error::top_level;
use super::scalar::{DateTime, EventCursor};
use super::words::Scope;
use crate::service::{key, log, workspace as workspaces};

/// An API key; its secret was shown once.
#[derive(Description)]
pub(super) struct ApiKey(api_key::Model);

#[Object(use_type_description)]
impl ApiKey {
    /// `key_…`
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// What the operator calls it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its public part, `psk_…`.
    async fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// What it may do.
    async fn scopes(&self) -> Vec<Scope> {
        self.0.scopes.0.iter().filter_map(|scope| Word::parse(scope)).map(Into::into).collect()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was last used, to the minute.
    async fn last_used_at(&self) -> Option<DateTime> {
        self.0.last_used_at.map(DateTime)
    }

    /// When it ends by itself.
    async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at.map(DateTime)
    }

    /// When it was ended.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at.map(DateTime)
    }
}

/// A partner's tenant: everything belongs to one.
#[derive(Description)]
pub(super) struct Workspace(workspace::Model);

#[Object(use_type_description)]
impl Workspace {
    /// `wsp_…`
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Shown to customers: who asks.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Under which a link's `returnUrl` must be.
    async fn return_urls(&self) -> &[String] {
        &self.0.return_urls.0
    }

    /// The end of the event log now: subscribe after it to miss nothing that comes.
    async fn event_cursor(&self, ctx: &Context<'_>) -> Result<EventCursor> {
        let app = app(ctx)?;
        log::advance(app).await.map_err(top_level)?;
        Ok(EventCursor(log::watermark(app)))
    }

    /// The beginning of the event log: after it comes the oldest event that is still kept. An older
    /// cursor is refused with `CURSOR_EXPIRED`.
    async fn event_cursor_earliest(&self, ctx: &Context<'_>) -> Result<EventCursor> {
        Ok(EventCursor(log::earliest(app(ctx)?, self.0.id).await.map_err(top_level)?))
    }
}

/// Reading oneself.
#[derive(Default)]
pub(super) struct ViewerQueries;

#[Object]
impl ViewerQueries {
    /// The key that asks.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<ApiKey> {
        let caller = anyone(ctx)?;
        Ok(ApiKey(key::get(app(ctx)?, caller).await.map_err(top_level)?))
    }

    /// The workspace the key belongs to.
    async fn workspace(&self, ctx: &Context<'_>) -> Result<Workspace> {
        let caller = anyone(ctx)?;
        Ok(Workspace(workspaces::get(app(ctx)?, caller).await.map_err(top_level)?))
    }
}
