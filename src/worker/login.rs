//! The login engine: claims logins, holds their keys, and drives each to its end.
//!
//! One task a login. It holds the private key, the driver and the machine in its memory and nothing
//! else does; everything the customer sees goes through rows (see `service::login`). When the task or
//! the process dies, the claim on the row is what is left, and whoever frees it decides honestly.

mod choice;
mod kept;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use entity::{FailureCode, PromptId, PromptKind, login};
use futures_util::FutureExt as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::choice::Choice;
use self::kept::Kept;
use super::{AFTER_ERROR, keep_busy, observe, patiently};
use crate::domain::failure::Failure;
use crate::domain::prompt::{Answer, Media, Prompt};
use crate::domain::sign_in::{Action, Machine, Move, Outcome, Target};
use crate::domain::snapshot::PageSnapshot;
use crate::domain::{Origins, origins, retry};
use crate::driver::{self, Driver, Picture, Tools};
use crate::service::login::{self as service, Heard, SignedIn, Work};
use crate::service::{App, Error};
use crate::vault::{LoginKey, Place};

/// How many logins one engine drives at a time; more wait in the queue. Most of them wait for their customers,
/// and by http each costs less than a megabyte; browsers have a limit of their own.
pub const LOGINS: usize = 256;
/// How often a site that is down is tried again, while no secret has been sent.
const RETRIES: u32 = 3;
/// The first pause between such tries.
const FIRST_PAUSE: Duration = Duration::from_millis(400);
/// The longest pause between such tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// While an approval is waited for, the site is asked so often.
const BETWEEN_LOOKS: Duration = Duration::from_secs(3);
/// No app lets an approval wait for longer.
const LONGEST_APPROVAL: Duration = Duration::from_mins(5);

/// Claims what waits and begins to drive it; returns how many logins that are.
///
/// # Errors
/// If the database does not answer.
pub async fn step(app: &App, live: &mut JoinSet<()>) -> Result<usize, Error> {
    while live.try_join_next().is_some() {}
    let room = LOGINS.saturating_sub(live.len());
    if room == 0 {
        service::turn_away(app).await?;
    }
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
    /// The origin of the login URL.
    site: String,
    key: LoginKey,
    machine: Machine,
    target: Target,
    driver: Box<dyn Driver>,
    choice: Choice,
    may_keep: bool,
    kept: Kept,
}

async fn sign_in(app: &App, login: &login::Model) -> Result<(), Error> {
    let work = patiently(|| service::work(app, login)).await?;
    let key = LoginKey::generate();
    service::publish_key(app, login, key.public_key()).await?;
    let mut target = target(&work)?;
    let tools = Tools {
        egress: app.sources.clone(),
        origins: target.origins.clone(),
        browsers: Some(app.browsers.clone()),
        language: work.locale,
    };
    let recipe = work.recipe;
    let by_recipe = recipe.as_ref().and_then(|recipe| recipe.driver);
    let wanted = match work.source_system.driver {
        entity::Driver::Auto => by_recipe.unwrap_or(entity::Driver::Auto),
        chosen => chosen,
    };
    let choice = Choice::new(wanted, tools);
    let driver = match choice.start() {
        Ok(driver) => driver,
        Err(error) => return service::failed(app, login, Failure::new(error.code())).await,
    };
    let site = origins::text_of(&target.login_url).unwrap_or_default();
    target.runs_scripts = driver.runs_scripts();
    let machine = Machine::new(target.clone()).with_recipe(recipe);
    patiently(|| service::drives(app, login, choice.used)).await?;
    let (may_keep, kept) = (work.may_keep, Kept::of(work.relogin));
    Engine { app, login, site, key, machine, target, driver, choice, may_keep, kept }.run().await
}

fn shown(kind: PromptKind, picture: Picture) -> Media {
    let (content_type, data) = (picture.content_type.to_owned(), picture.data);
    if kind == PromptKind::Approval {
        Media::Qr { content_type, data }
    } else {
        Media::Image { content_type, data }
    }
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
                    None => self.ask(*prompt).await?,
                },
                Move::Perform(_) | Move::Probe(_) => match self.carry_out(&step).await? {
                    Ok(page) => {
                        self.choice.saw(&page);
                        observe(&mut self.machine, self.driver.as_mut(), page).await
                    }
                    Err(failure) => Move::End(Outcome::Failed(failure)),
                },
                Move::End(Outcome::SignedIn) => return self.signed_in().await,
                Move::End(Outcome::Failed(failure)) => match self.begin_again(&failure).await? {
                    Some(step) => step,
                    None => return self.fail(failure).await,
                },
            };
        }
    }

    /// The first move of the other driver, if there is one and it is not too late for it.
    async fn begin_again(&mut self, failure: &Failure) -> Result<Option<Move>, Error> {
        if self.machine.has_sent_secret() || !self.choice.moves_on(failure.code) {
            return Ok(None);
        }
        let Ok(driver) = self.choice.start() else { return Ok(None) };
        let (app, login, used) = (self.app, self.login, self.choice.used);
        tracing::info!(login.id = %login.id, reasons = ?self.machine.reasons(), "A login moves to the browser.");
        patiently(|| service::drives(app, login, used)).await?;
        self.driver = driver;
        self.target.runs_scripts = self.driver.runs_scripts();
        self.machine = Machine::new(self.target.clone()).with_recipe(self.machine.recipe().cloned());
        Ok(Some(self.machine.start()))
    }

    async fn kept_answer(&mut self, prompt: &Prompt) -> Result<Option<Answer>, Error> {
        let sent = self.machine.has_sent_secret();
        self.kept.answer((self.app, self.login), prompt, sent).await
    }

    /// Puts the question to the customer and returns what the machine makes of the answer.
    async fn ask(&mut self, mut prompt: Prompt) -> Result<Move, Error> {
        prompt.may_keep = self.may_keep && prompt.asks_password();
        let (app, login) = (self.app, self.login);
        if let Some(image) = self.machine.picture() {
            match self.driver.picture(image).await {
                Ok(picture) => prompt.media.push(shown(prompt.kind, picture)),
                Err(error) => {
                    tracing::info!(
                        login.id = %login.id,
                        error = &error as &dyn std::error::Error,
                        "A picture of a source system could not be had."
                    );
                    if prompt.kind != PromptKind::Approval {
                        return Ok(self.machine.without_picture());
                    }
                }
            }
        }
        let (id, number) = patiently(|| service::ask(app, login, prompt.clone())).await?;
        let heard = if prompt.polls {
            self.hear_or_look(id, prompt.kind).await?
        } else {
            Ok(service::hear(app, login, id).await?)
        };
        let sealed = match heard {
            Ok(Heard::Answer(sealed)) => sealed,
            Ok(Heard::Nothing(code)) => return Ok(Move::End(Outcome::Failed(Failure::new(code)))),
            Ok(Heard::Ended) => return Err(Error::Gone),
            Err(step) => return Ok(*step),
        };
        let place = Place { login: self.login.id, prompt: number };
        let opened = self.key.open(place, &sealed).ok();
        // Sealed by the page for this prompt: anything else is not a customer's answer.
        Ok(match opened.and_then(|bytes| Answer::from_bytes(&bytes)) {
            Some(answer) => self.machine.answer(&answer),
            None => Move::End(Outcome::Failed(Failure::new(FailureCode::AnswerRejected))),
        })
    }

    /// Waits for the customer's word, and looks meanwhile whether the site goes on without it; the inner
    /// error is what there is to do then.
    async fn hear_or_look(
        &mut self,
        prompt: PromptId,
        kind: PromptKind,
    ) -> Result<Result<Heard, Box<Move>>, Error> {
        let began = self.app.clock.now();
        loop {
            if let Some(heard) = service::hear_within(self.app, self.login, prompt, BETWEEN_LOOKS).await? {
                return Ok(Ok(heard));
            }
            // What is to be done at the site itself may take as long as the customer wants.
            if kind == PromptKind::Approval && self.app.clock.now().since(began) >= LONGEST_APPROVAL {
                return Ok(Err(Box::new(self.machine.waited_enough())));
            }
            let step = match self.look().await {
                Ok(page) => self.machine.look_again(&page),
                // A browser that has gone does not come back.
                Err(error @ driver::Error::Crashed) => {
                    Some(Move::End(Outcome::Failed(self.not_driven(&error))))
                }
                // A site that does not answer once is asked again in a moment.
                Err(_) => None,
            };
            if let Some(step) = step {
                return Ok(Err(Box::new(step)));
            }
        }
    }

    /// The page as it is now: one that no script changes has to be loaded again for that.
    async fn look(&mut self) -> Result<PageSnapshot, driver::Error> {
        let page = self.driver.snapshot().await?;
        if self.driver.runs_scripts() && page.scripts > 0 {
            return Ok(page);
        }
        self.driver.perform(&Action::Reload).await?;
        self.driver.snapshot().await
    }

    /// Lets the driver act, if the budgets allow; the inner error is why the login ends.
    async fn carry_out(&mut self, step: &Move) -> Result<Result<PageSnapshot, Failure>, Error> {
        if let Move::Perform(perform) = step
            && let Some(submit) = &perform.submit
        {
            let identifier = submit.identifier.as_ref();
            let what = (submit.kind, self.site.as_str());
            if let Some(code) = service::may_submit(self.app, self.login, what, identifier).await? {
                return Ok(Err(Failure::new(code)));
            }
        }
        if let Err(error) = self.wait_in_line().await? {
            return Ok(Err(self.not_driven(&error)));
        }
        let mut failures = 0;
        loop {
            match driver::carry_out(self.driver.as_mut(), step).await {
                Ok(Some(page)) => return Ok(Ok(page)),
                Ok(None) => return Ok(Err(Failure::new(FailureCode::UnknownPage))),
                Err(error) => {
                    failures += 1;
                    self.choice.stuck(&error);
                    let is_site = error.code() == FailureCode::SiteUnavailable;
                    if !is_site || self.machine.has_sent_secret() || failures > RETRIES {
                        return Ok(Err(self.not_driven(&error)));
                    }
                    tokio::time::sleep(retry::growing(FIRST_PAUSE, LONGEST_PAUSE, failures)).await;
                }
            }
        }
    }

    /// Waits for a browser, if one is needed and all are taken; the customer is told so meanwhile.
    async fn wait_in_line(&mut self) -> Result<Result<(), driver::Error>, Error> {
        if !self.driver.must_wait() {
            return Ok(Ok(()));
        }
        let (app, login) = (self.app, self.login);
        patiently(|| service::stand_in_line(app, login)).await?;
        let ready = self.driver.prepare().await;
        patiently(|| service::leave_line(app, login)).await?;
        Ok(ready)
    }

    fn not_driven(&self, error: &driver::Error) -> Failure {
        tracing::info!(
            login.id = %self.login.id,
            error = error as &dyn std::error::Error,
            "A source system could not be driven."
        );
        Failure::new(error.code())
    }

    async fn signed_in(&mut self) -> Result<(), Error> {
        match self.driver.save().await {
            Ok(session) => {
                let (app, login) = (self.app, self.login);
                if let Some(recipe) = self.machine.learned() {
                    patiently(|| service::learned(app, login, &recipe)).await?;
                }
                let done = SignedIn {
                    state: session.to_bytes(),
                    credentials: self.machine.kept().map(|kept| (kept.to_bytes(), self.kept.agreed_at())),
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
