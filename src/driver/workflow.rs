//! Steps of a workflow on a driver that holds a signed-in session.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::{Driver, Error, Found, FoundKind};
use crate::domain::detector;
use crate::domain::sign_in::Action;
use crate::domain::step::{Click, Extract, Fill, Goto, Step, WaitFor};
use crate::domain::{Origins, Secret};

/// Between two looks at a page that is waited for; sites count requests.
const PAUSE: Duration = Duration::from_millis(750);

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The site asks to sign in again: the session has ended.
    #[error("the site asks to sign in again")]
    LoginAgain,
    /// It took longer than the step may.
    #[error("not done within {0:?}")]
    Timeout(Duration),
    /// The address is outside of the allowed origins.
    #[error("outside of the allowed origins: {0}")]
    OutsideOrigins(String),
    /// Not an address.
    #[error("not an address: {0}")]
    BadUrl(String),
    /// Nothing on the page matches.
    #[error("nothing matches {0}")]
    NothingMatches(String),
    /// What matches cannot be used like this.
    #[error("what matches {0} cannot be clicked or filled without scripts")]
    NotUsable(String),
    /// The site answered with an error.
    #[error("the site answered with status {0}")]
    Status(u16),
    /// The driver failed.
    #[error(transparent)]
    Driver(#[from] Error),
}

/// Runs one step and returns what it read, if it reads.
///
/// # Errors
/// See [`StepError`]; [`StepError::LoginAgain`] ends the run as `RELOGIN_REQUIRED`, all others as
/// `STEP_FAILED`.
pub async fn run(
    driver: &mut dyn Driver,
    origins: &Origins,
    step: &Step,
) -> Result<Option<Value>, StepError> {
    let limit = step.timeout();
    let work = async {
        match step {
            Step::Goto(step) => goto(driver, origins, step).await.map(|()| None),
            Step::Click(step) => click(driver, origins, step).await.map(|()| None),
            Step::Fill(step) => fill(driver, step).await.map(|()| None),
            Step::WaitFor(step) => wait_for(driver, origins, step).await.map(|()| None),
            Step::Extract(step) => extract(driver, step).await.map(Some),
        }
    };
    tokio::time::timeout(limit, work).await.map_err(|_| StepError::Timeout(limit))?
}

async fn goto(driver: &mut dyn Driver, origins: &Origins, step: &Goto) -> Result<(), StepError> {
    let url = Url::parse(&step.url).map_err(|_| StepError::BadUrl(step.url.clone()))?;
    inside(origins, &url)?;
    driver.perform(&Action::Open(url)).await?;
    arrived(driver, origins).await
}

async fn click(driver: &mut dyn Driver, origins: &Origins, step: &Click) -> Result<(), StepError> {
    let found = first(driver, &step.selector).await?;
    let action = match found.kind {
        FoundKind::Link => {
            let href = found.attributes.get("href").and_then(|href| Url::parse(href).ok());
            inside(origins, &href.ok_or_else(|| StepError::NotUsable(step.selector.clone()))?)?;
            Action::Follow(found.uid)
        }
        FoundKind::Submit { form } => Action::Submit { form, button: Some(found.uid) },
        FoundKind::Tick => {
            driver.perform(&Action::Pick(found.uid)).await?;
            return Ok(());
        }
        FoundKind::Field | FoundKind::Other => return Err(StepError::NotUsable(step.selector.clone())),
    };
    driver.perform(&action).await?;
    arrived(driver, origins).await
}

async fn fill(driver: &mut dyn Driver, step: &Fill) -> Result<(), StepError> {
    let found = first(driver, &step.selector).await?;
    if found.kind != FoundKind::Field {
        return Err(StepError::NotUsable(step.selector.clone()));
    }
    let value = Secret::new(step.value.clone());
    Ok(driver.perform(&Action::Fill { input: found.uid, value }).await?)
}

/// Looks again until something matches, and loads the page again where no script changes it; the step's own time limit ends it.
async fn wait_for(driver: &mut dyn Driver, origins: &Origins, step: &WaitFor) -> Result<(), StepError> {
    while driver.find(&step.selector).await?.is_empty() {
        tokio::time::sleep(PAUSE).await;
        if !driver.runs_scripts() {
            driver.perform(&Action::Reload).await?;
        }
        arrived(driver, origins).await?;
    }
    Ok(())
}

async fn extract(driver: &mut dyn Driver, step: &Extract) -> Result<Value, StepError> {
    let found = driver.find(&step.selector).await?;
    let read = |found: &Found| match &step.attribute {
        None => Value::String(found.text.clone()),
        Some(name) => found.attributes.get(name).map_or(Value::Null, |value| Value::String(value.clone())),
    };
    match found.first() {
        _ if step.many => Ok(Value::Array(found.iter().map(read).collect())),
        Some(first) => Ok(read(first)),
        None => Err(StepError::NothingMatches(step.selector.clone())),
    }
}

async fn first(driver: &mut dyn Driver, selector: &str) -> Result<Found, StepError> {
    let found = driver.find(selector).await?.into_iter().next();
    found.ok_or_else(|| StepError::NothingMatches(selector.to_owned()))
}

/// Looks at where a step has led: to a sign-in, outside, to an error, or where it should.
async fn arrived(driver: &mut dyn Driver, origins: &Origins) -> Result<(), StepError> {
    let page = driver.snapshot().await?;
    if detector::is_sign_in(&page) {
        return Err(StepError::LoginAgain);
    }
    inside(origins, &page.url)?;
    if page.status >= 400 {
        return Err(StepError::Status(page.status));
    }
    Ok(())
}

fn inside(origins: &Origins, url: &Url) -> Result<(), StepError> {
    if origins.allow(url) {
        return Ok(());
    }
    Err(StepError::OutsideOrigins(
        crate::domain::origins::text_of(url).unwrap_or_else(|| url.scheme().to_owned()),
    ))
}
