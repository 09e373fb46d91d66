//! The runner: claims runs and carries out their workflows with the signed-in session.

use std::panic::AssertUnwindSafe;

use entity::{FailureCode, FileId, run};
use futures_util::FutureExt as _;
use serde_json::{Map, Value};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;
use zeroize::Zeroizing;

use super::relogin::{self, Relogin};
use super::{AFTER_ERROR, keep_busy, patiently};
use crate::domain::Origins;
use crate::domain::failure::Failure;
use crate::domain::sign_in::{Credentials, Target};
use crate::domain::step::{Step, Workflow};
use crate::driver::workflow::{self, FileRule, Got, StepError};
use crate::driver::{self, Download, Driver, Session, Tools};
use crate::service::run::{self as service, Outcome, Place, Work};
use crate::service::{App, Error, file, kept};

/// How many runs one worker carries out at a time; more wait in the queue.
const RUNS: usize = 32;
/// How large the output of a run may be, in bytes of JSON.
const OUTPUT_BYTES: usize = 1024 * 1024;

/// Claims what waits and begins to carry it out; returns how many runs that are.
///
/// # Errors
/// If the database does not answer.
pub async fn step(app: &App, live: &mut JoinSet<()>) -> Result<usize, Error> {
    let room = RUNS.saturating_sub(live.len());
    let claimed = service::claim(app, room as u64).await?;
    let count = claimed.len();
    for run in claimed {
        live.spawn(carry_out(app.clone(), run));
    }
    Ok(count)
}

/// Runs until `stop`; the runs that live then are taken over by the next server.
pub(super) async fn run(app: App, stop: CancellationToken) {
    keep_busy(&app, &stop, &app.bus.runs, |app, live| Box::pin(step(app, live))).await;
}

/// One run from its claim to its end; whatever happens, the row says how it ended.
async fn carry_out(app: App, run: run::Model) {
    let work = AssertUnwindSafe(workflows(&app, run.clone())).catch_unwind();
    let ended = tokio::select! {
        ended = work => ended,
        // Its session was revoked, or another worker has it.
        () = service::lost(&app, &run) => return,
    };
    let (result, state) = match ended {
        Ok(Ok(done)) => done,
        Ok(Err(Error::Gone)) => return,
        Ok(Err(error)) => (Err(broken_off(&run, &error)), None),
        Err(_panic) => (Err(broken_off(&run, &Panicked)), None),
    };
    let state = state.as_ref().map(|state| state.as_slice());
    while let Err(error) = service::finish(&app, &run, result.clone(), state).await {
        tracing::warn!(run.id = %run.id, error = &error as &dyn std::error::Error, "The end of a run has to wait.");
        tokio::time::sleep(AFTER_ERROR).await;
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a step panicked")]
struct Panicked;

fn broken_off(run: &run::Model, why: &(dyn std::error::Error + 'static)) -> Failure {
    tracing::error!(run.id = %run.id, error = why, "A run broke off.");
    Failure::new(FailureCode::Interrupted)
}

/// What a run holds while it lives.
struct Runner<'a> {
    app: &'a App,
    run: &'a run::Model,
    driver: Box<dyn Driver>,
    origins: Origins,
    taken: Taken,
}

/// What came of a run, and the session as it is afterwards.
type Ended = (Result<Value, Failure>, Option<Zeroizing<Vec<u8>>>);

async fn workflows(app: &App, run: run::Model) -> Result<Ended, Error> {
    let work = patiently(|| service::work(app, run.clone())).await?;
    let login_url = Url::parse(&work.source_system.login_url).map_err(Error::internal)?;
    let origins = Origins::new(&login_url, &work.source_system.allowed_origins.0);
    let tools = Tools {
        egress: app.sources.clone(),
        origins: origins.clone(),
        browsers: Some(app.browsers.clone()),
        language: None,
    };
    let session = work.session.as_ref().and_then(|bytes| Session::from_bytes(bytes));
    let kind = session.as_ref().map_or(work.source_system.driver, Session::driver);
    let driver = match driver::start(kind, tools, session.as_ref()) {
        Ok(driver) => driver,
        Err(error) => return Ok((Err(Failure::new(error.code())), None)),
    };
    let mut runner = Runner { app, run: &run, driver, origins, taken: Taken::default() };
    if let Err(failure) = runner.sign_in(&work, (login_url, session.is_some())).await? {
        return Ok((Err(failure), None));
    }
    let result = runner.work(&work.workflows).await?;
    // The site may have changed its cookies: the next run goes on with the new ones.
    let state = runner.driver.save().await.ok().filter(|_| result.is_ok());
    Ok((result, state.map(|state| state.to_bytes())))
}

/// The page by which a run learns whether its session is alive: the first that it opens itself, or else
/// that of the sign-in.
fn protected(workflows: &[Workflow], login_url: &Url) -> Url {
    let first = workflows.iter().flat_map(|workflow| &workflow.steps).find_map(|step| match step {
        Step::Goto(goto) => Url::parse(&goto.url).ok(),
        _ => None,
    });
    first.unwrap_or_else(|| login_url.clone())
}

/// What the steps have taken so far.
#[derive(Default)]
struct Taken {
    output_bytes: usize,
    file_bytes: usize,
}

/// What a step read, with its name; or the code that ends the run.
type Stepped = Result<Option<(String, Value)>, FailureCode>;

impl Runner<'_> {
    /// Makes sure that somebody is signed in. The first run follows its sign-in; a rerun asks the site, and
    /// signs in again if it may. The inner error ends the run.
    async fn sign_in(
        &mut self,
        work: &Work,
        (login_url, has_session): (Url, bool),
    ) -> Result<Result<(), Failure>, Error> {
        let over = || Ok(Err(Failure::new(FailureCode::ReloginRequired)));
        if !self.run.rerun {
            return if has_session { Ok(Ok(())) } else { over() };
        }
        if has_session && work.alive {
            match relogin::is_alive(self.driver.as_mut(), protected(&work.workflows, &login_url)).await {
                Ok(true) => return Ok(Ok(())),
                Ok(false) => {}
                Err(failure) => return Ok(Err(failure)),
            }
        }
        let (app, run) = (self.app, self.run);
        let kept = patiently(|| kept::credentials(app, run)).await?;
        let Some(kept) = kept.and_then(|kept| Credentials::from_bytes(&kept.plain)) else { return over() };
        let target =
            Target { login_url, origins: self.origins.clone(), runs_scripts: self.driver.runs_scripts() };
        let source_system = work.source_system.id;
        let recipe = work.recipe.clone();
        let relogin = Relogin { app, run, source_system, recipe, driver: self.driver.as_mut(), kept };
        if let Err(failure) = relogin.sign_in(target).await? {
            return Ok(Err(failure));
        }
        match self.driver.save().await {
            Ok(session) => {
                let state = session.to_bytes();
                patiently(|| kept::renewed(app, run, &state)).await.map(Ok)
            }
            Err(error) => Ok(Err(Failure::new(error.code()))),
        }
    }

    /// All steps, in order, until one fails.
    async fn work(&mut self, workflows: &[Workflow]) -> Result<Result<Value, Failure>, Error> {
        let mut output = Map::new();
        let mut position = 0;
        for workflow in workflows {
            let mut values = Map::new();
            for (index, step) in (0..).zip(&workflow.steps) {
                let place = Place { workflow: &workflow.name, position, index, step };
                match self.step(place).await? {
                    Ok(named) => values.extend(named),
                    Err(code) => return Ok(Err(Failure::new(code))),
                }
                position += 1;
            }
            output.insert(workflow.name.clone(), Value::Object(values));
        }
        Ok(Ok(Value::Object(output)))
    }

    /// Carries out one step and saves how it ended.
    async fn step(&mut self, place: Place<'_>) -> Result<Stepped, Error> {
        self.save(place, Outcome::Begun).await?;
        let began = Instant::now();
        let result = self.carry_out(place).await?;
        let duration_ms = i32::try_from(began.elapsed().as_millis()).unwrap_or(i32::MAX);
        let (outcome, stepped) = match result {
            Ok(Done { output, file }) => {
                let named = output.clone().zip(name(place.step)).map(|(value, name)| (name, value));
                (Outcome::Done { output, file, duration_ms }, Ok(named))
            }
            Err((code, error)) => (Outcome::Failed { error, duration_ms }, Err(code)),
        };
        self.save(place, outcome).await?;
        Ok(stepped)
    }

    /// The inner error is the step's: the code that ends the run, and why for a developer.
    async fn carry_out(&mut self, place: Place<'_>) -> Result<Result<Done, (FailureCode, String)>, Error> {
        let limits = &self.app.files;
        let most = limits.file_bytes.min(limits.run_bytes.saturating_sub(self.taken.file_bytes));
        let files = FileRule { most, types: &limits.types };
        let failed = |why: String| Ok(Err((FailureCode::StepFailed, why)));
        match workflow::run(self.driver.as_mut(), &self.origins, place.step, files).await {
            Ok(Got::Nothing) => Ok(Ok(Done::default())),
            Ok(Got::Value(value)) => {
                self.taken.output_bytes += value.to_string().len();
                if self.taken.output_bytes > OUTPUT_BYTES {
                    return failed(format!("the output of the run is larger than {OUTPUT_BYTES} bytes"));
                }
                Ok(Ok(Done { output: Some(value), file: None }))
            }
            Ok(Got::File(download)) => {
                self.taken.file_bytes += download.body.len();
                Ok(Ok(Done { output: None, file: Some(self.put(place, download).await?) }))
            }
            Err(StepError::LoginAgain) => {
                Ok(Err((FailureCode::ReloginRequired, StepError::LoginAgain.to_string())))
            }
            Err(error) => failed(error.to_string()),
        }
    }

    /// Writes down what the site handed out.
    async fn put(&mut self, place: Place<'_>, download: Download) -> Result<FileId, Error> {
        let new =
            file::New { file_name: download.name, content_type: download.content_type, body: download.body };
        let source = file::Source {
            workflow: place.workflow.to_owned(),
            position: place.position,
            name: name(place.step).unwrap_or_default(),
        };
        let (app, run) = (self.app, self.run);
        patiently(|| file::put(app, run, source.clone(), &new)).await
    }

    async fn save(&mut self, place: Place<'_>, outcome: Outcome) -> Result<(), Error> {
        let (app, run) = (self.app, self.run);
        patiently(|| service::save_step(app, run, place, outcome.clone())).await
    }
}

/// What a step that ended well leaves.
#[derive(Default)]
struct Done {
    output: Option<Value>,
    file: Option<FileId>,
}

fn name(step: &Step) -> Option<String> {
    match step {
        Step::Extract(extract) => Some(extract.name.clone()),
        Step::Download(download) => Some(download.name.clone()),
        Step::Goto(_) | Step::Click(_) | Step::Fill(_) | Step::WaitFor(_) => None,
    }
}
