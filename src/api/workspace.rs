//! The workspace in the API: what it is called, how customers see it, and how much it may have.

mod limits;
mod update;

use async_graphql::{Context, Description, ID, Object, Result, SimpleObject};
use entity::workspace;

use self::limits::WorkspaceLimits;
use super::context::{anyone, app};
use super::error::top_level;
use super::scalar::{EventCursor, Url};
use crate::service::{log, workspace as service};

pub(super) use update::WorkspaceMutations;

/// A partner's tenant: everything belongs to one.
#[derive(Description)]
pub(super) struct Workspace(pub(super) workspace::Model);

/// What customers see of the workspace on their page.
#[derive(SimpleObject)]
pub(super) struct Branding {
    /// Who asks; null = the workspace's name.
    display_name: Option<String>,
    /// The colour of buttons and links, `#rrggbb`; the page makes a lighter one of it for dark mode. Null = its own.
    accent_color: Option<String>,
    /// Where customers find help; linked at the page's foot.
    support_url: Option<Url>,
    /// Whom customers can write to; linked at the page's foot.
    support_email: Option<String>,
    /// What becomes of the customer's data; linked at the page's foot.
    privacy_url: Option<Url>,
}

impl From<entity::Branding> for Branding {
    fn from(stored: entity::Branding) -> Self {
        Self {
            display_name: stored.display_name,
            accent_color: stored.accent_color,
            support_url: stored.support_url.map(Url),
            support_email: stored.support_email,
            privacy_url: stored.privacy_url.map(Url),
        }
    }
}

#[Object(use_type_description)]
impl Workspace {
    /// `wsp_…`
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Shown to customers unless `branding` has another name: who asks.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What customers see of it on their page.
    async fn branding(&self) -> Branding {
        self.0.branding.clone().into()
    }

    /// Under which a link's `returnUrl` must be.
    async fn return_urls(&self) -> &[String] {
        &self.0.return_urls.0
    }

    /// How much of everything there may be.
    #[expect(clippy::unused_async, reason = "every resolver of async-graphql is async")]
    async fn limits(&self, ctx: &Context<'_>) -> Result<WorkspaceLimits> {
        Ok(WorkspaceLimits::of(app(ctx)?))
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

/// The workspace with that id, if it is the caller's own.
pub(super) async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Workspace>> {
    let caller = anyone(ctx)?;
    if id.parse() != Ok(caller.workspace) {
        return Ok(None);
    }
    Ok(Some(Workspace(service::get(app(ctx)?, caller).await.map_err(top_level)?)))
}

/// Reading the workspace.
#[derive(Default)]
pub(super) struct WorkspaceQueries;

#[Object]
impl WorkspaceQueries {
    /// The workspace the key belongs to.
    async fn workspace(&self, ctx: &Context<'_>) -> Result<Workspace> {
        let caller = anyone(ctx)?;
        Ok(Workspace(service::get(app(ctx)?, caller).await.map_err(top_level)?))
    }
}
