//! From a partner's JSON to a recipe, or to the first thing that is wrong with it and where.

use serde_json::Value;
use url::Url;

use super::{Condition, Recipe, Step};
use crate::domain::origins;

/// How large a recipe may be, in bytes of JSON.
const MOST_BYTES: usize = 16 * 1_024;
/// Different selectors in one recipe: all of them are looked for on every page.
const MOST_SELECTORS: usize = 100;
/// Passwords in one login that a recipe may ask for.
const MOST_PASSWORDS: u32 = 3;

/// What is wrong with a recipe, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct Flaw {
    /// The place, dots between levels: `steps.0.fields.password`. Empty for the recipe as a whole.
    pub path: String,
    /// What is allowed.
    pub problem: String,
}

impl Flaw {
    pub(super) fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { path: path.into(), problem: problem.into() }
    }
}

/// Reads a recipe.
///
/// # Errors
/// The first flaw.
pub fn read(json: &Value) -> Result<Recipe, Flaw> {
    if !json.is_object() {
        return Err(Flaw::new("", "must be a JSON object"));
    }
    let text = json.to_string();
    if text.len() > MOST_BYTES {
        return Err(Flaw::new("", format!("must be at most {MOST_BYTES} bytes of JSON")));
    }
    if text.contains("\\u0000") {
        return Err(Flaw::new("", "must not contain the character U+0000"));
    }
    let recipe: Recipe = serde_path_to_error::deserialize(json).map_err(|error| at(&error))?;
    whole(&recipe)?;
    Ok(recipe)
}

fn at(error: &serde_path_to_error::Error<serde_json::Error>) -> Flaw {
    let path = error.path().iter().filter_map(|segment| match segment {
        serde_path_to_error::Segment::Seq { index } => Some(index.to_string()),
        serde_path_to_error::Segment::Map { key } => Some(key.clone()),
        serde_path_to_error::Segment::Enum { variant } => Some(variant.clone()),
        serde_path_to_error::Segment::Unknown => None,
    });
    Flaw::new(path.collect::<Vec<_>>().join("."), error.inner().to_string())
}

/// What single values cannot tell.
fn whole(recipe: &Recipe) -> Result<(), Flaw> {
    for (index, url) in recipe.origins.iter().enumerate() {
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        web(&format!("origins.{index}"), url)?;
        if !bare {
            let problem = "must be an origin: scheme, host and port, without a path";
            return Err(Flaw::new(format!("origins.{index}"), problem));
        }
    }
    recipe.login_url.iter().try_for_each(|url| web("loginUrl", url))?;
    for (index, one) in recipe.steps.iter().enumerate() {
        step(&format!("steps.{index}"), one)?;
    }
    for (verdict, list) in &recipe.results {
        let name = serde_json::to_value(verdict).ok();
        let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
        for (index, one) in list.0.iter().enumerate() {
            condition(&format!("results.{name}.{index}"), one)?;
        }
    }
    if let Some(probe) = &recipe.probe {
        web("probe.url", &probe.url)?;
        condition("probe.expect", &probe.expect)?;
    }
    let passwords = recipe.policy.max_password_submits;
    if passwords.is_some_and(|most| !(1..=MOST_PASSWORDS).contains(&most)) {
        let problem = format!("must be 1 to {MOST_PASSWORDS}");
        return Err(Flaw::new("policy.maxPasswordSubmits", problem));
    }
    if recipe.selectors().len() > MOST_SELECTORS {
        return Err(Flaw::new("", format!("must hold at most {MOST_SELECTORS} different selectors")));
    }
    Ok(())
}

fn step(path: &str, step: &Step) -> Result<(), Flaw> {
    condition(&format!("{path}.match"), &step.matches)?;
    step.not.iter().try_for_each(|not| condition(&format!("{path}.not"), not))?;
    if step.fields.is_empty() && step.submit.is_none() {
        return Err(Flaw::new(path, "must have fields, submit or both"));
    }
    Ok(())
}

fn condition(path: &str, condition: &Condition) -> Result<(), Flaw> {
    if condition.is_empty() {
        return Err(Flaw::new(path, "must have at least one of path, has, text"));
    }
    Ok(())
}

fn web(path: &str, url: &Url) -> Result<(), Flaw> {
    let plain = url.username().is_empty() && url.password().is_none();
    if origins::text_of(url).is_none() || !plain {
        return Err(Flaw::new(path, "must be an http or https URL without a user name or password"));
    }
    Ok(())
}
