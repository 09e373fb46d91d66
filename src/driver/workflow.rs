//! Steps of a workflow on a driver that holds a signed-in session.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::{Download, Driver, Error, Found, FoundKind};
use crate::domain::sign_in::Action;
use crate::domain::step::{self, Click, Extract, Fill, Goto, Shape, Step, WaitFor};
use crate::domain::{Origins, Secret, detector, table};

/// Between two looks at a page that has to be loaded for each; sites count requests.
const PAUSE: Duration = Duration::from_millis(750);
/// Between two looks at a page that changes by itself.
const GLANCE: Duration = Duration::from_millis(200);

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
    #[error("what matches {0} cannot be used like this without scripts")]
    NotUsable(String),
    /// What matches is no table.
    #[error("what matches {0} is not a table")]
    NotATable(String),
    /// The site answered with an error.
    #[error("the site answered with status {0}")]
    Status(u16),
    /// The file is of a type that is not taken.
    #[error("files of type {0} are not taken")]
    FileType(String),
    /// The driver failed.
    #[error(transparent)]
    Driver(#[from] Error),
}

/// What a step got from the page.
pub enum Got {
    /// Nothing: it only did something.
    Nothing,
    /// What it read.
    Value(Value),
    /// What it was handed out.
    File(Download),
}

/// Which files are taken.
#[derive(Clone, Copy, Debug)]
pub struct FileRule<'a> {
    /// Bytes of one file.
    pub most: usize,
    /// `type/subtype`, or `type/*` for all of a family.
    pub types: &'a [String],
}

impl FileRule<'_> {
    fn takes(&self, kind: &str) -> bool {
        self.types.iter().any(|known| match known.strip_suffix("/*") {
            Some(family) => kind.split('/').next() == Some(family),
            None => known == kind,
        })
    }
}

/// Runs one step and returns what it got.
///
/// # Errors
/// See [`StepError`]; [`StepError::LoginAgain`] ends the run as `RELOGIN_REQUIRED`, all others as
/// `STEP_FAILED`.
pub async fn run(
    driver: &mut dyn Driver,
    origins: &Origins,
    step: &Step,
    files: FileRule<'_>,
) -> Result<Got, StepError> {
    let limit = step.timeout();
    let work = async {
        match step {
            Step::Goto(step) => goto(driver, origins, step).await.map(|()| Got::Nothing),
            Step::Click(step) => click(driver, origins, step).await.map(|()| Got::Nothing),
            Step::Fill(step) => fill(driver, step).await.map(|()| Got::Nothing),
            Step::WaitFor(step) => wait_for(driver, origins, step).await.map(|()| Got::Nothing),
            Step::Extract(step) => extract(driver, step).await.map(Got::Value),
            Step::Download(step) => download(driver, origins, step, files).await.map(Got::File),
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

/// Looks until something matches; the step's own time limit ends it. A page without scripts is loaded
/// again for each look, a live one is only looked at.
async fn wait_for(driver: &mut dyn Driver, origins: &Origins, step: &WaitFor) -> Result<(), StepError> {
    while driver.find(&step.selector).await?.is_empty() {
        if driver.runs_scripts() {
            tokio::time::sleep(GLANCE).await;
        } else {
            tokio::time::sleep(PAUSE).await;
            driver.perform(&Action::Reload).await?;
        }
        arrived(driver, origins).await?;
    }
    Ok(())
}

async fn extract(driver: &mut dyn Driver, step: &Extract) -> Result<Value, StepError> {
    let found = driver.find(&step.selector).await?;
    if step.many {
        let mut values = Vec::with_capacity(found.len());
        for found in &found {
            values.push(read(driver, step, found).await?);
        }
        return Ok(Value::Array(values));
    }
    match found.first() {
        Some(first) => read(driver, step, first).await,
        None => Err(StepError::NothingMatches(step.selector.clone())),
    }
}

async fn read(driver: &mut dyn Driver, step: &Extract, found: &Found) -> Result<Value, StepError> {
    if step.shape.is_text() {
        return Ok(match &step.attribute {
            None => Value::String(found.text.clone()),
            Some(name) => {
                found.attributes.get(name).map_or(Value::Null, |value| Value::String(value.clone()))
            }
        });
    }
    let rows = driver.table(found.uid).await.map_err(|error| match error {
        Error::NoTable(_) => StepError::NotATable(step.selector.clone()),
        other => other.into(),
    })?;
    Ok(match step.shape {
        Shape::Objects => Value::Array(table::objects(&rows)),
        Shape::Rows | Shape::Text => table::grid(&rows).into(),
    })
}

async fn download(
    driver: &mut dyn Driver,
    origins: &Origins,
    step: &step::Download,
    files: FileRule<'_>,
) -> Result<Download, StepError> {
    let found = first(driver, &step.selector).await?;
    let file = match driver.download(found.uid, files.most).await {
        Err(Error::NoElement(_)) => return Err(StepError::NotUsable(step.selector.clone())),
        // What came instead says more than that it was no file.
        Err(Error::NoFile) => {
            arrived(driver, origins).await?;
            return Err(Error::NoFile.into());
        }
        other => other?,
    };
    if files.takes(&file.content_type) { Ok(file) } else { Err(StepError::FileType(file.content_type)) }
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
