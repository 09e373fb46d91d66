//! Workspaces: the operator makes them, the partner says how they are seen.

pub mod branding;
pub mod update;

use entity::{Branding, Strings, WorkspaceId, workspace};

use super::audit::{self, Author};
use super::{App, Caller, Error, Problem, check};
use crate::store;

/// How many return URLs a workspace may list.
pub const MOST_RETURN_URLS: usize = 50;

/// Makes a workspace. `return_urls` are where its links may send customers back to.
///
/// # Errors
/// [`Error::Invalid`] for a bad name or URL; [`Error::Conflict`] if the name is taken.
pub async fn create(app: &App, name: &str, return_urls: Vec<String>) -> Result<workspace::Model, Error> {
    check::text("name", name, check::NAME)?;
    return_urls_fit(&return_urls)?;
    let now = app.clock.now();
    let row = workspace::Model {
        id: WorkspaceId::new(now),
        name: name.to_owned(),
        return_urls: Strings(return_urls),
        branding: Branding::default(),
        created_at: now,
    };
    audit::transact(app, Author::operator(row.id), "createWorkspace", async move |tx| {
        if !store::workspace::named(&tx, &row.name).await?.is_empty() {
            return Err(Error::Conflict(format!("there is already a workspace named {:?}", row.name)));
        }
        store::workspace::insert(&tx, row.clone()).await?;
        Ok(audit::changed(row.id, row))
    })
    .await
}

/// The caller's own workspace.
///
/// # Errors
/// If the database does not answer.
pub async fn get(app: &App, caller: &Caller) -> Result<workspace::Model, Error> {
    Ok(store::workspace::get(&app.db, caller.workspace).await?)
}

/// The workspace an operator names, by id or by name.
///
/// # Errors
/// [`Error::NotFound`] if there is none; [`Error::Conflict`] if several have the name: partners choose theirs
/// themselves, and a key must not get into the wrong hands by it.
pub async fn find(app: &App, name_or_id: &str) -> Result<workspace::Model, Error> {
    if let Ok(id) = name_or_id.parse() {
        return Ok(store::workspace::get(&app.db, id).await?);
    }
    let mut named = store::workspace::named(&app.db, name_or_id).await?;
    if named.len() > 1 {
        let ids: Vec<_> = named.iter().map(|row| row.id.to_string()).collect();
        return Err(Error::Conflict(format!(
            "several have that name, so name one by its id: {}",
            ids.join(", ")
        )));
    }
    named.pop().ok_or(Error::NotFound)
}

/// All workspaces, oldest first, for the operator.
///
/// # Errors
/// If the database does not answer.
pub async fn all(app: &App) -> Result<Vec<workspace::Model>, Error> {
    Ok(store::workspace::all(&app.db).await?)
}

fn return_urls_fit(urls: &[String]) -> Result<(), Error> {
    if urls.len() > MOST_RETURN_URLS {
        let message = format!("must list at most {MOST_RETURN_URLS} URLs");
        return Err(Error::input("returnUrls", Problem::LimitExceeded, message));
    }
    for (index, url) in urls.iter().enumerate() {
        check::url(&format!("returnUrls.{index}"), url)?;
    }
    Ok(())
}
