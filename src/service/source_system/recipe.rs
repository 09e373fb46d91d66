//! A source system's recipe: read, held against the source system, and sealed for the database.

use entity::{SourceSystemId, WorkspaceId, source_system};
use serde_json::Value;
use url::Url;

use crate::domain::Origins;
use crate::domain::recipe::{self, Recipe};
use crate::service::{App, Error, Problem};
use crate::vault::Binding;

/// Reads a recipe for a site with that login URL and those allowed origins.
///
/// # Errors
/// [`Error::Invalid`] with the place inside `recipe` and what is allowed there.
pub(super) fn read(json: &Value, login_url: &Url, origins: &[String]) -> Result<Recipe, Error> {
    let recipe = recipe::read(json).map_err(|flaw| Error::invalid(&place(&flaw.path), flaw.problem))?;
    let allowed = Origins::new(login_url, origins);
    let numbered = recipe.origins.iter().enumerate().map(|(at, url)| (format!("origins.{at}"), url));
    let begins = recipe.login_url.iter().map(|url| ("loginUrl".to_owned(), url));
    let asks = recipe.probe.iter().map(|probe| ("probe.url".to_owned(), &probe.url));
    if let Some((path, _)) = numbered.chain(begins).chain(asks).find(|(_, url)| !allowed.allow(url)) {
        let message = "must be of the source system's allowedOrigins: a recipe does not widen them";
        return Err(Error::input(&place(&path), Problem::ForbiddenUrl, message));
    }
    Ok(recipe)
}

fn place(path: &str) -> String {
    if path.is_empty() { "recipe".to_owned() } else { format!("recipe.{path}") }
}

/// The column of a recipe.
pub(super) fn seal(
    app: &App,
    (workspace, id): (WorkspaceId, SourceSystemId),
    recipe: &Recipe,
) -> Result<Vec<u8>, Error> {
    let text = serde_json::to_vec(recipe).map_err(Error::internal)?;
    app.vault.seal(binding(workspace, id), &text).map_err(Error::internal)
}

/// The recipe of a row.
///
/// # Errors
/// [`Error::Internal`] if it does not open: then no login is tried without it.
pub fn open(app: &App, row: &source_system::Model) -> Result<Option<Recipe>, Error> {
    let Some(sealed) = &row.recipe else { return Ok(None) };
    let text = app.vault.open(binding(row.workspace_id, row.id), sealed).map_err(Error::internal)?;
    serde_json::from_slice(&text).map(Some).map_err(Error::internal)
}

const fn binding(workspace: WorkspaceId, id: SourceSystemId) -> Binding {
    Binding { workspace, record: id.0, field: "source_system.recipe" }
}
