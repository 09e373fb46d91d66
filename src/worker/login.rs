//! The login engine: claims logins, holds their keys, and drives each to its end.
//!
//! One task a login. It holds the private key, the driver and the machine in its memory and nothing
//! else does; everything the customer sees goes through rows (see `service::login`). When the task or
//! the process dies, the claim on the row is what is left, and whoever frees it decides honestly.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use entity::{FailureCode, PromptKind, RunId, Timestamp, login};
use futures_util::FutureExt as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{AFTER_ERROR, keep_busy, patiently};
use crate::domain::failure::Failure;
use crate::domain::prompt::{Answer, Prompt};
use crate::domain::sign_in::{Credentials, Machine, Move, Outcome, Target};
use crate::domain::snapshot::PageSnapshot;
use crate::domain::{Origins, retry};
use crate::driver::{self, Driver, Tools};
use crate::service::login::{self as service, Heard, SignedIn, Work};
use crate::service::{App, Error, kept};
use crate::vault::{LoginKey, Place};

/// How many logins one engine drives at a time; more wait in the queue.
const LOGINS: usize = 64;
/// How often a site that is down is tried again, while no secret has been sent.
const RETRIES: u32 = 3;
/// The first pause between such tries.
const FIRST_PAUSE: Duration = Duration::from_millis(400);
/// The longest pause between such tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Claims what waits and begins to drive it; returns how many logins that are.
///
/// # Errors
/// If the database does not answer.
pub async fn step(app: &App, live: &mut JoinSet<()>) -> Result<usize, Error> {
    let room = LOGINS.saturating_sub(live.len());
    let claimed = service::claim(app, room as u64).await?;
    let count = claimed.len();
    for login in claimed {
        live.spawn(drive(app.clone(), login));
    }
    Ok(count)
}

/// Runs until `stop`; the logins that live then are taken over by the next server.
pub(super) async fn run(app: App, stop: CancellationToken) {
    keep_busy(&app, &stop, &app.bus.logins, |app, live| Box::pin(step(app, live))).await;
}

/// One login from its claim to its end; whatever happens, the row says how it ended.
async fn drive(app: App, login: login::Model) {
    let ended = AssertUnwindSafe(sign_in(&app, &login)).catch_unwind().await;
    let failure = match ended {
        // Over; or superseded, revoked or taken over, and no longer ours to end.
        Ok(Ok(()) | Err(Error::Gone)) => return,
        Ok(Err(error)) => broken_off(&login, &error),
        Err(_panic) => broken_off(&login, &Panicked),
    };
    loop {
        match service::failed(&app, &login, failure.clone()).await {
            Ok(()) | Err(Error::Gone) => return,
            Err(error) => drop(broken_off(&login, &error)),
        }
        tokio::time::sleep(AFTER_ERROR).await;
    }
}

#[derive(Debug, thiserror::Error)]
#[error("it panicked")]
struct Panicked;

fn broken_off(login: &login::Model, why: &(dyn std::error::Error + 'static)) -> Failure {
    tracing::error!(login.id = %login.id, error = why, "A login broke off.");
    Failure::new(FailureCode::EngineCrash)
}

/// What one login holds while it lives.
struct Engine<'a> {
    app: &'a App,
    login: &'a login::Model,
    key: LoginKey,
    machine: Machine,
    driver: Box<dyn Driver>,
    may_keep: bool,
    kept: Kept,
}

/// What a link keeps whose place this login's link takes.
enum Kept {
    /// It has been used, or there is none.
    Nothing,
    /// Of this run's link; not looked at yet.
    Of(RunId),
    /// It has been sent, and the customer had agreed to it then.
    Sent(RunId, Timestamp),
}

async fn sign_in(app: &App, login: &login::Model) -> Result<(), Error> {
    let work = patiently(|| service::work(app, login)).await?;
    let key = LoginKey::generate();
    service::publish_key(app, login, key.public_key()).await?;
    let target = target(&work)?;
    let tools = Tools { egress: app.sources.clone(), origins: target.origins.clone(), language: work.locale };
    let driver = match driver::start(work.source_system.driver, tools, None) {
        Ok(driver) => driver,
        Err(error) => return service::failed(app, login, Failure::new(error.code())).await,
    };
    let machine = Machine::new(target);
    let kept = work.relogin.map_or(Kept::Nothing, Kept::Of);
    Engine { app, login, key, machine, driver, may_keep: work.may_keep, kept }.run().await
}

fn target(work: &Work) -> Result<Target, Error> {
    let login_url = Url::parse(&work.source_system.login_url).map_err(Error::internal)?;
    let origins = Origins::new(&login_url, &work.source_system.allowed_origins.0);
    Ok(Target { login_url, origins, runs_scripts: false })
}

impl Engine<'_> {
    async fn run(mut self) -> Result<(), Error> {
        let mut step = self.machine.start();
        loop {
            step = match step {
                Move::Ask(prompt) => match self.kept_answer(&prompt).await? {
                    Some(answer) => self.machine.answer(&answer),
                    None => match self.ask(*prompt).await? {
                        Ok(answer) => self.machine.answer(&answer),
                        Err(code) => return self.fail(Failure::new(code)).await,
                    },
                },
                Move::Perform(_) | Move::Probe(_) => match self.carry_out(&step).await? {
                    Ok(page) => self.machine.observe(&page),
                    Err(failure) => return self.fail(failure).await,
                },
                Move::End(Outcome::SignedIn) => return self.signed_in().await,
                Move::End(Outcome::Failed(failure)) => return self.fail(failure).await,
            };
        }
    }

    /// What was kept answers the first question for credentials; a password is sent once, and forgotten if
    /// the site asks for it again.
    async fn kept_answer(&mut self, prompt: &Prompt) -> Result<Option<Answer>, Error> {
        if prompt.kind != PromptKind::Credentials {
            return Ok(None);
        }
        let (app, login) = (self.app, self.login);
        match self.kept {
            Kept::Sent(run, _) if self.machine.has_sent_secret() => {
                self.kept = Kept::Nothing;
                patiently(|| kept::refused(app, login.workspace_id, run)).await?;
                Ok(None)
            }
            Kept::Of(run) | Kept::Sent(run, _) => {
                let found = patiently(|| kept::for_login(app, login, run)).await?;
                let answer =
                    found.as_ref().and_then(|found| Credentials::from_bytes(&found.plain)?.answer(prompt));
                let consent = found.filter(|_| answer.is_some()).map(|found| found.consented_at);
                self.kept = consent.map_or(Kept::Nothing, |at| Kept::Sent(run, at));
                Ok(answer)
            }
            Kept::Nothing => Ok(None),
        }
    }

    /// Puts the question to the customer; the inner error is why there is no answer.
    async fn ask(&mut self, mut prompt: Prompt) -> Result<Result<Answer, FailureCode>, Error> {
        prompt.may_keep = self.may_keep && prompt.asks_password();
        let (app, login) = (self.app, self.login);
        let (id, number) = patiently(|| service::ask(app, login, prompt.clone())).await?;
        let sealed = match service::hear(self.app, self.login, id).await? {
            Heard::Answer(sealed) => sealed,
            Heard::Nothing(code) => return Ok(Err(code)),
            Heard::Ended => return Err(Error::Gone),
        };
        let place = Place { login: self.login.id, prompt: number };
        let opened = self.key.open(place, &sealed).ok();
        // Sealed by the page for this prompt: anything else is not a customer's answer.
        Ok(opened.and_then(|bytes| Answer::from_bytes(&bytes)).ok_or(FailureCode::AnswerRejected))
    }

    /// Lets the driver act, if the budgets allow; the inner error is why the login ends.
    async fn carry_out(&mut self, step: &Move) -> Result<Result<PageSnapshot, Failure>, Error> {
        if let Move::Perform(perform) = step
            && let Some(submit) = &perform.submit
        {
            let identifier = submit.identifier.as_ref();
            if let Some(code) = service::may_submit(self.app, self.login, submit.kind, identifier).await? {
                return Ok(Err(Failure::new(code)));
            }
        }
        let mut failures = 0;
        loop {
            match driver::carry_out(self.driver.as_mut(), step).await {
                Ok(Some(page)) => return Ok(Ok(page)),
                Ok(None) => return Ok(Err(Failure::new(FailureCode::UnknownPage))),
                Err(error) => {
                    failures += 1;
                    let is_site = error.code() == FailureCode::SiteUnavailable;
                    if !is_site || self.machine.has_sent_secret() || failures > RETRIES {
                        tracing::info!(
                            login.id = %self.login.id,
                            error = &error as &dyn std::error::Error,
                            "A source system could not be driven."
                        );
                        return Ok(Err(Failure::new(error.code())));
                    }
                    tokio::time::sleep(retry::growing(FIRST_PAUSE, LONGEST_PAUSE, failures)).await;
                }
            }
        }
    }

    async fn signed_in(&mut self) -> Result<(), Error> {
        match self.driver.save().await {
            Ok(session) => {
                let (app, login) = (self.app, self.login);
                let agreed_at = match self.kept {
                    Kept::Sent(_, at) => Some(at),
                    Kept::Nothing | Kept::Of(_) => None,
                };
                let done = SignedIn {
                    state: session.to_bytes(),
                    credentials: self.machine.kept().map(|kept| (kept.to_bytes(), agreed_at)),
                    had_factor: self.machine.had_factor(),
                };
                patiently(|| service::signed_in(app, login, &done)).await
            }
            Err(error) => self.fail(Failure::new(error.code())).await,
        }
    }

    async fn fail(&mut self, failure: Failure) -> Result<(), Error> {
        tracing::info!(
            login.id = %self.login.id,
            failure.code = failure.code.as_str(),
            reasons = ?self.machine.reasons(),
            "A login ended without a session."
        );
        service::failed(self.app, self.login, failure).await
    }
}
