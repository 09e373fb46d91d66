//! Source systems in the API.

mod update;

use async_graphql::{Context, Description, ID, InputObject, Object, Result, SimpleObject};
use entity::{Scope, source_system};

use super::context::{app, caller};
use super::error::{UserError, optional, top_level, user_errors};
use super::paging::{self, Args, Connection};
use super::scalar::{JsonObject, Url};
use super::words::Driver;
use crate::service::source_system as service;

pub(super) use update::SourceSystemUpdates;

/// A site customers sign in to.
#[derive(Description)]
pub(super) struct SourceSystem(pub(super) source_system::Model);

#[Object(use_type_description)]
impl SourceSystem {
    /// `src_…`
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// What the partner and the customer call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where its login begins.
    async fn login_url(&self) -> Url {
        Url(self.0.login_url.clone())
    }

    /// Where a secret may be typed. The login URL's origin is always one of them.
    async fn allowed_origins(&self) -> &[String] {
        &self.0.allowed_origins.0
    }

    /// How it is reached.
    async fn driver(&self) -> Driver {
        self.0.driver.into()
    }

    /// What helps the detector with this site, as it was given; null = none needed.
    #[expect(clippy::unused_async, reason = "every resolver of async-graphql is async")]
    async fn recipe(&self, ctx: &Context<'_>) -> Result<Option<JsonObject>> {
        let recipe = service::recipe::open(app(ctx)?, &self.0).map_err(top_level)?;
        Ok(recipe.and_then(|recipe| serde_json::to_value(recipe).ok()).map(JsonObject))
    }
}

/// A source system to make.
#[derive(InputObject)]
pub(super) struct CreateSourceSystemInput {
    /// What the partner and the customer call it, 1..256 characters.
    name: String,
    /// Where its login begins; https, or what the operator allows.
    login_url: Url,
    /// Where a secret may be typed; default: the login URL's origin.
    allowed_origins: Option<Vec<String>>,
    /// How it is reached.
    #[graphql(default_with = "Driver::Auto")]
    driver: Driver,
    /// What helps the detector with this site, where it needs help: see docs/source-systems.md.
    recipe: Option<JsonObject>,
    /// The same key and input within 24 hours give the same object.
    idempotency_key: Option<String>,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(super) struct CreateSourceSystemPayload {
    /// The source system; null if there are user errors.
    source_system: Option<SourceSystem>,
    /// What to fix.
    user_errors: Vec<UserError>,
}

/// The source system with that id, for whoever may see source systems.
pub(super) async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<SourceSystem>> {
    let caller = caller(ctx, Scope::JobsRead)?;
    let Ok(id) = id.parse() else { return Ok(None) };
    Ok(optional(service::get(app(ctx)?, caller, id).await)?.map(SourceSystem))
}

/// Reading source systems.
#[derive(Default)]
pub(super) struct SourceSystemQueries;

#[Object]
impl SourceSystemQueries {
    /// The source system with that id. Needs `JOBS_READ`.
    async fn source_system(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`src_…`")] id: ID,
    ) -> Result<Option<SourceSystem>> {
        find(ctx, &id).await
    }

    /// All source systems, newest first. Needs `JOBS_READ`.
    async fn source_systems(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many rows, from the beginning: 0 to 100; null = 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Begin behind this row: the `endCursor` of the page before.")] after: Option<String>,
    ) -> Result<Connection<SourceSystem>> {
        let caller = caller(ctx, Scope::JobsRead)?;
        let page = Args::forward(first, after).page()?;
        let rows = service::list(app(ctx)?, caller, page).await.map_err(top_level)?;
        Ok(paging::connection(page, rows, |row| (row.id.0, SourceSystem(row))))
    }
}

/// Making source systems.
#[derive(Default)]
pub(super) struct SourceSystemMutations;

#[Object]
impl SourceSystemMutations {
    /// Makes a source system. Needs `JOBS_WRITE`.
    async fn create_source_system(
        &self,
        ctx: &Context<'_>,
        input: CreateSourceSystemInput,
    ) -> Result<CreateSourceSystemPayload> {
        let caller = caller(ctx, Scope::JobsWrite)?;
        let new = service::New {
            name: input.name,
            login_url: input.login_url.0,
            allowed_origins: input.allowed_origins,
            driver: input.driver.into(),
            recipe: input.recipe.map(|recipe| recipe.0),
            idempotency_key: input.idempotency_key,
        };
        Ok(match service::create(app(ctx)?, caller, new).await {
            Ok(row) => {
                CreateSourceSystemPayload { source_system: Some(SourceSystem(row)), user_errors: Vec::new() }
            }
            Err(error) => CreateSourceSystemPayload { source_system: None, user_errors: user_errors(error)? },
        })
    }
}
