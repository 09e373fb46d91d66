//! Budgets of secrets: neither can an account be locked by us, nor can we be used to try stolen passwords.

use std::time::Duration;

use entity::{FailureCode, SubmitId, SubmitKind, WorkspaceId, login, submit};

use super::super::{App, Error};
use super::held;
use crate::domain::Secret;
use crate::store::{self, Tx};

/// How many passwords the logins of one link may send within [`LINK_WINDOW`].
const LINK_PASSWORDS: u64 = 10;
/// The window of [`LINK_PASSWORDS`].
const LINK_WINDOW: Duration = Duration::from_hours(24);
/// How many refused passwords for one account a workspace may send within [`ACCOUNT_WINDOW`].
const ACCOUNT_PASSWORDS: u64 = 6;
/// The window of [`ACCOUNT_PASSWORDS`].
const ACCOUNT_WINDOW: Duration = Duration::from_hours(1);
/// Counts a secret that is about to leave, or says why it must not.
///
/// # Errors
/// [`Error::Gone`] if the login is no longer ours.
pub async fn may_submit(
    app: &App,
    login: &login::Model,
    kind: SubmitKind,
    identifier: Option<&Secret>,
) -> Result<Option<FailureCode>, Error> {
    let nobody = Secret::new(String::new());
    let tag =
        app.vault.identifier_tag(login.workspace_id, login.source_system_id, identifier.unwrap_or(&nobody));
    held(app, login, async move |tx, now, row, _link| {
        spend(
            &tx,
            row.workspace_id,
            submit::Model {
                id: SubmitId::new(now),
                workspace_id: row.workspace_id,
                source_system_id: row.source_system_id,
                link_id: row.link_id,
                login_id: row.id,
                kind,
                identifier_tag: tag.to_vec(),
                // Until the site is seen to accept it: a crash in between counts against the budget.
                rejected: true,
                created_at: now,
            },
        )
        .await
    })
    .await
}

/// Counts a secret if the budgets of its link and its account allow it, or says why it must not leave.
///
/// # Errors
/// If the database refuses.
pub(in crate::service) async fn spend(
    tx: &Tx,
    workspace: WorkspaceId,
    secret: submit::Model,
) -> Result<Option<FailureCode>, Error> {
    if secret.kind == SubmitKind::Password {
        let now = secret.created_at;
        let account = (secret.source_system_id, secret.identifier_tag.as_slice());
        let since = now.minus(ACCOUNT_WINDOW);
        let refused = store::submit::rejected_for_account(tx, workspace, account, since).await?;
        if refused >= ACCOUNT_PASSWORDS {
            return Ok(Some(FailureCode::RateLimited));
        }
        let sent = store::submit::of_link(tx, workspace, secret.link_id, now.minus(LINK_WINDOW)).await?;
        if sent >= LINK_PASSWORDS {
            return Ok(Some(FailureCode::AttemptsExhausted));
        }
    }
    store::submit::insert(tx, secret).await?;
    Ok(None)
}
