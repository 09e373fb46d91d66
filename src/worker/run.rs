//! The runner: claims runs and carries out their workflows with the signed-in session.

use std::panic::AssertUnwindSafe;

use entity::{FailureCode, run};
use futures_util::FutureExt as _;
use serde_json::{Map, Value};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{AFTER_ERROR, keep_busy, patiently};
use crate::domain::Origins;
use crate::domain::failure::Failure;
use crate::domain::step::Step;
use crate::driver::workflow::{self, StepError};
use crate::driver::{self, Driver, Session, Tools};
use crate::service::run::{self as service, Outcome, Place, Work};
use crate::service::{App, Error};

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
    let ended = AssertUnwindSafe(workflows(&app, run.clone())).catch_unwind().await;
    let result = match ended {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => Err(broken_off(&run, &error)),
        Err(_panic) => Err(broken_off(&run, &Panicked)),
    };
    while let Err(error) = service::finish(&app, run.clone(), result.clone()).await {
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
}

async fn workflows(app: &App, run: run::Model) -> Result<Result<Value, Failure>, Error> {
    let Work { run, workflows, source_system, session } =
        patiently(|| service::work(app, run.clone())).await?;
    let session = session.and_then(|bytes| Session::from_bytes(&bytes));
    let Some(session) = session else { return Ok(Err(Failure::new(FailureCode::ReloginRequired))) };
    let login_url = Url::parse(&source_system.login_url).map_err(Error::internal)?;
    let origins = Origins::new(&login_url, &source_system.allowed_origins.0);
    let tools = Tools {
        egress: app.sources.clone(),
        origins: origins.clone(),
        browsers: Some(app.browsers.clone()),
        language: None,
    };
    let driver = match driver::start(session.driver(), tools, Some(&session)) {
        Ok(driver) => driver,
        Err(error) => return Ok(Err(Failure::new(error.code()))),
    };
    let mut runner = Runner { app, run: &run, driver, origins };
    let mut output = Map::new();
    let (mut position, mut bytes) = (0, 0);
    for workflow in &workflows {
        let mut values = Map::new();
        for (index, step) in workflow.steps.iter().enumerate() {
            let index = i32::try_from(index).unwrap_or(i32::MAX);
            let place = Place { workflow: &workflow.name, position, index, step };
            match runner.step(place, OUTPUT_BYTES.saturating_sub(bytes)).await? {
                Ok(Some((name, value))) => {
                    bytes += value.to_string().len();
                    values.insert(name, value);
                }
                Ok(None) => {}
                Err(code) => return Ok(Err(Failure::new(code))),
            }
            position += 1;
        }
        output.insert(workflow.name.clone(), Value::Object(values));
    }
    Ok(Ok(Value::Object(output)))
}

/// What a step read, with its name; or the code that ends the run.
type Stepped = Result<Option<(String, Value)>, FailureCode>;

impl Runner<'_> {
    /// Carries out one step, whose value may take up `room` bytes.
    async fn step(&mut self, place: Place<'_>, room: usize) -> Result<Stepped, Error> {
        self.save(place, Outcome::Begun).await?;
        let began = Instant::now();
        let result = workflow::run(self.driver.as_mut(), &self.origins, place.step).await;
        let duration_ms = i32::try_from(began.elapsed().as_millis()).unwrap_or(i32::MAX);
        let result = match result {
            Ok(Some(value)) if value.to_string().len() > room => Err((
                FailureCode::StepFailed,
                format!("the output of the run is larger than {OUTPUT_BYTES} bytes"),
            )),
            Ok(value) => Ok(value),
            Err(StepError::LoginAgain) => {
                Err((FailureCode::ReloginRequired, StepError::LoginAgain.to_string()))
            }
            Err(error) => Err((FailureCode::StepFailed, error.to_string())),
        };
        let (outcome, stepped) = match result {
            Ok(output) => {
                let named = output.clone().zip(name(place.step)).map(|(value, name)| (name, value));
                (Outcome::Done { output, duration_ms }, Ok(named))
            }
            Err((code, error)) => (Outcome::Failed { error, duration_ms }, Err(code)),
        };
        self.save(place, outcome).await?;
        Ok(stepped)
    }

    async fn save(&mut self, place: Place<'_>, outcome: Outcome) -> Result<(), Error> {
        let (app, run) = (self.app, self.run);
        patiently(|| service::save_step(app, run, place, outcome.clone())).await
    }
}

fn name(step: &Step) -> Option<String> {
    match step {
        Step::Extract(extract) => Some(extract.name.clone()),
        Step::Goto(_) | Step::Click(_) | Step::Fill(_) | Step::WaitFor(_) => None,
    }
}
