//! The engine's side of a login: claim it, ask, hear, and say how it ended.
//!
//! An engine holds a login by its node id on the row. Everything it learns comes in here and
//! becomes rows; it never meets the page. Whatever it writes is written only while it still holds
//! the login: an engine that was taken for dead, or whose login was superseded, changes nothing.

mod budget;
mod queue;
mod success;

use std::time::Duration;

use entity::{
    CredentialId, FailureCode, KeepCredentials, LinkId, LoginId, LoginStatus, PromptId, RunId, SessionId,
    Timestamp, WorkspaceId, job, link, login, prompt, source_system,
};

pub use self::budget::may_submit;
pub(super) use self::budget::{Leaving, Sender, spend};
pub(super) use self::queue::place_in_line;
pub use self::queue::{leave_line, stand_in_line, turn_away};
pub use self::success::{SignedIn, signed_in};

use super::source_system::recipe;
use super::{App, Caller, Error, link as links};
use crate::bus::Topic;
use crate::domain::counted::Counted;
use crate::domain::event::{Facts, Kind};
use crate::domain::failure::Failure;
use crate::domain::prompt::Prompt;
use crate::domain::recipe::Recipe;
use crate::store::{self, Tx};
use crate::vault::Binding;

/// A customer who does not answer for this long has gone away.
pub const LONGEST_IDLE: Duration = Duration::from_mins(10);
/// A login takes no longer than this.
pub const LONGEST: Duration = Duration::from_mins(20);
/// How long a kept session may be used.
pub(super) const SESSION_LIFE: Duration = Duration::from_hours(720);
/// How long a session is there that must not outlive its run.
const RUN_LIFE: Duration = Duration::from_hours(24);
/// An engine looks for an answer on its own after this time, in case a hint was lost.
const LOOK_ANYWAY: Duration = Duration::from_secs(1);

/// What an outcome says that is neither a success nor a failure.
pub const SUPERSEDED: &str = "SUPERSEDED";
/// The outcome of a success.
pub const SIGNED_IN: &str = "SIGNED_IN";

/// A login with what an engine needs to carry it out.
pub struct Work {
    /// Where to sign in.
    pub source_system: source_system::Model,
    /// What the partner tells the detector about it.
    pub recipe: Option<Recipe>,
    /// The customer's language, if the partner gave one.
    pub locale: Option<String>,
    /// Whether the customer may agree that the password is kept.
    pub may_keep: bool,
    /// The run whose sign-in is made anew: what its link keeps answers first.
    pub relogin: Option<RunId>,
}

/// What came of a question.
pub enum Heard {
    /// The answer, sealed to the login's key.
    Answer(Vec<u8>),
    /// Nobody answered in time.
    Nothing(FailureCode),
    /// The login is no longer ours to go on with.
    Ended,
}

/// Takes up to `limit` waiting logins for this node.
///
/// # Errors
/// If the database does not answer.
pub async fn claim(app: &App, limit: u64) -> Result<Vec<login::Model>, Error> {
    if limit == 0 || !store::login::any_queued(&app.db).await? {
        return Ok(Vec::new());
    }
    let (node, now) = (app.node, app.clock.now());
    store::transact(&app.db, async move |tx| Ok(store::login::claim(&tx, node, now, limit).await?)).await
}

/// What a claimed login needs.
///
/// # Errors
/// If the database does not answer.
pub async fn work(app: &App, login: &login::Model) -> Result<Work, Error> {
    let id = login.source_system_id;
    let source_system = store::source_system::get(&app.db, login.workspace_id, id).await?;
    let link = store::link::get(&app.db, login.workspace_id, login.link_id).await?;
    let recipe = recipe::open(app, &source_system)?;
    let job = store::job::get(&app.db, login.workspace_id, link.job_id).await?;
    let may_keep = job.keep_credentials == KeepCredentials::Vault;
    Ok(Work { source_system, recipe, locale: link.locale, may_keep, relogin: link.relogin_run_id })
}

/// Publishes the login's key: from now on its page can seal answers.
///
/// # Errors
/// [`Error::Gone`] if the login is no longer ours.
pub async fn publish_key(app: &App, login: &login::Model, public_key: Vec<u8>) -> Result<(), Error> {
    held(app, login, async move |tx, _now, mut row, _link| {
        row.public_key = Some(public_key);
        Ok(store::login::update(&tx, &row).await?)
    })
    .await
}

/// Says which driver the login really has.
///
/// # Errors
/// [`Error::Gone`] if the login is no longer ours.
pub async fn drives(app: &App, login: &login::Model, driver: entity::Driver) -> Result<(), Error> {
    held(app, login, async move |tx, _now, mut row, _link| {
        row.driver = driver;
        Ok(store::login::update(&tx, &row).await?)
    })
    .await
}

/// Puts a prompt before the customer; returns its id and number.
///
/// # Errors
/// [`Error::Gone`] if the login is no longer ours.
pub async fn ask(app: &App, login: &login::Model, mut prompt: Prompt) -> Result<(PromptId, i32), Error> {
    held(app, login, async move |tx, now, mut row, mut link| {
        row.prompt_number += 1;
        prompt.expires_at = Some(row.active_at.max(now).plus(LONGEST_IDLE).min(row.started_at.plus(LONGEST)));
        if let Some(resend) = &mut prompt.resend {
            resend.available_at = resend.wait.map(|wait| now.plus(Duration::from_secs(wait.into())));
        }
        let body = serde_json::to_value(&prompt).map_err(Error::internal)?;
        let id = PromptId::new(now);
        let asked = prompt::Model {
            id,
            workspace_id: row.workspace_id,
            login_id: row.id,
            number: row.prompt_number,
            kind: prompt.kind,
            body,
            created_at: now,
            answered_at: None,
        };
        store::prompt::close(&tx, row.workspace_id, row.id, now).await?;
        store::prompt::insert(&tx, asked).await?;
        store::login::update(&tx, &row).await?;
        let kind = if prompt.rejected.is_some() { Kind::LoginRejected } else { Kind::LoginPrompted };
        let facts = Facts {
            login_id: Some(row.id),
            prompt_kind: Some(prompt.kind),
            prompt_number: Some(row.prompt_number),
            failure_code: prompt.rejected,
            ..Facts::default()
        };
        links::note(&tx, now, &mut link, kind, facts).await?;
        Ok((id, row.prompt_number))
    })
    .await
}

/// Waits for the answer to a prompt and takes it away: it can be read once.
///
/// # Errors
/// If the database does not answer.
pub async fn hear(app: &App, login: &login::Model, prompt: PromptId) -> Result<Heard, Error> {
    let mut waiting = app.bus.wait_for(Topic::Login(login.id));
    loop {
        match listen(app, login, prompt).await {
            Ok(Some(heard)) => return Ok(heard),
            // A database that is away for a moment is no reason to end a customer's login.
            Ok(None) | Err(Error::Unavailable) => waiting.news(LOOK_ANYWAY).await,
            Err(error) => return Err(error),
        }
    }
}

/// The same for a while: `None` if there is no answer by then.
///
/// # Errors
/// If the database does not answer.
pub async fn hear_within(
    app: &App,
    login: &login::Model,
    prompt: PromptId,
    wait: Duration,
) -> Result<Option<Heard>, Error> {
    let heard = tokio::time::timeout(wait, hear(app, login, prompt)).await;
    heard.map_or(Ok(None), |heard| heard.map(Some))
}

/// What there is to hear now.
async fn listen(app: &App, login: &login::Model, prompt: PromptId) -> Result<Option<Heard>, Error> {
    let row = store::login::get(&app.db, login.workspace_id, login.id).await?;
    if row.status != LoginStatus::Active || row.claimed_by != Some(app.node) {
        return Ok(Some(Heard::Ended));
    }
    if store::prompt::has_answer(&app.db, login.workspace_id, prompt).await? {
        let workspace = login.workspace_id;
        let taken = store::transact(&app.db, async move |tx| {
            Ok::<_, Error>(store::prompt::take_answer(&tx, workspace, prompt).await?)
        });
        return Ok(Some(taken.await?.map_or(Heard::Ended, Heard::Answer)));
    }
    Ok(too_late(&row, app.clock.now()).map(Heard::Nothing))
}

/// Why a login must end now, if it must.
#[must_use]
pub fn too_late(login: &login::Model, now: Timestamp) -> Option<FailureCode> {
    if now.since(login.started_at) >= LONGEST {
        return Some(FailureCode::EngineTimeout);
    }
    (now.since(login.active_at) >= LONGEST_IDLE).then_some(FailureCode::InputTimeout)
}

/// Notes what a successful login has taught, for whoever asks for it.
///
/// # Errors
/// [`Error::Gone`] if the login is no longer ours.
pub async fn learned(app: &App, login: &login::Model, recipe: &Recipe) -> Result<(), Error> {
    let json = serde_json::to_value(recipe).map_err(Error::internal)?;
    held(app, login, async move |tx, _now, mut row, _link| {
        row.recipe = Some(json);
        Ok(store::login::update(&tx, &row).await?)
    })
    .await
}

/// The login ended without a session: the link fails, or expires if its time is over as well.
///
/// # Errors
/// [`Error::Gone`] if the login is no longer ours.
pub async fn failed(app: &App, login: &login::Model, failure: Failure) -> Result<(), Error> {
    held(app, login, async move |tx, now, row, mut link| {
        let id = row.id;
        if failure.code == FailureCode::AccountLocked && failure.site_message.is_some() {
            store::submit::lock(&tx, row.workspace_id, id, now).await?;
        }
        end(&tx, now, row, failure.code.as_str(), Some(&failure)).await?;
        links::sign_in_failed(&tx, now, &mut link, (id, failure.code, failure.site_message)).await
    })
    .await
}

/// Ends every live login of a locked link with an outcome that is not the link's failure.
///
/// # Errors
/// If the database refuses.
pub async fn end_live(tx: &Tx, now: Timestamp, link: &link::Model, outcome: &str) -> Result<(), Error> {
    for login in store::login::live_of(tx, link.workspace_id, link.id).await? {
        let failure = FailureCode::parse(outcome).map(Failure::new);
        end(tx, now, login, outcome, failure.as_ref()).await?;
    }
    Ok(())
}

/// A login whose engine died: begun again if no secret had left, else ended honestly.
///
/// # Errors
/// If the database refuses.
pub async fn recover(tx: &Tx, now: Timestamp, orphan: login::Model) -> Result<(), Error> {
    let mut link = store::link::lock(tx, orphan.workspace_id, orphan.link_id).await?;
    let mut login = store::login::lock(tx, orphan.workspace_id, orphan.id).await?;
    if login.status != LoginStatus::Active || login.claimed_by != orphan.claimed_by {
        return Ok(());
    }
    store::prompt::close(tx, login.workspace_id, login.id, now).await?;
    store::prompt::forget_answers(tx, login.workspace_id, login.id).await?;
    if store::submit::any_of_login(tx, login.workspace_id, login.id).await? {
        let failure = Failure::new(FailureCode::EngineCrash);
        let id = login.id;
        end(tx, now, login, failure.code.as_str(), Some(&failure)).await?;
        return links::sign_in_failed(tx, now, &mut link, (id, failure.code, None)).await;
    }
    login.status = LoginStatus::Queued;
    (login.claimed_by, login.public_key, login.in_line_since) = (None, None, None);
    tx.hint(crate::domain::hint::Hint::Logins);
    Ok(store::login::update(tx, &login).await?)
}

/// The login with that id.
///
/// # Errors
/// [`Error::NotFound`] if the caller's workspace has none.
pub async fn get(app: &App, caller: &Caller, id: LoginId) -> Result<login::Model, Error> {
    Ok(store::login::get(&app.db, caller.workspace, id).await?)
}

/// The first `limit` logins after `after` of each of those links, oldest first.
///
/// # Errors
/// If the database does not answer.
pub async fn of_links(
    app: &App,
    workspace: WorkspaceId,
    links: Vec<LinkId>,
    range: (Option<LoginId>, u64),
) -> Result<Vec<login::Model>, Error> {
    Ok(store::login::first_of_links(&app.db, workspace, links, range).await?)
}

/// The prompts of those logins, in order.
///
/// # Errors
/// If the database does not answer.
pub async fn prompts(
    app: &App,
    workspace: WorkspaceId,
    logins: Vec<LoginId>,
) -> Result<Vec<prompt::Model>, Error> {
    Ok(store::prompt::of_logins(&app.db, workspace, logins).await?)
}

/// What binds a sealed session to its place.
#[must_use]
pub(super) fn session_binding(workspace: WorkspaceId, id: SessionId) -> Binding {
    Binding { workspace, record: id.0, field: "session.sealed" }
}

/// What binds sealed credentials to their place.
#[must_use]
pub(super) fn credential_binding(workspace: WorkspaceId, id: CredentialId) -> Binding {
    Binding { workspace, record: id.0, field: "credential.sealed" }
}

/// Whether the job wants the session to outlive its run.
#[must_use]
pub(super) fn keeps_session(job: &job::Model) -> bool {
    job.keep_credentials != KeepCredentials::Never
}

/// Runs `work` on the locked link and login, if this node still holds the login.
async fn held<T, F, W>(app: &App, login: &login::Model, work: W) -> Result<T, Error>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
    W: FnOnce(Tx, Timestamp, login::Model, link::Model) -> F + Send + 'static,
{
    let (workspace, link, id): (_, _, LoginId) = (login.workspace_id, login.link_id, login.id);
    let (node, now) = (app.node, app.clock.now());
    store::transact(&app.db, async move |tx| {
        let link = store::link::lock(&tx, workspace, link).await?;
        let row = store::login::lock(&tx, workspace, id).await?;
        if row.status != LoginStatus::Active || row.claimed_by != Some(node) {
            return Err(Error::Gone);
        }
        work(tx, now, row, link).await
    })
    .await
}

async fn end(
    tx: &Tx,
    now: Timestamp,
    mut login: login::Model,
    outcome: &str,
    failure: Option<&Failure>,
) -> Result<(), Error> {
    login.status = LoginStatus::Ended;
    login.outcome = Some(outcome.to_owned());
    login.failure_code = failure.map(|failure| failure.code);
    login.site_message = failure.and_then(|failure| failure.site_message.clone());
    (login.ended_at, login.claimed_by, login.public_key) = (Some(now), None, None);
    store::prompt::close(tx, login.workspace_id, login.id, now).await?;
    store::prompt::forget_answers(tx, login.workspace_id, login.id).await?;
    tx.count(Counted::Login(outcome.to_owned()));
    Ok(store::login::update(tx, &login).await?)
}
