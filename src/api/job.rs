//! Jobs in the API.

mod update;

use async_graphql::{Context, Description, ID, InputObject, Object, Result, SimpleObject};
use entity::{Scope, job};

use super::context::{app, caller};
use super::error::{UserError, UserErrorCode, optional, top_level, user_errors};
use super::load::{self, SourceSystemOf};
use super::paging::{self, Args, Connection};
use super::scalar::JsonObject;
use super::source_system::SourceSystem;
use super::step::WorkflowInput;
use super::words::KeepCredentials;
use crate::domain::step as words;
use crate::service::job as service;

pub(super) use update::JobUpdates;

/// What to do once signed in.
#[derive(Description)]
pub(super) struct Job(pub(super) job::Model);

/// Named steps.
#[derive(SimpleObject)]
pub(super) struct Workflow {
    /// The key of its results in a run's output.
    name: String,
    /// What is done, in order, as `createJob` took it.
    steps: Vec<JsonObject>,
}

#[Object(use_type_description)]
impl Job {
    /// `job_…`
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// What the partner calls it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where to sign in. Needs `JOBS_READ`.
    async fn source_system(&self, ctx: &Context<'_>) -> Result<SourceSystem> {
        caller(ctx, Scope::JobsRead)?;
        let key = SourceSystemOf(self.0.workspace_id, self.0.source_system_id);
        load::one(ctx, key).await?.map(SourceSystem).ok_or_else(load::missing)
    }

    /// What is done there, in order. Needs `JOBS_READ`.
    #[expect(clippy::unused_async, reason = "every resolver of async-graphql is async")]
    async fn workflows(&self, ctx: &Context<'_>) -> Result<Vec<Workflow>> {
        caller(ctx, Scope::JobsRead)?;
        let shown = |workflow: words::Workflow| Workflow {
            steps: workflow
                .steps
                .iter()
                .filter_map(|step| serde_json::to_value(step).ok())
                .map(JsonObject)
                .collect(),
            name: workflow.name,
        };
        Ok(service::workflows(&self.0).map_err(top_level)?.into_iter().map(shown).collect())
    }

    /// What may stay after the sign-in.
    async fn keep_credentials(&self) -> KeepCredentials {
        self.0.keep_credentials.into()
    }
}

/// A job to make.
#[derive(InputObject)]
pub(super) struct CreateJobInput {
    /// What the partner calls it, 1..256 characters.
    name: String,
    /// Where to sign in.
    source_system_id: ID,
    /// What to do there, in order; at most 20.
    #[graphql(default)]
    workflows: Vec<WorkflowInput>,
    /// What may stay after the sign-in: NEVER = nothing survives the run; SESSION = the sealed session, 30 days;
    /// VAULT = the password too, sealed, if the customer agrees on the page.
    #[graphql(default_with = "KeepCredentials::Never")]
    keep_credentials: KeepCredentials,
    /// The same key and input within 24 hours give the same object.
    idempotency_key: Option<String>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct CreateJobPayload {
    /// The job; null if there are user errors.
    job: Option<Job>,
    /// What to fix.
    user_errors: Vec<UserError>,
}

/// The job with that id, for whoever may see jobs.
pub(super) async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Job>> {
    let caller = caller(ctx, Scope::JobsRead)?;
    let Ok(id) = id.parse() else { return Ok(None) };
    Ok(optional(service::get(app(ctx)?, caller, id).await)?.map(Job))
}

/// Reading jobs.
#[derive(Default)]
pub(super) struct JobQueries;

#[Object]
impl JobQueries {
    /// The job with that id. Needs `JOBS_READ`.
    async fn job(&self, ctx: &Context<'_>, #[graphql(desc = "`job_…`")] id: ID) -> Result<Option<Job>> {
        find(ctx, &id).await
    }

    /// All jobs, newest first. Needs `JOBS_READ`.
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many rows, from the beginning: 0 to 100; null = 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Begin behind this row: the `endCursor` of the page before.")] after: Option<String>,
    ) -> Result<Connection<Job>> {
        let caller = caller(ctx, Scope::JobsRead)?;
        let page = Args::forward(first, after).page()?;
        let rows = service::list(app(ctx)?, caller, page).await.map_err(top_level)?;
        Ok(paging::connection(page, rows, |row| (row.id.0, Job(row))))
    }
}

/// Making jobs.
#[derive(Default)]
pub(super) struct JobMutations;

#[Object]
impl JobMutations {
    /// Makes a job. Needs `JOBS_WRITE`.
    async fn create_job(&self, ctx: &Context<'_>, input: CreateJobInput) -> Result<CreateJobPayload> {
        let caller = caller(ctx, Scope::JobsWrite)?;
        let Ok(source_system) = input.source_system_id.parse() else {
            let message = "must be a source system of this workspace";
            let error = UserError::new(UserErrorCode::NotFound, "sourceSystemId", message);
            return Ok(CreateJobPayload { job: None, user_errors: vec![error] });
        };
        let new = service::New {
            name: input.name,
            source_system,
            workflows: input.workflows.into_iter().map(WorkflowInput::into_words).collect(),
            keep_credentials: input.keep_credentials.into(),
            idempotency_key: input.idempotency_key,
        };
        Ok(match service::create(app(ctx)?, caller, new).await {
            Ok(row) => CreateJobPayload { job: Some(Job(row)), user_errors: Vec::new() },
            Err(error) => CreateJobPayload { job: None, user_errors: user_errors(error)? },
        })
    }
}
