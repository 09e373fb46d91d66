//! Links: made, changed and expired, each with its event in the same transaction.

use std::collections::HashMap;
use std::time::Duration;

use entity::{
    EventId, FailureCode, JobId, KeyId, LinkId, LinkStatus, LoginId, RunId, Timestamp, WorkspaceId, customer,
    link,
};
use serde_json::Value;

use super::event::{self, Record};
use super::{App, Caller, Error, Problem, audit, check, login};
use crate::domain::event::{Facts, Kind};
use crate::domain::link::{self as life, Change};
use crate::store::link::Filter;
use crate::store::page::Rows;
use crate::store::{self, Page, Tx};

/// Longer than any transaction: what happened so long ago is in the log, and before anything new.
const A_MOMENT: Duration = Duration::from_mins(1);

/// A link to make.
#[derive(Clone, Debug)]
pub struct New {
    /// The partner's own name for the customer, 1..256 characters.
    pub external_id: String,
    /// What to do once signed in.
    pub job: JobId,
    /// How long it lives: 1 minute to 90 days, whole seconds.
    pub expires_in: Duration,
    /// Echoed in webhooks, up to 4 KiB.
    pub metadata: Value,
    /// Where the customer goes afterwards; on the workspace's list.
    pub return_url: Option<String>,
    /// The language of the page.
    pub locale: Option<String>,
    /// The run whose sign-in is to be made anew.
    pub relogin: Option<RunId>,
    /// See [`super::idempotency`].
    pub idempotency_key: Option<String>,
}

/// What a link that signs in anew must name.
pub const NO_SUCH_RUN: &str = "must be a run of this workspace that ended RELOGIN_REQUIRED";

/// A link that was made, now or by an earlier call with the same key.
#[derive(Clone, Debug)]
pub struct Created {
    /// The link.
    pub link: link::Model,
    /// The position of its `link.created`.
    pub position: i64,
    /// Whether an earlier call made it.
    pub replayed: bool,
}

/// Creates a link that lets one customer sign in for a job.
///
/// # Errors
/// [`Error::Invalid`] with the field; [`Error::Conflict`] for a key that was used otherwise.
pub async fn create(app: &App, caller: &Caller, new: New) -> Result<Created, Error> {
    fits(&new)?;
    if let Some(url) = &new.return_url {
        let workspace = store::workspace::get(&app.db, caller.workspace).await?;
        on_the_list(url, &workspace.return_urls.0)?;
    }
    if let Some(run) = new.relogin {
        takes_the_place_of(app, caller, &new, run).await?;
    }
    app.0.links.create(caller, new, app.tokens.current_key()).await
}

fn fits(new: &New) -> Result<(), Error> {
    check::text("externalId", &new.external_id, 1..=256)?;
    check::whole_seconds("expiresIn", new.expires_in, life::SHORTEST_LIFE..=life::LONGEST_LIFE)?;
    check::metadata("metadata", &new.metadata)?;
    check::idempotency_key(new.idempotency_key.as_deref())?;
    new.locale.as_deref().map_or(Ok(()), |locale| check::locale("locale", locale))
}

/// A link that signs in anew is for the same job and the same customer: nobody is signed in by what
/// somebody else has left.
async fn takes_the_place_of(app: &App, caller: &Caller, new: &New, run: RunId) -> Result<(), Error> {
    let missing = |error| match error {
        store::Error::NotFound => Error::input("relogin", Problem::NotFound, NO_SUCH_RUN),
        other => other.into(),
    };
    let run = store::run::get(&app.db, caller.workspace, run).await.map_err(missing)?;
    if run.failure_code != Some(FailureCode::ReloginRequired) {
        return Err(Error::invalid("relogin", NO_SUCH_RUN));
    }
    let link = store::link::get(&app.db, caller.workspace, run.link_id).await?;
    let customer = store::customer::find_by_name(&app.db, caller.workspace, &new.external_id).await?;
    if link.job_id != new.job || customer.is_none_or(|customer| customer.id != link.customer_id) {
        return Err(Error::invalid("relogin", "must be a run of the same job and customer (externalId)"));
    }
    Ok(())
}

/// A return URL lies under one of the workspace's: same origin, and the path below its path.
fn on_the_list(text: &str, list: &[String]) -> Result<(), Error> {
    let url = check::url("returnUrl", text)?;
    let is_below = |base: &String| {
        url::Url::parse(base).is_ok_and(|base| {
            let path = base.path().trim_end_matches('/');
            let rest = url.path().strip_prefix(path);
            base.origin() == url.origin() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    if list.iter().any(is_below) {
        return Ok(());
    }
    let message = "must be under one of the workspace's return URLs";
    Err(Error::input("returnUrl", Problem::ForbiddenUrl, message))
}

/// Ends a link at once; a live login on it ends too.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] while it is in progress or final.
pub async fn expire(app: &App, caller: &Caller, id: LinkId) -> Result<link::Model, Error> {
    let (workspace, now) = (caller.workspace, app.clock.now());
    audit::transact(app, caller, "expireLink", async move |tx| {
        let mut link = store::link::lock(&tx, workspace, id).await?;
        let code = Some(FailureCode::LinkRevoked);
        let facts = Facts { reason: Some("revoked".to_owned()), failure_code: code, ..Facts::default() };
        change(&tx, now, &mut link, Change::Expired, facts).await?;
        login::end_live(&tx, now, &link, FailureCode::LinkRevoked.as_str()).await?;
        Ok(audit::changed(link.id, link))
    })
    .await
}

/// The link with that id.
///
/// # Errors
/// [`Error::NotFound`] if the caller's workspace has none.
pub async fn get(app: &App, caller: &Caller, id: LinkId) -> Result<link::Model, Error> {
    Ok(store::link::get(&app.db, caller.workspace, id).await?)
}

/// A page of links, newest first. `external_id` names a customer.
///
/// # Errors
/// If the database does not answer.
pub async fn list(
    app: &App,
    caller: &Caller,
    external_id: Option<String>,
    mut filter: Filter,
    page: Page,
) -> Result<Rows<link::Model>, Error> {
    if let Some(external_id) = external_id {
        let found = store::customer::find_by_name(&app.db, caller.workspace, &external_id).await?;
        let Some(customer) = found else { return Ok(Rows { rows: Vec::new(), has_more: false }) };
        filter.customer = Some(customer.id);
    }
    Ok(store::link::list(&app.db, caller.workspace, filter, page).await?)
}

/// The signed URL of a link, the same for its whole life.
///
/// # Errors
/// If the master key that signed it was taken away.
pub fn url(app: &App, link: &link::Model) -> Result<String, Error> {
    let key = u8::try_from(link.token_key).unwrap_or_default();
    let token = app.tokens.mint(link.id, link.expires_at, key).map_err(Error::internal)?;
    let mut url = app.public_url.clone();
    url.set_path(&format!("/l/{token}"));
    Ok(url.into())
}

/// Changes a locked link and records the event, unless it already stands there.
///
/// # Errors
/// [`Error::Conflict`] if the change is not possible.
pub async fn change(
    tx: &Tx,
    now: Timestamp,
    link: &mut link::Model,
    change: Change,
    facts: Facts,
) -> Result<(), Error> {
    let Some(status) = life::after(link, change)? else { return Ok(()) };
    let previous = link.status;
    link.status = status;
    match change {
        Change::SignedIn => link.signed_in_at = Some(now),
        Change::SignInFailed | Change::JobFailed => link.failure_code = facts.failure_code,
        // The site's words belong to a failure before it.
        Change::Expired => (link.failure_code, link.failure_message) = (facts.failure_code, None),
        Change::Opened => (link.failure_code, link.failure_message) = (None, None),
        Change::Answered | Change::JobSucceeded => {}
    }
    let facts = Facts { previous_status: Some(previous), ..facts };
    note(tx, now, link, Kind::of_status(status), facts).await
}

/// Records an event about a locked link: its next number, whatever it is about.
///
/// # Errors
/// If the database refuses.
pub async fn note(
    tx: &Tx,
    now: Timestamp,
    link: &mut link::Model,
    kind: Kind,
    facts: Facts,
) -> Result<(), Error> {
    link.sequence += 1;
    link.updated_at = now;
    store::link::update(tx, link).await?;
    let facts = Facts { status: Some(link.status), usable: Some(life::is_usable(link, now)), ..facts };
    let record = Record {
        workspace: link.workspace_id,
        link: Some((link.id, link.sequence)),
        kind,
        facts,
        in_hand: None,
    };
    event::record(tx, now, &[record]).await?;
    Ok(())
}

/// Ends a locked link's sign-in: FAILED, or EXPIRED if its time is over as well.
///
/// # Errors
/// If the database refuses.
pub async fn sign_in_failed(
    tx: &Tx,
    now: Timestamp,
    link: &mut link::Model,
    (login, code, words): (LoginId, FailureCode, Option<String>),
) -> Result<(), Error> {
    link.failure_message = words;
    let facts = Facts { failure_code: Some(code), login_id: Some(login), ..Facts::default() };
    change(tx, now, link, Change::SignInFailed, facts).await?;
    if link.expires_at <= now {
        let facts = Facts { failure_code: Some(FailureCode::LinkExpired), ..Facts::default() };
        change(tx, now, link, Change::Expired, facts).await?;
    }
    Ok(())
}

/// The links with those ids.
///
/// # Errors
/// If the database does not answer.
pub async fn find_many(
    app: &App,
    workspace: WorkspaceId,
    ids: Vec<LinkId>,
) -> Result<Vec<link::Model>, Error> {
    Ok(store::link::find_many(&app.db, workspace, ids).await?)
}

/// The customers with those ids.
///
/// # Errors
/// If the database does not answer.
pub async fn customers(
    app: &App,
    workspace: WorkspaceId,
    ids: Vec<entity::CustomerId>,
) -> Result<Vec<customer::Model>, Error> {
    Ok(store::customer::find_many(&app.db, workspace, ids).await?)
}

/// The cursor of each link as it was read: what comes after it is news of that link. Of a link whose last
/// event is no longer kept it is a place in the log of a moment ago, as that one will stay for long.
///
/// # Errors
/// If the database does not answer.
pub async fn cursors(
    app: &App,
    workspace: WorkspaceId,
    links: &[(LinkId, i64)],
) -> Result<HashMap<(LinkId, i64), i64>, Error> {
    let mut found = positions(app, workspace, links).await?;
    if found.len() < links.len() {
        let before = EventId::first_at(app.clock.now().minus(A_MOMENT));
        let recent = store::event::last_before(&app.db, workspace, before).await?;
        let place = recent.unwrap_or(0).max(store::horizon::of(&app.db, workspace).await?);
        for link in links {
            found.entry(*link).or_insert(place);
        }
    }
    Ok(found)
}

/// Where in the log the events are that brought links to their sequence; those that are kept.
///
/// # Errors
/// If the database does not answer.
pub async fn positions(
    app: &App,
    workspace: WorkspaceId,
    links: &[(LinkId, i64)],
) -> Result<HashMap<(LinkId, i64), i64>, Error> {
    Ok(store::event::positions(&app.db, workspace, links).await?)
}

/// The first state of a link that is to be made.
#[must_use]
pub(super) fn fresh(
    new: &New,
    (workspace, created_by): (WorkspaceId, KeyId),
    customer: entity::CustomerId,
    at: (Timestamp, u8),
) -> link::Model {
    let (now, token_key) = at;
    // The signed URL carries whole seconds.
    let expires_at = Timestamp(now.plus(new.expires_in).seconds() * 1000);
    link::Model {
        id: LinkId::new(now),
        workspace_id: workspace,
        customer_id: customer,
        job_id: new.job,
        status: LinkStatus::Created,
        sequence: 1,
        expires_at,
        created_at: now,
        updated_at: now,
        failure_code: None,
        failure_message: None,
        signed_in_at: None,
        metadata: new.metadata.clone(),
        return_url: new.return_url.clone(),
        locale: new.locale.clone(),
        token_key: i16::from(token_key),
        relogin_run_id: new.relogin,
        created_by: Some(created_by),
    }
}
