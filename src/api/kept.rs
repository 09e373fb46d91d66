//! What is kept after a sign-in, in the API: run the job again with it, or forget it.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use entity::{LinkId, Scope};

use super::context::{app, caller};
use super::error::{UserError, UserErrorCode, user_errors};
use super::link::Link;
use super::run::Run;
use super::scalar::DateTime;
use crate::service::kept::{self, Clocks};
use crate::service::rerun;

/// The session that is kept of a sign-in: when it began and how it has fared, never what is in it.
#[derive(SimpleObject)]
pub(super) struct Session {
    /// When the sign-in was made: by the customer, or by the kept password.
    created_at: DateTime,
    /// Until when it is kept; then it is deleted, and `Link.session` is null.
    kept_until: DateTime,
    /// When the site last took it: at the sign-in, or at the end of a run.
    last_good_at: Option<DateTime>,
    /// When a second factor was last given; null if never. Sites ask for one again after some time, which a
    /// rerun cannot answer.
    second_factor_at: Option<DateTime>,
    /// When the site no longer took it; null while it may be good. A rerun then needs the kept password, or
    /// ends `RELOGIN_REQUIRED`.
    ended_at: Option<DateTime>,
}

impl From<Clocks> for Session {
    fn from(row: Clocks) -> Self {
        Self {
            created_at: DateTime(row.created_at),
            kept_until: DateTime(row.expires_at),
            last_good_at: row.seen_good_at.map(DateTime),
            second_factor_at: row.factor_at.map(DateTime),
            ended_at: row.died_at.map(DateTime),
        }
    }
}

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
