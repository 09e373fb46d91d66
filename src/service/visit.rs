//! The customer's side: open a link, see what is asked, answer.
//!
//! The page never meets an engine, also when both run in one process: it reads prompts and writes
//! sealed answers, as rows.

mod fit;
mod scene;

use std::time::Duration;

use entity::{
    Branding, FailureCode, KeepCredentials, LinkStatus, LoginId, LoginStatus, Timestamp, WorkspaceId, answer,
    job, link, login, prompt, source_system,
};
use sha2::{Digest, Sha256};

pub use self::scene::{Scene, SceneState, Shown};
use super::{App, Error, link as links, login as engine};
use crate::bus::Topic;
use crate::domain::event::Facts;
use crate::domain::failure::Failure;
use crate::domain::link::{self as life, Change};
use crate::domain::prompt::{Action, Answer, Prompt};
use crate::domain::{Secret, hex};
use crate::store;
use crate::vault::{self, Place};

/// How long a page waits before it looks again without a hint.
const LOOK_ANYWAY: Duration = Duration::from_secs(1);

/// What the landing page says.
pub struct Landing {
    /// Who asks, as the customer knows it.
    pub workspace: String,
    /// What the workspace shows of itself besides.
    pub branding: Branding,
    /// Which site.
    pub site: String,
    /// Its origin.
    pub site_origin: String,
    /// What stays afterwards.
    pub keep: KeepCredentials,
    /// The language the partner wishes.
    pub locale: Option<String>,
    /// Whether there is something to do.
    pub state: LandingState,
}

/// What a customer can do with a link.
pub enum LandingState {
    /// Click to begin.
    Open,
    /// Nothing: signed in, the job runs.
    Working,
    /// Nothing: all done.
    Done {
        /// Where to go back to.
        return_url: Option<String>,
    },
    /// Ask for a new link.
    Expired,
    /// Ask the partner: the job failed.
    Failed(Failure),
}

/// A login that has begun, for one browser.
pub struct Begun {
    /// Its id, in the URL from now on.
    pub login: LoginId,
    /// What binds it to the browser.
    pub cookie: Secret,
    /// How long the browser needs the cookie.
    pub keep_for: Duration,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The engine has it.
    Taken,
    /// It was already answered; the first answer stands.
    Repeated,
    /// The prompt was an old one; nothing was changed.
    Superseded,
}

/// What the landing page of a token says. Changes nothing.
///
/// # Errors
/// [`Error::NotFound`] for a forged token (before any database access) or an erased link.
pub async fn landing(app: &App, token: &str) -> Result<Landing, Error> {
    let link = link_of(app, token).await?;
    let (job, source_system) = job_and_site(app, &link).await?;
    let (workspace, branding) = who_asks(app, link.workspace_id).await?;
    Ok(Landing {
        workspace,
        branding,
        site: source_system.name.clone(),
        site_origin: own_origin(&source_system),
        keep: job.keep_credentials,
        locale: link.locale.clone(),
        state: landing_state(app, link),
    })
}

fn landing_state(app: &App, link: link::Model) -> LandingState {
    match link.status {
        LinkStatus::InProgress => LandingState::Working,
        LinkStatus::Completed => LandingState::Done { return_url: link.return_url },
        _ if life::is_usable(&link, app.clock.now()) => LandingState::Open,
        LinkStatus::Failed if link.signed_in_at.is_some() => LandingState::Failed(Failure {
            code: link.failure_code.unwrap_or(FailureCode::StepFailed),
            site_message: link.failure_message,
        }),
        _ => LandingState::Expired,
    }
}

/// The click: a new login begins and any other of this link ends.
///
/// # Errors
/// [`Error::NotFound`] for a forged token; [`Error::Gone`] if the link cannot be used any more.
pub async fn begin(app: &App, token: &str) -> Result<Begun, Error> {
    let found = link_of(app, token).await?;
    let (_, source_system) = job_and_site(app, &found).await?;
    let cookie = Secret::new(hex::encode(&rand::random::<[u8; 32]>()));
    let cookie_hash = hash(&cookie);
    let now = app.clock.now();
    let login = store::transact(&app.db, async move |tx| {
        let mut link = store::link::lock(&tx, found.workspace_id, found.id).await?;
        if !life::is_usable(&link, now) {
            return Err(Error::Gone);
        }
        engine::end_live(&tx, now, &link, engine::SUPERSEDED).await?;
        let row = login::Model {
            id: LoginId::new(now),
            workspace_id: link.workspace_id,
            link_id: link.id,
            source_system_id: source_system.id,
            status: LoginStatus::Queued,
            driver: source_system.driver,
            cookie_hash,
            claimed_by: None,
            public_key: None,
            prompt_number: 0,
            outcome: None,
            site_message: None,
            failure_code: None,
            recipe: None,
            in_line_since: None,
            started_at: now,
            active_at: now,
            ended_at: None,
        };
        let id = row.id;
        store::login::insert(&tx, row).await?;
        let facts = Facts { login_id: Some(id), ..Facts::default() };
        links::change(&tx, now, &mut link, Change::Opened, facts).await?;
        Ok::<_, Error>(id)
    })
    .await?;
    // A little longer than the login can take, so that the page can still say how it ended.
    Ok(Begun { login, cookie, keep_for: engine::LONGEST * 3 })
}

/// What the page of a login shows now.
///
/// # Errors
/// [`Error::NotFound`] for an unknown login or another browser's cookie.
pub async fn scene(app: &App, id: LoginId, cookie: &Secret) -> Result<Scene, Error> {
    let login = store::login::get_by_cookie(&app.db, id, &hash(cookie)).await?;
    let link = store::link::get(&app.db, login.workspace_id, login.link_id).await?;
    let source_system =
        store::source_system::get(&app.db, login.workspace_id, login.source_system_id).await?;
    let (workspace, branding) = who_asks(app, login.workspace_id).await?;
    let (locale, site_origin) = (link.locale.clone(), own_origin(&source_system));
    let state = state(app, login, link).await?;
    Ok(Scene { workspace, branding, site: source_system.name, site_origin, locale, state })
}

async fn state(app: &App, login: login::Model, link: link::Model) -> Result<SceneState, Error> {
    if login.status == LoginStatus::Ended {
        return ended(app, login, link);
    }
    let seen = login.prompt_number;
    match store::prompt::find(&app.db, login.workspace_id, login.id, seen).await? {
        Some(asked) if asked.answered_at.is_none() => {
            let mut prompt: Prompt = serde_json::from_value(asked.body).map_err(Error::internal)?;
            if let Some(resend) = &mut prompt.resend {
                resend.wait = resend.available_at.and_then(|at| left(at, app.clock.now()));
            }
            Ok(SceneState::Asking { number: seen, prompt: Box::new(prompt) })
        }
        _ => Ok(match engine::place_in_line(app, &login).await? {
            Some(place) => SceneState::InLine { seen, place },
            None => SceneState::Working { seen },
        }),
    }
}

/// Whole seconds from now on, if there are any.
fn left(until: Timestamp, now: Timestamp) -> Option<u32> {
    u32::try_from(until.since(now).as_secs()).ok().filter(|seconds| *seconds > 0)
}

fn ended(app: &App, login: login::Model, link: link::Model) -> Result<SceneState, Error> {
    let is_usable = life::is_usable(&link, app.clock.now());
    let again = if is_usable { Some(links::url(app, &link)?) } else { None };
    Ok(match login.outcome.as_deref() {
        Some(engine::SIGNED_IN) => SceneState::Done { return_url: link.return_url },
        Some(engine::SUPERSEDED) => SceneState::Superseded { again },
        _ => {
            let code = login.failure_code.unwrap_or(FailureCode::EngineCrash);
            let failure = Failure { code, site_message: login.site_message };
            SceneState::Ended { failure, again }
        }
    })
}

/// The scene as soon as it shows something else than `shown`, or what there is after `wait`.
///
/// # Errors
/// As [`scene`].
pub async fn next_scene(
    app: &App,
    id: LoginId,
    cookie: &Secret,
    shown: Shown,
    wait: Duration,
) -> Result<Scene, Error> {
    let mut waiting = app.bus.wait_for(Topic::Login(id));
    let until = tokio::time::Instant::now() + wait;
    loop {
        let scene = scene(app, id, cookie).await?;
        let left = until.saturating_duration_since(tokio::time::Instant::now());
        if scene.is_news(shown) || left.is_zero() {
            return Ok(scene);
        }
        waiting.news(left.min(LOOK_ANYWAY)).await;
    }
}

/// Takes the answer to prompt `number`, sealed at once to the login's own key.
///
/// # Errors
/// [`Error::NotFound`] as [`scene`]; [`Error::Invalid`] for a field the prompt does not have.
pub async fn answer(
    app: &App,
    id: LoginId,
    cookie: &Secret,
    number: i32,
    answer: Answer,
) -> Result<Answered, Error> {
    let login = store::login::get_by_cookie(&app.db, id, &hash(cookie)).await?;
    let asked = store::prompt::find(&app.db, login.workspace_id, login.id, number).await?;
    let Some(asked) = asked else { return Ok(Answered::Superseded) };
    if asked.answered_at.is_some() {
        let is_current = login.status == LoginStatus::Active && login.prompt_number == number;
        return Ok(if is_current { Answered::Repeated } else { Answered::Superseded });
    }
    let prompt: Prompt = serde_json::from_value(asked.body.clone()).map_err(Error::internal)?;
    fit::check(&prompt, &answer)?;
    let Some(public_key) = &login.public_key else { return Ok(Answered::Superseded) };
    let place = Place { login: login.id, prompt: number };
    let sealed = vault::seal_answer(public_key, place, &answer.to_bytes()).map_err(Error::internal)?;
    deliver(app, login, asked, (sealed, answer.action)).await
}

async fn deliver(
    app: &App,
    seen: login::Model,
    asked: prompt::Model,
    (sealed, action): (Vec<u8>, Action),
) -> Result<Answered, Error> {
    let now = app.clock.now();
    store::transact(&app.db, async move |tx| {
        let mut link = store::link::lock(&tx, seen.workspace_id, seen.link_id).await?;
        let login = store::login::lock(&tx, seen.workspace_id, seen.id).await?;
        let is_ours = login.status == LoginStatus::Active && login.public_key == seen.public_key;
        if !is_ours || login.prompt_number != asked.number {
            return Ok(Answered::Superseded);
        }
        let row = answer::Model {
            prompt_id: asked.id,
            workspace_id: login.workspace_id,
            login_id: login.id,
            sealed,
            created_at: now,
        };
        if !store::prompt::answer(&tx, row).await? {
            return Ok(Answered::Repeated);
        }
        store::login::touch(&tx, login.id, now).await?;
        if action != Action::Cancel {
            let facts = Facts { login_id: Some(login.id), ..Facts::default() };
            links::change(&tx, now, &mut link, Change::Answered, facts).await?;
        }
        Ok(Answered::Taken)
    })
    .await
}

/// The link of an authentic token; a forged one never reaches the database.
async fn link_of(app: &App, token: &str) -> Result<link::Model, Error> {
    let token = app.tokens.read(token).map_err(|vault::Forged| Error::NotFound)?;
    Ok(store::link::get_by_token(&app.db, token.link).await?)
}

async fn job_and_site(app: &App, link: &link::Model) -> Result<(job::Model, source_system::Model), Error> {
    let job = store::job::get(&app.db, link.workspace_id, link.job_id).await?;
    let source_system = store::source_system::get(&app.db, link.workspace_id, job.source_system_id).await?;
    Ok((job, source_system))
}

/// The workspace's name on the page, and what it shows of itself besides.
async fn who_asks(app: &App, workspace: WorkspaceId) -> Result<(String, Branding), Error> {
    let row = store::workspace::get(&app.db, workspace).await?;
    let name = row.branding.display_name.clone();
    Ok((name.unwrap_or(row.name), row.branding))
}

fn own_origin(source_system: &source_system::Model) -> String {
    source_system.allowed_origins.0.first().cloned().unwrap_or_default()
}

fn hash(cookie: &Secret) -> Vec<u8> {
    Sha256::digest(cookie.expose().as_bytes()).to_vec()
}
