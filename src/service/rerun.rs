//! Running a job again with what its link keeps.
//!
//! A rerun has a run and events of its own and never changes the link's status. One run of a link is under
//! way at a time: they share a session, and sites take it amiss when one customer is in two places.

use entity::{KeepCredentials, LinkId, link, run};

use super::{App, Caller, Error, audit, kept, run as runs};
use crate::store;

/// Queues another run of a link's job.
///
/// # Errors
/// [`Error::Invalid`] if there is no such link; [`Error::Conflict`] if nobody has signed in by it yet, its
/// job keeps nothing, or a run of it is under way.
pub async fn rerun(app: &App, caller: &Caller, id: LinkId) -> Result<run::Model, Error> {
    let (workspace, now) = (caller.workspace, app.clock.now());
    audit::transact(app, caller, "rerunJob", async move |tx| {
        let link = store::link::lock(&tx, workspace, id).await.map_err(kept::missing)?;
        let job = store::job::get(&tx, workspace, link.job_id).await?;
        possible(&link, job.keep_credentials)?;
        if let Some(live) = store::run::live_of(&tx, workspace, id).await? {
            return Err(Error::Conflict(format!("the run {} of this link is under way", live.id)));
        }
        let session = store::session::latest_of(&tx, workspace, id, now).await?;
        let session = session.map(|session| session.id);
        let row = run::Model { rerun: true, ..runs::queued(now, &link, session) };
        store::run::insert(&tx, row.clone()).await?;
        Ok(audit::changed(row.id, row))
    })
    .await
}

fn possible(link: &link::Model, keep: KeepCredentials) -> Result<(), Error> {
    if link.signed_in_at.is_none() {
        let status = link.status.as_str();
        return Err(Error::Conflict(format!("nobody has signed in by this link yet: it is {status}")));
    }
    if keep == KeepCredentials::Never {
        let message = "the job keeps nothing to run it again with: keepCredentials is NEVER";
        return Err(Error::Conflict(message.to_owned()));
    }
    Ok(())
}
