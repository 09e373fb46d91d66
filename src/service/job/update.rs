//! Changing a job. A run that has begun goes on with the workflows it began with; whatever begins later, and
//! whoever signs in later, meets the job as it is then.

use entity::{JobId, KeepCredentials, job};

use super::{inside_origins, workflows_fit};
use crate::domain::step::Workflow;
use crate::service::{App, Caller, Error, audit, check};
use crate::store;

/// What to change of a job; `None` = it stays as it is.
pub struct Changes {
    /// Which job.
    pub id: JobId,
    /// What the partner calls it.
    pub name: Option<String>,
    /// What to do, in order; in place of what was there before.
    pub workflows: Option<Vec<Workflow>>,
    /// What may stay afterwards.
    pub keep_credentials: Option<KeepCredentials>,
}

/// Changes a job, all of it or nothing.
///
/// # Errors
/// [`Error::Invalid`] with the field; [`Error::NotFound`] if the caller's workspace has no such job.
pub async fn update(app: &App, caller: &Caller, changes: Changes) -> Result<job::Model, Error> {
    if let Some(name) = &changes.name {
        check::text("name", name, check::NAME)?;
    }
    if let Some(workflows) = &changes.workflows {
        workflows_fit(workflows)?;
    }
    let (workspace, now) = (caller.workspace, app.clock.now());
    audit::transact(app, caller, "updateJob", async move |tx| {
        let mut row = store::job::lock(&tx, workspace, changes.id).await?;
        if let Some(workflows) = changes.workflows {
            let source_system = store::source_system::get(&tx, workspace, row.source_system_id).await?;
            inside_origins(&workflows, &source_system)?;
            row.workflows = serde_json::to_value(workflows).map_err(Error::internal)?;
        }
        row.name = changes.name.unwrap_or(row.name);
        row.keep_credentials = changes.keep_credentials.unwrap_or(row.keep_credentials);
        row.updated_at = now;
        store::job::update(&tx, row.clone()).await?;
        Ok(audit::changed(row.id, row))
    })
    .await
}
