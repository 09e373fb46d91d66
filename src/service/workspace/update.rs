//! Changing a workspace.

use entity::{Strings, workspace};

use super::branding::{self, NewBranding};
use super::return_urls_fit;
use crate::service::{App, Caller, Error, audit, check};
use crate::store;

/// What to change of the caller's workspace; `None` = it stays as it is.
pub struct Changes {
    /// Who asks.
    pub name: Option<String>,
    /// What it shows of itself.
    pub branding: NewBranding,
    /// Where its links may send customers back to; in place of those before.
    pub return_urls: Option<Vec<String>>,
}

/// Changes the caller's workspace, all of it or nothing. Several workspaces may have one name: a partner
/// learns nothing of others by it.
///
/// # Errors
/// [`Error::Invalid`] with the field.
pub async fn update(app: &App, caller: &Caller, changes: Changes) -> Result<workspace::Model, Error> {
    if let Some(name) = &changes.name {
        check::text("name", name, check::NAME)?;
    }
    if let Some(urls) = &changes.return_urls {
        return_urls_fit(urls)?;
    }
    branding::fits(&changes.branding)?;
    let workspace = caller.workspace;
    audit::transact(app, caller, "updateWorkspace", async move |tx| {
        let row = store::workspace::lock(&tx, workspace).await?;
        let row = changed(row, changes);
        store::workspace::update(&tx, row.clone()).await?;
        Ok(audit::changed(row.id, row))
    })
    .await
}

fn changed(row: workspace::Model, to: Changes) -> workspace::Model {
    workspace::Model {
        name: to.name.unwrap_or(row.name),
        branding: branding::changed(row.branding, to.branding),
        return_urls: to.return_urls.map_or(row.return_urls, Strings),
        ..row
    }
}

#[cfg(test)]
mod tests {
    use entity::{Branding, Timestamp, WorkspaceId};

    use super::branding::{Change, PartChanges};
    use super::*;

    fn acme() -> workspace::Model {
        workspace::Model {
            id: WorkspaceId::new(Timestamp(1_795_341_600_000)),
            name: "Acme".to_owned(),
            return_urls: Strings(vec!["https://acme.example/back".to_owned()]),
            branding: Branding {
                display_name: Some("Acme Books".to_owned()),
                support_email: Some("help@acme.example".to_owned()),
                ..Branding::default()
            },
            created_at: Timestamp(1_795_341_600_000),
        }
    }

    fn nothing() -> Changes {
        Changes { name: None, branding: NewBranding::Keep, return_urls: None }
    }

    #[test]
    fn what_is_not_named_stays_as_it_is() {
        let row = acme();

        assert_eq!(changed(row.clone(), nothing()), row);
        let no_part = NewBranding::Change(PartChanges::default());
        assert_eq!(changed(row.clone(), Changes { branding: no_part, ..nothing() }), row);
    }

    #[test]
    fn a_part_can_be_cleared_alone_and_all_of_them_together() {
        let part = PartChanges { support_email: Change::To(None), ..PartChanges::default() };
        let row = changed(acme(), Changes { branding: NewBranding::Change(part), ..nothing() });
        assert_eq!((row.branding.support_email, row.branding.display_name.is_some()), (None, true));

        let row = changed(acme(), Changes { branding: NewBranding::Clear, ..nothing() });
        assert_eq!(row.branding, Branding::default());
    }
}
