//! How many secrets may leave, so that nobody's account is locked by us and nobody tries stolen passwords.
//!
//! Who acts: the engine asks before each password and each code, a rerun before the kept password. What is
//! counted is counted before it leaves: a crash in between counts against the budget, never for it. Accounts
//! are known by keyed tags, never by name. A single login has budgets of its own, see `domain::sign_in`.

use std::time::Duration;

use entity::{
    FailureCode, LinkId, LoginId, SourceSystemId, SubmitId, SubmitKind, WorkspaceId, login, submit,
};

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

/// Who sends a secret.
#[derive(Clone, Copy, Debug)]
pub(in crate::service) struct Sender {
    /// Whose workspace.
    pub(in crate::service) workspace: WorkspaceId,
    /// To which site, as the workspace knows it.
    pub(in crate::service) source_system: SourceSystemId,
    /// For which link.
    pub(in crate::service) link: LinkId,
    /// In which login.
    pub(in crate::service) login: LoginId,
}

/// A secret that is about to leave.
pub(in crate::service) struct Leaving {
    row: submit::Model,
    at_site: [u8; 32],
    /// How many refused passwords the operator allows for one account of a site.
    most_at_site: Option<u64>,
}

impl Leaving {
    /// A secret for the site of that origin, and the name it is sent with.
    pub(in crate::service) fn new(
        app: &App,
        sender: Sender,
        (kind, site): (SubmitKind, &str),
        identifier: Option<&Secret>,
    ) -> Self {
        let nobody = Secret::new(String::new());
        let identifier = identifier.unwrap_or(&nobody);
        let now = app.clock.now();
        let at_site = app.vault.site_tag(site, identifier);
        let own = app.vault.identifier_tag(sender.workspace, sender.source_system, identifier);
        let row = submit::Model {
            id: SubmitId::new(now),
            workspace_id: sender.workspace,
            source_system_id: sender.source_system,
            link_id: sender.link,
            login_id: sender.login,
            kind,
            identifier_tag: own.to_vec(),
            site_tag: Some(at_site.to_vec()),
            locked_at: None,
            // Until the site is seen to accept it: a crash in between counts against the budget.
            rejected: true,
            created_at: now,
        };
        Self { row, at_site, most_at_site: app.passwords_per_account }
    }
}

/// Counts a secret that is about to leave for the site of that origin, or says why it must not.
///
/// # Errors
/// [`Error::Gone`] if the login is no longer ours.
pub async fn may_submit(
    app: &App,
    login: &login::Model,
    what: (SubmitKind, &str),
    identifier: Option<&Secret>,
) -> Result<Option<FailureCode>, Error> {
    let sender = Sender {
        workspace: login.workspace_id,
        source_system: login.source_system_id,
        link: login.link_id,
        login: login.id,
    };
    let leaving = Leaving::new(app, sender, what, identifier);
    held(app, login, async move |tx, _now, _row, _link| spend(&tx, leaving).await).await
}

/// Counts a secret if the budgets of its link and its account allow it, or says why it must not leave.
///
/// # Errors
/// If the database refuses.
pub(in crate::service) async fn spend(tx: &Tx, leaving: Leaving) -> Result<Option<FailureCode>, Error> {
    if leaving.row.kind == SubmitKind::Password
        && let Some(code) = spent(tx, &leaving).await?
    {
        return Ok(Some(code));
    }
    store::submit::insert(tx, leaving.row).await?;
    Ok(None)
}

/// Why no password may be sent for the account now; `None` if one may.
async fn spent(tx: &Tx, leaving: &Leaving) -> Result<Option<FailureCode>, Error> {
    let (row, now) = (&leaving.row, leaving.row.created_at);
    let (workspace, own) = (row.workspace_id, (row.source_system_id, row.identifier_tag.as_slice()));
    if store::submit::was_locked(tx, workspace, own, now.minus(LOCKED_FOR)).await? {
        return Ok(Some(FailureCode::AccountLocked));
    }
    let since = now.minus(ACCOUNT_WINDOW);
    if store::submit::rejected_for_account(tx, workspace, own, since).await? >= ACCOUNT_PASSWORDS {
        return Ok(Some(FailureCode::RateLimited));
    }
    if let Some(most) = leaving.most_at_site
        && store::submit::rejected_at_site(tx, &leaving.at_site, since).await? >= most
    {
        return Ok(Some(FailureCode::RateLimited));
    }
    let sent = store::submit::of_link(tx, workspace, row.link_id, now.minus(LINK_WINDOW)).await?;
    Ok((sent >= LINK_PASSWORDS).then_some(FailureCode::AttemptsExhausted))
}
