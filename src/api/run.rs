//! Runs in the API.

use async_graphql::{Context, Description, ID, Object, Result, SimpleObject};
use entity::{Scope, run};

use super::context::{app, caller};
use super::error::optional;
use super::failure::Failure;
use super::file::RunFile;
use super::load::{self, FilesOf, StepsOf};
use super::scalar::{DateTime, JsonObject};
use super::words::RunStatus;
use crate::service::run as service;

/// One execution of a job's workflows.
#[derive(Description)]
pub(super) struct Run(pub(super) run::Model);

/// One step and what came of it.
#[derive(SimpleObject)]
pub(super) struct RunStep {
    /// The workflow's name.
    workflow: String,
    /// Counts within the workflow: 0, 1, 2 …
    index: i32,
    /// `goto`, `click`, `fill`, `waitFor`, `extract` or `download`.
    kind: String,
    /// Where it stands.
    status: RunStatus,
    /// Why it failed.
    error: Option<String>,
    /// How long it took.
    duration_ms: Option<i32>,
}

#[Object(use_type_description)]
impl Run {
    /// `run_…`
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Where it stands.
    async fn status(&self) -> RunStatus {
        self.0.status.into()
    }

    /// Each step that has begun, in order.
    async fn steps(&self, ctx: &Context<'_>) -> Result<Vec<RunStep>> {
        let rows = load::one(ctx, StepsOf(self.0.workspace_id, self.0.id)).await?.unwrap_or_default();
        let steps = rows.into_iter().map(|row| RunStep {
            workflow: row.workflow,
            index: row.step_index,
            kind: row.kind,
            status: row.status.into(),
            error: row.error,
            duration_ms: row.duration_ms,
        });
        Ok(steps.collect())
    }

    /// `{ workflowName: { extractName: value } }`. Needs `RUNS_READ`.
    #[expect(clippy::unused_async, reason = "every resolver of async-graphql is async")]
    async fn output(&self, ctx: &Context<'_>) -> Result<Option<JsonObject>> {
        caller(ctx, Scope::RunsRead)?;
        Ok(self.0.finished_at.map(|_| JsonObject(self.0.output.clone())))
    }

    /// The files of its `download` steps, in their order: of each step that ended well, until they are
    /// deleted. Needs `RUNS_READ`.
    async fn files(&self, ctx: &Context<'_>) -> Result<Vec<RunFile>> {
        caller(ctx, Scope::RunsRead)?;
        let rows = load::one(ctx, FilesOf(self.0.workspace_id, self.0.id)).await?.unwrap_or_default();
        rows.into_iter().map(|row| RunFile::new(ctx, row)).collect()
    }

    /// Why it failed.
    async fn failure(&self) -> Option<Failure> {
        self.0.failure_code.map(|code| Failure::new(code, self.0.failure_message.clone()))
    }

    /// When a worker began.
    async fn started_at(&self) -> Option<DateTime> {
        self.0.started_at.map(DateTime)
    }

    /// When it ended.
    async fn finished_at(&self) -> Option<DateTime> {
        self.0.finished_at.map(DateTime)
    }
}

/// The run with that id, for whoever may see runs.
pub(super) async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Run>> {
    let caller = caller(ctx, Scope::RunsRead)?;
    let Ok(id) = id.parse() else { return Ok(None) };
    Ok(optional(service::get(app(ctx)?, caller, id).await)?.map(Run))
}

/// Reading runs.
#[derive(Default)]
pub(super) struct RunQueries;

#[Object]
impl RunQueries {
    /// The run with that id. Needs `RUNS_READ`.
    async fn run(&self, ctx: &Context<'_>, #[graphql(desc = "`run_…`")] id: ID) -> Result<Option<Run>> {
        find(ctx, &id).await
    }
}
