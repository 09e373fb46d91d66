//! Source systems: the sites customers sign in to.

pub mod recipe;
pub mod update;

use entity::{Driver, SourceSystemId, Strings, WorkspaceId, source_system};
use serde_json::Value;
use url::Url;

use super::idempotency::{self, Request};
use super::{App, Caller, Error, Problem, audit, check};
use crate::store::page::Rows;
use crate::store::{self, Page};

/// How many origins a source system may list.
pub const MOST_ORIGINS: usize = 20;

/// A source system to make.
#[derive(Clone, Debug)]
pub struct New {
    /// What the partner and the customer call it.
    pub name: String,
    /// Where its login begins.
    pub login_url: String,
    /// Where a secret may be typed; default: the login URL's origin.
    pub allowed_origins: Option<Vec<String>>,
    /// How it is reached.
    pub driver: Driver,
    /// Overrides for the detector.
    pub recipe: Option<Value>,
    /// See [`idempotency`].
    pub idempotency_key: Option<String>,
}

/// Makes a source system, or returns the one an earlier call with the same key made.
///
/// # Errors
/// [`Error::Invalid`] with the field; [`Error::Conflict`] for a key that was used otherwise.
pub async fn create(app: &App, caller: &Caller, new: New) -> Result<source_system::Model, Error> {
    check::text("name", &new.name, check::NAME)?;
    check::idempotency_key(new.idempotency_key.as_deref())?;
    let login_url = check::url("loginUrl", &new.login_url)?;
    check::reachable("loginUrl", &app.sources, &login_url).await?;
    let origins = origins(app, &login_url, new.allowed_origins.as_deref()).await?;
    let id = SourceSystemId::new(app.clock.now());
    let recipe = new.recipe.as_ref().map(|json| recipe::read(json, &login_url, &origins)).transpose()?;
    let recipe = recipe.map(|recipe| recipe::seal(app, (caller.workspace, id), &recipe)).transpose()?;
    let request = Request::new(caller.workspace, "createSourceSystem", new.idempotency_key.clone(), &new);
    let now = app.clock.now();
    let row = source_system::Model {
        id,
        workspace_id: caller.workspace,
        name: new.name,
        login_url: login_url.into(),
        allowed_origins: Strings(origins),
        driver: new.driver,
        recipe,
        created_at: now,
        updated_at: now,
    };
    audit::transact(app, caller, "createSourceSystem", async move |tx| {
        if let Some(earlier) = idempotency::claim(&tx, &request, row.id.0, now).await? {
            let earlier = SourceSystemId(earlier);
            let row = store::source_system::get(&tx, request.workspace, earlier).await?;
            return Ok(audit::unchanged(row));
        }
        store::source_system::insert(&tx, row.clone()).await?;
        Ok(audit::changed(row.id, row))
    })
    .await
}

/// The source system with that id.
///
/// # Errors
/// [`Error::NotFound`] if the caller's workspace has none.
pub async fn get(app: &App, caller: &Caller, id: SourceSystemId) -> Result<source_system::Model, Error> {
    Ok(store::source_system::get(&app.db, caller.workspace, id).await?)
}

/// The source systems with those ids.
///
/// # Errors
/// If the database does not answer.
pub async fn find_many(
    app: &App,
    workspace: WorkspaceId,
    ids: Vec<SourceSystemId>,
) -> Result<Vec<source_system::Model>, Error> {
    Ok(store::source_system::find_many(&app.db, workspace, ids).await?)
}

/// A page of the caller's source systems, newest first.
///
/// # Errors
/// If the database does not answer.
pub async fn list(app: &App, caller: &Caller, page: Page) -> Result<Rows<source_system::Model>, Error> {
    Ok(store::source_system::list(&app.db, caller.workspace, page).await?)
}

/// Every allowed origin, the login URL's own first.
async fn origins(app: &App, login_url: &Url, given: Option<&[String]>) -> Result<Vec<String>, Error> {
    let own = login_url.origin().ascii_serialization();
    let Some(given) = given else { return Ok(vec![own]) };
    if given.len() > MOST_ORIGINS {
        let message = format!("must list at most {MOST_ORIGINS} origins");
        return Err(Error::input("allowedOrigins", Problem::LimitExceeded, message));
    }
    let mut origins = vec![own];
    for (index, text) in given.iter().enumerate() {
        let field = format!("allowedOrigins.{index}");
        let url = check::url(&field, text)?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(Error::invalid(&field, "must be an origin: scheme, host and port, without a path"));
        }
        check::reachable(&field, &app.sources, &url).await?;
        let origin = url.origin().ascii_serialization();
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    Ok(origins)
}
