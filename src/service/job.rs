//! Jobs: what to do once signed in.

pub mod update;

use entity::{JobId, KeepCredentials, SourceSystemId, WorkspaceId, job, source_system};
use url::Url;

use super::idempotency::{self, Request};
use super::{App, Caller, Error, Problem, audit, check};
use crate::domain::step::{Limits, Step, Workflow};
use crate::store::page::Rows;
use crate::store::{self, Page};

/// How many workflows a job may have.
pub const MOST_WORKFLOWS: usize = 20;
/// How many steps a workflow may have.
pub const MOST_STEPS: usize = 100;
/// How long a selector or a typed value may be, in characters.
const LONGEST_TEXT: usize = 2_000;
/// How long one step may take, in seconds.
const TIMEOUT_SECONDS: std::ops::RangeInclusive<u64> = 1..=300;

/// A job to make.
#[derive(Clone, Debug)]
pub struct New {
    /// What the partner calls it.
    pub name: String,
    /// Where to sign in.
    pub source_system: SourceSystemId,
    /// What to do there, in order.
    pub workflows: Vec<Workflow>,
    /// What may stay afterwards.
    pub keep_credentials: KeepCredentials,
    /// See [`idempotency`].
    pub idempotency_key: Option<String>,
}

/// Makes a job, or returns the one an earlier call with the same key made.
///
/// # Errors
/// [`Error::Invalid`] with the field; [`Error::Conflict`] for a key that was used otherwise.
pub async fn create(app: &App, caller: &Caller, new: New) -> Result<job::Model, Error> {
    check::text("name", &new.name, check::NAME)?;
    check::idempotency_key(new.idempotency_key.as_deref())?;
    workflows_fit(&new.workflows)?;
    let request = Request::new(caller.workspace, "createJob", new.idempotency_key.clone(), &new);
    let now = app.clock.now();
    let row = job::Model {
        id: JobId::new(now),
        workspace_id: caller.workspace,
        source_system_id: new.source_system,
        name: new.name,
        workflows: serde_json::to_value(&new.workflows).map_err(Error::internal)?,
        keep_credentials: new.keep_credentials,
        created_at: now,
        updated_at: now,
    };
    audit::transact(app, caller, "createJob", async move |tx| {
        let found = store::source_system::get(&tx, request.workspace, row.source_system_id).await;
        let source_system = found.map_err(|error| match error {
            store::Error::NotFound => {
                Error::input("sourceSystemId", Problem::NotFound, "must be a source system of this workspace")
            }
            other => other.into(),
        })?;
        inside_origins(&new.workflows, &source_system)?;
        if let Some(earlier) = idempotency::claim(&tx, &request, row.id.0, now).await? {
            let row = store::job::get(&tx, request.workspace, JobId(earlier)).await?;
            return Ok(audit::unchanged(row));
        }
        store::job::insert(&tx, row.clone()).await?;
        Ok(audit::changed(row.id, row))
    })
    .await
}

/// The job with that id.
///
/// # Errors
/// [`Error::NotFound`] if the caller's workspace has none.
pub async fn get(app: &App, caller: &Caller, id: JobId) -> Result<job::Model, Error> {
    Ok(store::job::get(&app.db, caller.workspace, id).await?)
}

/// The jobs with those ids.
///
/// # Errors
/// If the database does not answer.
pub async fn find_many(app: &App, workspace: WorkspaceId, ids: Vec<JobId>) -> Result<Vec<job::Model>, Error> {
    Ok(store::job::find_many(&app.db, workspace, ids).await?)
}

/// A page of the caller's jobs, newest first.
///
/// # Errors
/// If the database does not answer.
pub async fn list(app: &App, caller: &Caller, page: Page) -> Result<Rows<job::Model>, Error> {
    Ok(store::job::list(&app.db, caller.workspace, page).await?)
}

/// The workflows of a stored job.
///
/// # Errors
/// [`Error::Internal`] if the row does not hold workflows.
pub fn workflows(job: &job::Model) -> Result<Vec<Workflow>, Error> {
    serde_json::from_value(job.workflows.clone()).map_err(Error::internal)
}

fn workflows_fit(workflows: &[Workflow]) -> Result<(), Error> {
    if workflows.len() > MOST_WORKFLOWS {
        let message = format!("must be at most {MOST_WORKFLOWS} workflows");
        return Err(Error::input("workflows", Problem::LimitExceeded, message));
    }
    let mut names = std::collections::HashSet::new();
    for (index, workflow) in workflows.iter().enumerate() {
        let path = format!("workflows.{index}");
        check::text("name", &workflow.name, check::NAME).map_err(|error| error.inside(&path))?;
        if !names.insert(workflow.name.as_str()) {
            return Err(Error::input(
                &format!("{path}.name"),
                Problem::Taken,
                "must differ from the other workflows'",
            ));
        }
        if workflow.steps.len() > MOST_STEPS {
            let message = format!("must be at most {MOST_STEPS} steps");
            return Err(Error::input(&format!("{path}.steps"), Problem::LimitExceeded, message));
        }
        for (number, step) in workflow.steps.iter().enumerate() {
            let path = format!("{path}.steps.{number}.{}", step.kind());
            step_fits(step).map_err(|error| error.inside(&path))?;
        }
    }
    Ok(())
}

fn step_fits(step: &Step) -> Result<(), Error> {
    let selector = |text: &str| check::text("selector", text, 1..=LONGEST_TEXT);
    match step {
        Step::Goto(goto) => check::url("url", &goto.url).map(drop)?,
        Step::Click(click) => selector(&click.selector)?,
        Step::Fill(fill) => {
            selector(&fill.selector)?;
            check::text("value", &fill.value, 0..=LONGEST_TEXT)?;
        }
        Step::WaitFor(wait) => selector(&wait.selector)?,
        Step::Extract(extract) => {
            check::text("name", &extract.name, check::NAME)?;
            selector(&extract.selector)?;
            if let Some(attribute) = &extract.attribute {
                check::text("attribute", attribute, check::NAME)?;
            }
            if extract.attribute.is_some() && !extract.shape.is_text() {
                return Err(Error::invalid("attribute", "must be null where a table is read"));
            }
        }
        Step::Download(download) => {
            check::text("name", &download.name, check::NAME)?;
            selector(&download.selector)?;
        }
    }
    limits_fit(step.limits())
}

fn limits_fit(limits: &Limits) -> Result<(), Error> {
    let Some(timeout) = limits.timeout else { return Ok(()) };
    let seconds = std::time::Duration::from_secs;
    check::whole_seconds(
        "timeout",
        timeout,
        seconds(*TIMEOUT_SECONDS.start())..=seconds(*TIMEOUT_SECONDS.end()),
    )?;
    Ok(())
}

/// A step never leaves the origins a customer trusts.
fn inside_origins(workflows: &[Workflow], source_system: &source_system::Model) -> Result<(), Error> {
    for (index, workflow) in workflows.iter().enumerate() {
        for (number, step) in workflow.steps.iter().enumerate() {
            let Step::Goto(goto) = step else { continue };
            let origin =
                Url::parse(&goto.url).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
            if !source_system.allowed_origins.0.contains(&origin) {
                let field = format!("workflows.{index}.steps.{number}.goto.url");
                let message = format!(
                    "must be inside the allowed origins: {}",
                    source_system.allowed_origins.0.join(", ")
                );
                return Err(Error::input(&field, Problem::ForbiddenUrl, message));
            }
        }
    }
    Ok(())
}
