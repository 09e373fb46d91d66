//! Signing in again without a customer, by what the customer agreed may be kept.
//!
//! The kept password is sent once. Whatever the site asks beyond it ends the try before anything is
//! pressed or sent for it: no code is asked for behind a customer's back.

use std::time::Duration;

use entity::{FailureCode, PromptKind, run};
use url::Url;

use super::{observe, patiently};
use crate::domain::failure::{self, Class, Failure};
use crate::domain::recipe::Recipe;
use crate::domain::sign_in::{Credentials, Machine, Move, Outcome, Target};
use crate::domain::snapshot::PageSnapshot;
use crate::domain::{detector, origins};
use crate::driver::{self, Driver};
use crate::service::{App, Error, kept};

/// A site that takes longer is not there for us now.
const LONGEST: Duration = Duration::from_mins(3);

/// Whether the site still takes the session: asked with a page that only its customer sees, and without
/// any secret. The inner error is the site's.
pub(super) async fn is_alive(driver: &mut dyn Driver, place: Url) -> Result<bool, Failure> {
    let page = driver::probe(driver, place).await.map_err(|error| Failure::new(error.code()))?;
    Ok(!detector::is_sign_in(&page) && page.status != 401)
}

/// A sign-in without a customer.
pub(super) struct Relogin<'a> {
    pub(super) app: &'a App,
    pub(super) run: &'a run::Model,
    pub(super) source_system: entity::SourceSystemId,
    pub(super) recipe: Option<Recipe>,
    pub(super) driver: &'a mut dyn Driver,
    pub(super) kept: Credentials,
}

/// How it ended: signed in, or why not.
type Ended = Result<(), Failure>;

impl Relogin<'_> {
    /// Signs in, once; the inner error ends the run.
    pub(super) async fn sign_in(mut self, target: Target) -> Result<Ended, Error> {
        match tokio::time::timeout(LONGEST, self.try_to(target)).await {
            Ok(ended) => ended,
            Err(_elapsed) => Ok(Err(Failure::new(FailureCode::SiteUnavailable))),
        }
    }

    async fn try_to(&mut self, target: Target) -> Result<Ended, Error> {
        let site = origins::text_of(&target.login_url).unwrap_or_default();
        let mut machine = Machine::new(target).with_recipe(self.recipe.take());
        let mut step = machine.start();
        loop {
            step = match step {
                Move::Ask(prompt) => {
                    let sent = machine.has_sent_secret();
                    if sent && prompt.kind == PromptKind::Credentials {
                        self.forget().await?;
                        return Ok(Err(needs_customer(prompt.site_error)));
                    }
                    match self.kept.answer(&prompt).filter(|_| !sent && prompt.rejected.is_none()) {
                        Some(answer) => machine.answer(&answer),
                        None => return Ok(Err(needs_customer(None))),
                    }
                }
                Move::Perform(_) | Move::Probe(_) => match self.carry_out(&step, &site).await? {
                    Ok(page) => observe(&mut machine, self.driver, page).await,
                    Err(failure) => return Ok(Err(failure)),
                },
                Move::End(Outcome::SignedIn) => return Ok(Ok(())),
                Move::End(Outcome::Failed(failure)) => {
                    return self.ended(failure, machine.has_sent_secret()).await;
                }
            };
        }
    }

    async fn carry_out(&mut self, step: &Move, site: &str) -> Result<Result<PageSnapshot, Failure>, Error> {
        if let Move::Perform(perform) = step
            && let Some(submit) = &perform.submit
        {
            let (app, run, source_system) = (self.app, self.run, (self.source_system, site));
            let named = submit.identifier.as_ref();
            if let Some(code) = patiently(|| kept::may_submit(app, run, source_system, named)).await? {
                return Ok(Err(Failure::new(code)));
            }
        }
        Ok(match driver::carry_out(self.driver, step).await {
            Ok(Some(page)) => Ok(page),
            Ok(None) => Err(Failure::new(FailureCode::UnknownPage)),
            Err(error) => Err(Failure::new(error.code())),
        })
    }

    /// A page that is no question: what the site is to blame for is told as it is, everything else is for
    /// the customer. A password after which the site said anything but that it is out of order is not
    /// tried again.
    async fn ended(&mut self, failure: Failure, sent: bool) -> Result<Ended, Error> {
        let class = failure::class(failure.code);
        if sent && class != Class::Site {
            self.forget().await?;
        }
        if sent && failure.code == FailureCode::AccountLocked && failure.site_message.is_some() {
            let (app, run) = (self.app, self.run);
            patiently(|| kept::locked(app, run)).await?;
        }
        let told = matches!(class, Class::Site | Class::Account);
        Ok(Err(if told { failure } else { needs_customer(failure.site_message) }))
    }

    async fn forget(&mut self) -> Result<(), Error> {
        let (app, run) = (self.app, self.run);
        tracing::info!(run.id = %run.id, "A kept password was not taken, and is forgotten.");
        patiently(|| kept::refused(app, run.workspace_id, run.id)).await
    }
}

fn needs_customer(words: Option<String>) -> Failure {
    Failure::new(FailureCode::ReloginRequired).with_site_message(words)
}
