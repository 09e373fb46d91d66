//! How many secrets may leave, so that nobody's account is locked by us and nobody tries stolen passwords.
//!
//! Who acts: the engine asks before each password and each code. What is counted is counted before it
//! leaves: a crash in between counts against the budget, never for it. Accounts are known by keyed tags,
//! never by name. A single login has budgets of its own, see `domain::sign_in`.

use std::time::Duration;

use entity::{FailureCode, SubmitId, SubmitKind, Timestamp, login, submit};

use super::held;
use crate::domain::Secret;
use crate::service::{App, Error};
use crate::store::{self, Tx};

/// How many passwords the logins of one link may send within [`LINK_WINDOW`].
const LINK_PASSWORDS: u64 = 10;
/// The window of [`LINK_PASSWORDS`].
const LINK_WINDOW: Duration = Duration::from_hours(24);
/// How many refused passwords for one account a workspace may send within [`ACCOUNT_WINDOW`].
const ACCOUNT_PASSWORDS: u64 = 6;
/// The window of [`ACCOUNT_PASSWORDS`], and of the operator's own limit over all workspaces.
const ACCOUNT_WINDOW: Duration = Duration::from_hours(1);
/// An account that a site has locked gets no password from us for this long.
const LOCKED_FOR: Duration = Duration::from_mins(30);

/// The account that a secret is for, as tags.
struct Account {
    own: [u8; 32],
    at_site: [u8; 32],
}

/// Counts a secret that is about to leave for the site of that origin, or says why it must not.
///
/// # Errors
/// [`Error::Gone`] if the login is no longer ours.
pub async fn may_submit(
    app: &App,
    login: &login::Model,
    (kind, site): (SubmitKind, &str),
    identifier: Option<&Secret>,
) -> Result<Option<FailureCode>, Error> {
    let nobody = Secret::new(String::new());
    let identifier = identifier.unwrap_or(&nobody);
    let account = Account {
        own: app.vault.identifier_tag(login.workspace_id, login.source_system_id, identifier),
        at_site: app.vault.site_tag(site, identifier),
    };
    let most_at_site = app.passwords_per_account;
    held(app, login, async move |tx, now, row, _link| {
        if kind == SubmitKind::Password
            && let Some(code) = spent(&tx, now, &row, (&account, most_at_site)).await?
        {
            return Ok(Some(code));
        }
        let counted = submit::Model {
            id: SubmitId::new(now),
            workspace_id: row.workspace_id,
            source_system_id: row.source_system_id,
            link_id: row.link_id,
            login_id: row.id,
            kind,
            identifier_tag: account.own.to_vec(),
            site_tag: Some(account.at_site.to_vec()),
            locked_at: None,
            // Until the site is seen to accept it: a crash in between counts against the budget.
            rejected: true,
            created_at: now,
        };
        store::submit::insert(&tx, counted).await?;
        Ok(None)
    })
    .await
}

/// Why no password may be sent for the account now; `None` if one may.
async fn spent(
    tx: &Tx,
    now: Timestamp,
    row: &login::Model,
    (account, most_at_site): (&Account, Option<u64>),
) -> Result<Option<FailureCode>, Error> {
    let (workspace, own) = (row.workspace_id, (row.source_system_id, account.own.as_slice()));
    if store::submit::was_locked(tx, workspace, own, now.minus(LOCKED_FOR)).await? {
        return Ok(Some(FailureCode::AccountLocked));
    }
    let since = now.minus(ACCOUNT_WINDOW);
    if store::submit::rejected_for_account(tx, workspace, own, since).await? >= ACCOUNT_PASSWORDS {
        return Ok(Some(FailureCode::RateLimited));
    }
    if let Some(most) = most_at_site
        && store::submit::rejected_at_site(tx, &account.at_site, since).await? >= most
    {
        return Ok(Some(FailureCode::RateLimited));
    }
    let sent = store::submit::of_link(tx, workspace, row.link_id, now.minus(LINK_WINDOW)).await?;
    Ok((sent >= LINK_PASSWORDS).then_some(FailureCode::AttemptsExhausted))
}
