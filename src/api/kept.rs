//! What is kept after a sign-in, in the API: run the job again with it, or forget it.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use entity::{LinkId, Scope};

use super::context::{app, caller};
use super::error::{UserError, UserErrorCode, user_errors};
use super::link::Link;
use super::run::Run;
use crate::service::{kept, rerun};

/// Whose job to run again.
#[derive(InputObject)]
pub(super) struct RerunJobInput {
    /// `lnk_…`: a link by which somebody has signed in.
    link_id: ID,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(super) struct RerunJobPayload {
    /// The run that waits for a worker; null if there are user errors.
    run: Option<Run>,
    /// What to fix; CONFLICT before the first sign-in, while a run of the link is under way, and where the job
    /// keeps nothing.
    user_errors: Vec<UserError>,
}

/// Whose session to forget.
#[derive(InputObject)]
pub(super) struct RevokeSessionInput {
    /// `lnk_…`
    link_id: ID,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(super) struct RevokeSessionPayload {
    /// The link as it is now; null if there are user errors.
    link: Option<Link>,
    /// What to fix.
    user_errors: Vec<UserError>,
}

/// Using and forgetting what is kept.
#[derive(Default)]
pub(super) struct KeptMutations;

#[Object]
impl KeptMutations {
    /// Runs a link's job again with the session that is kept, and signs in again by the kept password if the
    /// session has ended and the customer agreed to that. The run has events of its own; the link's status
    /// stays. Needs `JOBS_WRITE`.
    async fn rerun_job(&self, ctx: &Context<'_>, input: RerunJobInput) -> Result<RerunJobPayload> {
        let caller = caller(ctx, Scope::JobsWrite)?;
        let Some(id) = link_id(&input.link_id) else {
            return Ok(RerunJobPayload { user_errors: vec![no_link()], ..RerunJobPayload::default() });
        };
        Ok(match rerun::rerun(app(ctx)?, caller, id).await {
            Ok(run) => RerunJobPayload { run: Some(Run(run)), user_errors: Vec::new() },
            Err(error) => RerunJobPayload { run: None, user_errors: user_errors(error)? },
        })
    }

    /// Forgets everything that is kept for a link: its session, the password, and the files of its runs. A run
    /// that is under way fails with `RELOGIN_REQUIRED`. Needs `JOBS_WRITE`.
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        input: RevokeSessionInput,
    ) -> Result<RevokeSessionPayload> {
        let caller = caller(ctx, Scope::JobsWrite)?;
        let Some(id) = link_id(&input.link_id) else {
            return Ok(RevokeSessionPayload {
                user_errors: vec![no_link()],
                ..RevokeSessionPayload::default()
            });
        };
        Ok(match kept::revoke(app(ctx)?, caller, id).await {
            Ok(link) => RevokeSessionPayload { link: Some(Link(link)), user_errors: Vec::new() },
            Err(error) => RevokeSessionPayload { link: None, user_errors: user_errors(error)? },
        })
    }
}

fn link_id(text: &ID) -> Option<LinkId> {
    text.parse().ok()
}

fn no_link() -> UserError {
    UserError::new(UserErrorCode::NotFound, "linkId", "must be a link of this workspace")
}
