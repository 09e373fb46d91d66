//! The end of a login that went well: what is kept, and the run that waits for it.

use entity::{CredentialId, KeepCredentials, SessionId, Timestamp, credential, link, login, session};
use zeroize::Zeroizing;

use super::super::{App, Error, link as links, run};
use super::{
    RUN_LIFE, SESSION_LIFE, SIGNED_IN, credential_binding, end, held, keeps_session, session_binding,
};
use crate::domain::event::Facts;
use crate::domain::link::Change;
use crate::store::{self, Tx};

/// What a success leaves. It holds secrets: no `Debug`.
pub struct SignedIn {
    /// The signed-in state.
    pub state: Zeroizing<Vec<u8>>,
    /// What the customer signed in with and agreed may be kept, and when if that was earlier.
    pub credentials: Option<(Zeroizing<Vec<u8>>, Option<Timestamp>)>,
    /// Whether a second factor was given.
    pub had_factor: bool,
}

/// Signed in: the session is sealed, the link is in progress and its run is queued, all at once.
///
/// # Errors
/// [`Error::Gone`] if the login is no longer ours.
pub async fn signed_in(app: &App, login: &login::Model, done: &SignedIn) -> Result<(), Error> {
    let now = app.clock.now();
    let id = SessionId::new(now);
    let binding = session_binding(login.workspace_id, id);
    let sealed = app.vault.seal(binding, &done.state).map_err(Error::internal)?;
    let credentials = credential(app, login, done, now)?;
    let had_factor = done.had_factor;
    held(app, login, async move |tx, now, row, mut link| {
        let job = store::job::get(&tx, link.workspace_id, link.job_id).await?;
        let kept = session::Model {
            id,
            workspace_id: link.workspace_id,
            link_id: link.id,
            sealed,
            created_at: now,
            seen_good_at: Some(now),
            factor_at: had_factor.then_some(now),
            died_at: None,
            expires_at: now.plus(if keeps_session(&job) { SESSION_LIFE } else { RUN_LIFE }),
        };
        store::session::insert(&tx, kept).await?;
        if let Some(credentials) = credentials.filter(|_| job.keep_credentials == KeepCredentials::Vault) {
            store::credential::put(&tx, credentials).await?;
        }
        replace_earlier(&tx, &link).await?;
        store::submit::accept(&tx, row.workspace_id, row.id).await?;
        end(&tx, now, row, SIGNED_IN, None).await?;
        // A site that signs in without a single answer has skipped a status.
        if link.status == entity::LinkStatus::Accessed {
            links::change(&tx, now, &mut link, Change::Answered, Facts::default()).await?;
        }
        links::change(&tx, now, &mut link, Change::SignedIn, Facts::default()).await?;
        run::queue(&tx, now, &link, id).await
    })
    .await
}

fn credential(
    app: &App,
    login: &login::Model,
    done: &SignedIn,
    now: Timestamp,
) -> Result<Option<credential::Model>, Error> {
    let Some((plain, consented_at)) = &done.credentials else { return Ok(None) };
    let id = CredentialId::new(now);
    let sealed = app.vault.seal(credential_binding(login.workspace_id, id), plain);
    Ok(Some(credential::Model {
        id,
        workspace_id: login.workspace_id,
        link_id: login.link_id,
        sealed: sealed.map_err(Error::internal)?,
        consented_at: consented_at.unwrap_or(now),
        created_at: now,
    }))
}

/// A link that signs in anew takes the place of the one before: what that one kept is forgotten.
async fn replace_earlier(tx: &Tx, link: &link::Model) -> Result<(), Error> {
    let Some(run) = link.relogin_run_id else { return Ok(()) };
    let earlier = store::run::get(tx, link.workspace_id, run).await?.link_id;
    store::session::delete_of_link(tx, link.workspace_id, earlier, None).await?;
    Ok(store::credential::delete_of_link(tx, link.workspace_id, earlier).await?)
}
