//! Links: made, changed and expired, each with its event in the same transaction.

mod create;

use std::collections::HashMap;
use std::time::Duration;

use entity::{EventId, FailureCode, LinkId, LoginId, Timestamp, WorkspaceId, customer, link};
use url::Position;

pub(super) use self::create::fresh;
pub use self::create::{Created, NO_SUCH_JOB, NO_SUCH_RUN, New, Refused, create, create_many};
use super::event::{self, Record};
use super::{App, Caller, Error, audit, login};
use crate::domain::event::{Facts, Kind};
use crate::domain::link::{self as life, Change};
use crate::store::link::Filter;
use crate::store::page::Rows;
use crate::store::{self, Page, Tx};

/// Longer than any transaction: what happened so long ago is in the log, and before anything new.
const A_MOMENT: Duration = Duration::from_mins(1);

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
        let Some(customer) = found else { return Ok(Rows::NONE) };
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
    Ok(format!("{}/l/{token}", &app.public_url[..Position::BeforePath]))
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
