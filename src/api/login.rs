//! Logins in the API: never what was typed.

use async_graphql::{Context, Description, ID, Object, Result, SimpleObject};
use entity::{Scope, login};

use super::context::{app, caller};
use super::error::optional;
use super::load::{self, PromptsOf};
use super::scalar::{DateTime, JsonObject};
use super::words::{Driver, PromptKind};
use crate::domain::prompt::Prompt;
use crate::service::login as service;

/// One isolated try to sign in.
#[derive(Description)]
pub(super) struct Login(pub(super) login::Model);

/// One question of the source system.
#[derive(SimpleObject)]
pub(super) struct PromptSummary {
    /// What it asked for.
    kind: PromptKind,
    /// Whose words it were.
    origin: Option<String>,
    /// What the site said about the answer before, verbatim.
    site_message: Option<String>,
    /// When it was answered or closed.
    answered_at: Option<DateTime>,
}

#[Object(use_type_description)]
impl Login {
    /// `lgn_…`
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// How the site is reached.
    async fn driver(&self) -> Driver {
        self.0.driver.into()
    }

    /// When the customer clicked.
    async fn started_at(&self) -> DateTime {
        DateTime(self.0.started_at)
    }

    /// When it ended.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// `SIGNED_IN`, SUPERSEDED or a failure code, once ended.
    async fn outcome(&self) -> Option<&str> {
        self.0.outcome.as_deref()
    }

    /// The recipe that a successful login has taught: selectors and roles, never what was typed. It can be given
    /// to a source system as it is. Needs `JOBS_READ`.
    #[expect(clippy::unused_async, reason = "every resolver of async-graphql is async")]
    async fn recipe(&self, ctx: &Context<'_>) -> Result<Option<JsonObject>> {
        caller(ctx, Scope::JobsRead)?;
        Ok(self.0.recipe.clone().map(JsonObject))
    }

    /// What the site asked, in order.
    async fn prompts(&self, ctx: &Context<'_>) -> Result<Vec<PromptSummary>> {
        let rows = load::one(ctx, PromptsOf(self.0.workspace_id, self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(summary).collect())
    }
}

/// The login with that id, for whoever may see links.
pub(super) async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Login>> {
    let caller = caller(ctx, Scope::LinksRead)?;
    let Ok(id) = id.parse() else { return Ok(None) };
    Ok(optional(service::get(app(ctx)?, caller, id).await)?.map(Login))
}

fn summary(row: entity::prompt::Model) -> PromptSummary {
    let prompt: Option<Prompt> = serde_json::from_value(row.body).ok();
    PromptSummary {
        kind: row.kind.into(),
        origin: prompt.as_ref().map(|prompt| prompt.origin.clone()),
        site_message: prompt.and_then(|prompt| prompt.site_error),
        answered_at: row.answered_at.map(DateTime),
    }
}
