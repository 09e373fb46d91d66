//! Changing a source system. Logins that are under way go on as they began.

use entity::{Driver, SourceSystemId, Strings, source_system};
use serde_json::Value;
use url::Url;

use super::{origins, recipe};
use crate::service::{App, Caller, Error, audit, check};
use crate::store;

/// What to change of a source system; `None` = it stays as it is.
pub struct Changes {
    /// Which source system.
    pub id: SourceSystemId,
    /// What the partner and the customer call it.
    pub name: Option<String>,
    /// Where its login begins.
    pub login_url: Option<String>,
    /// Where a secret may be typed, beside the login URL's origin; in place of those before.
    pub allowed_origins: Option<Vec<String>>,
    /// How it is reached.
    pub driver: Option<Driver>,
    /// What helps the detector.
    pub recipe: NewRecipe,
}

/// What becomes of a recipe.
pub enum NewRecipe {
    /// It stays as it is.
    Keep,
    /// There is none from now on.
    Remove,
    /// It becomes this.
    To(Value),
}

/// Changes a source system, all of it or nothing.
///
/// # Errors
/// [`Error::Invalid`] with the field, also if the recipe that stays does not fit any longer;
/// [`Error::NotFound`] if the caller's workspace has no such source system.
pub async fn update(app: &App, caller: &Caller, changes: Changes) -> Result<source_system::Model, Error> {
    let checked = check(app, caller, changes).await?;
    let (workspace, now, with) = (caller.workspace, app.clock.now(), app.clone());
    audit::transact(app, caller, "updateSourceSystem", async move |tx| {
        let row = store::source_system::lock(&tx, workspace, checked.id).await?;
        let mut row = changed(&with, row, &checked)?;
        row.updated_at = now;
        store::source_system::update(&tx, row.clone()).await?;
        Ok(audit::changed(row.id, row))
    })
    .await
}

/// Changes of which every single one is allowed.
struct Checked {
    id: SourceSystemId,
    name: Option<String>,
    login_url: Option<Url>,
    /// All of them, the login URL's own first.
    origins: Option<Vec<String>>,
    driver: Option<Driver>,
    recipe: NewRecipe,
}

/// Asks what needs the network, before anything is locked.
async fn check(app: &App, caller: &Caller, changes: Changes) -> Result<Checked, Error> {
    let row = store::source_system::get(&app.db, caller.workspace, changes.id).await?;
    if let Some(name) = &changes.name {
        check::text("name", name, check::NAME)?;
    }
    let login_url = changes.login_url.as_deref().map(|url| check::url("loginUrl", url)).transpose()?;
    if let Some(url) = &login_url {
        check::reachable("loginUrl", &app.sources, url).await?;
    }
    let begins = Url::parse(&row.login_url).map_err(Error::internal)?;
    let listed = changes.allowed_origins.as_deref();
    let origins = match (listed, &login_url) {
        (Some(listed), _) => Some(origins(app, login_url.as_ref().unwrap_or(&begins), Some(listed)).await?),
        (None, Some(url)) => Some(moved(&row.allowed_origins.0, &begins, url)),
        (None, None) => None,
    };
    let Changes { id, name, driver, recipe, .. } = changes;
    Ok(Checked { id, name, login_url, origins, driver, recipe })
}

/// The origins of a site whose login has moved: the new login URL's own stands in place of the old one's.
fn moved(origins: &[String], from: &Url, to: &Url) -> Vec<String> {
    let (old, new) = (from.origin().ascii_serialization(), to.origin().ascii_serialization());
    let others = origins.iter().filter(|origin| **origin != old && **origin != new);
    [new.clone()].into_iter().chain(others.cloned()).collect()
}

fn changed(app: &App, mut row: source_system::Model, to: &Checked) -> Result<source_system::Model, Error> {
    row.name = to.name.clone().unwrap_or(row.name);
    row.driver = to.driver.unwrap_or(row.driver);
    if let Some(url) = &to.login_url {
        row.login_url = url.clone().into();
    }
    if let Some(origins) = &to.origins {
        row.allowed_origins = Strings(origins.clone());
    }
    let login_url = Url::parse(&row.login_url).map_err(Error::internal)?;
    let fits = |json: &Value| recipe::read(json, &login_url, &row.allowed_origins.0);
    let id = (row.workspace_id, row.id);
    match &to.recipe {
        NewRecipe::Remove => row.recipe = None,
        NewRecipe::To(given) => row.recipe = Some(recipe::seal(app, id, &fits(given)?)?),
        // The one that stays must fit what changes around it.
        NewRecipe::Keep => {
            let kept = recipe::open(app, &row)?;
            kept.map(|kept| fits(&serde_json::to_value(kept).map_err(Error::internal)?)).transpose()?;
        }
    }
    Ok(row)
}
