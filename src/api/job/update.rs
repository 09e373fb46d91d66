//! Changing a job.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use entity::Scope;

use super::Job;
use crate::api::context::{app, caller};
use crate::api::error::{UserError, user_errors};
use crate::api::given::given;
use crate::api::step::WorkflowInput;
use crate::api::words::KeepCredentials;
use crate::service::Error;
use crate::service::job::update::{self as service, Changes};

/// What to change of a job. What is left out stays as it is. Runs that have begun go on as they began; those
/// that wait, and links that were made before, meet the job as it is when their turn comes.
#[derive(InputObject)]
pub(in crate::api) struct UpdateJobInput {
    /// Which job.
    id: ID,
    /// What the partner calls it, 1..256 characters.
    name: MaybeUndefined<String>,
    /// What to do, in order, in place of all workflows before; at most 20.
    workflows: MaybeUndefined<Vec<WorkflowInput>>,
    /// What may stay after the sign-in. With less than before, what is already kept is not used any more: see
    /// `revokeSession`, which deletes it.
    keep_credentials: MaybeUndefined<KeepCredentials>,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(in crate::api) struct UpdateJobPayload {
    /// The job; null if there are user errors.
    job: Option<Job>,
    /// What to fix.
    user_errors: Vec<UserError>,
}

/// Changing jobs.
#[derive(Default)]
pub(in crate::api) struct JobUpdates;

#[Object]
impl JobUpdates {
    /// Changes a job. Needs `JOBS_WRITE`.
    async fn update_job(&self, ctx: &Context<'_>, input: UpdateJobInput) -> Result<UpdateJobPayload> {
        let caller = caller(ctx, Scope::JobsWrite)?;
        let updated = match changes(input) {
            Ok(changes) => service::update(app(ctx)?, caller, changes).await,
            Err(error) => Err(error),
        };
        Ok(match updated {
            Ok(row) => UpdateJobPayload { job: Some(Job(row)), user_errors: Vec::new() },
            Err(error) => UpdateJobPayload { job: None, user_errors: user_errors(error)? },
        })
    }
}

fn changes(input: UpdateJobInput) -> std::result::Result<Changes, Error> {
    let into_words =
        |workflows: Vec<WorkflowInput>| workflows.into_iter().map(WorkflowInput::into_words).collect();
    Ok(Changes {
        id: input.id.parse().map_err(|_| Error::NotFound)?,
        name: given("name", input.name)?,
        workflows: given("workflows", input.workflows)?.map(into_words),
        keep_credentials: given("keepCredentials", input.keep_credentials)?.map(Into::into),
    })
}
