//! Workspaces: the operator makes them.

use entity::{Strings, WorkspaceId, workspace};

use super::{App, Caller, Error, check};
use crate::store;

/// Makes a workspace. `return_urls` are where its links may send customers back to.
///
/// # Errors
/// [`Error::Invalid`] for a bad name or URL; [`Error::Conflict`] if the name is taken.
pub async fn create(app: &App, name: &str, return_urls: Vec<String>) -> Result<workspace::Model, Error> {
    check::text("name", name, check::NAME)?;
    for url in &return_urls {
        check::url("returnUrls", url)?;
    }
    let now = app.clock.now();
    let row = workspace::Model {
        id: WorkspaceId::new(now),
        name: name.to_owned(),
        return_urls: Strings(return_urls),
        created_at: now,
    };
    store::transact(&app.db, async move |tx| {
        if store::workspace::find_by_name(&tx, &row.name).await?.is_some() {
            return Err(Error::Conflict(format!("there is already a workspace named {:?}", row.name)));
        }
        store::workspace::insert(&tx, row.clone()).await?;
        Ok(row)
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
/// [`Error::NotFound`] if there is none.
pub async fn find(app: &App, name_or_id: &str) -> Result<workspace::Model, Error> {
    if let Ok(id) = name_or_id.parse() {
        return Ok(store::workspace::get(&app.db, id).await?);
    }
    store::workspace::find_by_name(&app.db, name_or_id).await?.ok_or(Error::NotFound)
}
