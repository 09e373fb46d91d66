//! What is kept of a sign-in, and what a later run does with it.
//!
//! A session is tried first: no password leaves while the site still takes it. When the site does not,
//! and the customer agreed that the password is kept, a rerun signs in again by itself, once, and stops
//! before anything that only the customer can give. A password that the site does not take is deleted and
//! never tried again. Three clocks: when the session was made, when the site last took it, and when a
//! second factor was last given.

use entity::{
    FailureCode, KeepCredentials, LinkId, LoginId, RunId, SessionId, SourceSystemId, SubmitKind, Timestamp,
    WorkspaceId, credential, link, login, run, session,
};
use zeroize::Zeroizing;

use super::login::{SESSION_LIFE, credential_binding, session_binding};
use super::{App, Caller, Error, Problem, audit, login as logins, run as runs};
use crate::domain::Secret;
use crate::domain::failure::Failure;
pub use crate::store::session::Clocks;
use crate::store::{self, Tx};

/// Credentials as they were kept. They are secrets: no `Debug`.
pub struct Credentials {
    /// What was sealed.
    pub plain: Zeroizing<Vec<u8>>,
    /// When the customer agreed.
    pub consented_at: Timestamp,
}

/// What the link of a run keeps to sign in with.
///
/// # Errors
/// If the database does not answer or they do not open.
pub async fn credentials(app: &App, run: &run::Model) -> Result<Option<Credentials>, Error> {
    let job = store::job::get(&app.db, run.workspace_id, run.job_id).await?;
    // The partner may have thought better of it since the customer agreed.
    if job.keep_credentials != KeepCredentials::Vault {
        return Ok(None);
    }
    let row = store::credential::find_of_link(&app.db, run.workspace_id, run.link_id).await?;
    let opened = |row: credential::Model| {
        let plain = app.vault.open(credential_binding(row.workspace_id, row.id), &row.sealed);
        plain.map(|plain| Credentials { plain, consented_at: row.consented_at }).map_err(Error::internal)
    };
    row.map(opened).transpose()
}

/// What the link of that run keeps, for a login that takes its place.
///
/// # Errors
/// If the database does not answer or they do not open.
pub async fn for_login(app: &App, login: &login::Model, run: RunId) -> Result<Option<Credentials>, Error> {
    let run = store::run::get(&app.db, login.workspace_id, run).await?;
    credentials(app, &run).await
}

/// The times of the sessions that are kept for these links, oldest first.
///
/// # Errors
/// If the database does not answer.
pub async fn clocks(app: &App, workspace: WorkspaceId, links: Vec<LinkId>) -> Result<Vec<Clocks>, Error> {
    Ok(store::session::clocks_of(&app.db, workspace, links, app.clock.now()).await?)
}

/// The site has not taken what the link of that run keeps: it is never tried again.
///
/// # Errors
/// If the database refuses.
pub async fn refused(app: &App, workspace: WorkspaceId, run: RunId) -> Result<(), Error> {
    store::transact(&app.db, async move |tx| {
        let link = store::run::get(&tx, workspace, run).await?.link_id;
        Ok(store::credential::delete_of_link(&tx, workspace, link).await?)
    })
    .await
}

/// Counts the kept password that is about to leave, or says why it must not.
///
/// # Errors
/// [`Error::Gone`] if the run is no longer ours.
pub async fn may_submit(
    app: &App,
    run: &run::Model,
    (source_system, site): (SourceSystemId, &str),
    identifier: Option<&Secret>,
) -> Result<Option<FailureCode>, Error> {
    let (workspace, login) = (run.workspace_id, sender(run));
    let sender = logins::Sender { workspace, source_system, link: run.link_id, login };
    let leaving = logins::Leaving::new(app, sender, (SubmitKind::Password, site), identifier);
    runs::while_held(app, run, async move |tx| {
        // Once in a run, also if another worker has begun it anew.
        if store::submit::any_of_login(&tx, workspace, login).await? {
            return Ok(Some(FailureCode::ReloginRequired));
        }
        logins::spend(&tx, leaving).await
    })
    .await
}

/// The site has said that the account is locked: nobody here sends it a password for a while.
///
/// # Errors
/// If the database refuses.
pub async fn locked(app: &App, run: &run::Model) -> Result<(), Error> {
    let (now, workspace, sender) = (app.clock.now(), run.workspace_id, sender(run));
    store::transact(&app.db, async move |tx| Ok(store::submit::lock(&tx, workspace, sender, now).await?))
        .await
}

/// Who sends the password in a run without a customer: budgets count by it as by a login.
pub(super) const fn sender(run: &run::Model) -> LoginId {
    LoginId(run.id.0)
}

/// The kept password was taken: the new session is sealed in the place of the old.
///
/// # Errors
/// [`Error::Gone`] if the run is no longer ours.
pub async fn renewed(app: &App, run: &run::Model, state: &[u8]) -> Result<(), Error> {
    let now = app.clock.now();
    let id = SessionId::new(now);
    let sealed = app.vault.seal(session_binding(run.workspace_id, id), state).map_err(Error::internal)?;
    let (workspace, link, run_id, sender) = (run.workspace_id, run.link_id, run.id, sender(run));
    runs::while_held(app, run, async move |tx| {
        let earlier = store::session::latest_of(&tx, workspace, link, now).await?;
        let row = session::Model {
            id,
            workspace_id: workspace,
            link_id: link,
            sealed,
            created_at: now,
            seen_good_at: Some(now),
            // No factor was given now; the one before may still be what the site goes by.
            factor_at: earlier.and_then(|earlier| earlier.factor_at),
            died_at: None,
            expires_at: now.plus(SESSION_LIFE),
        };
        store::session::insert(&tx, row).await?;
        store::session::delete_of_link(&tx, workspace, link, Some(id)).await?;
        store::run::use_session(&tx, workspace, run_id, id).await?;
        Ok(store::submit::accept(&tx, workspace, sender).await?)
    })
    .await
}

/// What becomes of the session when a run has ended: the site took it, or not.
pub(super) async fn after_run(
    tx: &Tx,
    now: Timestamp,
    run: &run::Model,
    (failure, sealed): (Option<FailureCode>, Option<Vec<u8>>),
) -> Result<(), Error> {
    let Some(id) = run.session_id else { return Ok(()) };
    let Some(mut row) = store::session::find(tx, run.workspace_id, id, now).await? else { return Ok(()) };
    match failure {
        Some(FailureCode::ReloginRequired) => row.died_at = row.died_at.or(Some(now)),
        None => {
            row.seen_good_at = Some(now);
            row.sealed = sealed.unwrap_or(row.sealed);
        }
        Some(_) => return Ok(()),
    }
    Ok(store::session::update(tx, row).await?)
}

/// Forgets everything that is kept for a link: session, password and files, with their data keys. A run
/// that is under way ends. Twice is as once.
///
/// # Errors
/// [`Error::Invalid`] if the caller's workspace has no such link.
pub async fn revoke(app: &App, caller: &Caller, id: LinkId) -> Result<link::Model, Error> {
    let (workspace, now) = (caller.workspace, app.clock.now());
    audit::transact(app, caller, "revokeSession", async move |tx| {
        let mut link = store::link::lock(&tx, workspace, id).await.map_err(missing)?;
        if let Some(run) = store::run::live_of(&tx, workspace, id).await? {
            let held_by = run.claimed_by;
            let over = Failure::new(FailureCode::ReloginRequired);
            runs::end(&tx, now, (&run, &mut link), (held_by, Err(over), None)).await?;
        }
        store::session::delete_of_link(&tx, workspace, id, None).await?;
        store::credential::delete_of_link(&tx, workspace, id).await?;
        store::file::delete_of_link(&tx, workspace, id).await?;
        Ok(audit::changed(id, link))
    })
    .await
}

/// A link that is named in an input and not there.
pub(super) fn missing(error: store::Error) -> Error {
    match error {
        store::Error::NotFound => {
            Error::input("linkId", Problem::NotFound, "must be a link of this workspace")
        }
        other => other.into(),
    }
}
