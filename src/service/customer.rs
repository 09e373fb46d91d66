//! Erasing a customer: whatever is known of one external id goes, and what is left says of whom nothing.
//!
//! A few links at a time, each batch a transaction: what goes on with them is ended, what could hold the
//! person's name, words or secrets is deleted, and they become links of a customer without a name. The
//! person's own row goes last, when no link is left; so a call that is cut off is finished by another one,
//! which finds the rest by the same name.
//!
//! The log is not touched: events hold ids, and whatever is rendered after a batch has nothing to join. An
//! attempt at a delivery that is under way is let go of: what the receiver answers to it is never written
//! down, and the delivery is made anew.

use entity::{CustomerId, FailureCode, Timestamp, WorkspaceId, link};

use super::{App, Caller, Error, audit, check, link as links, login, run};
use crate::domain::event::Facts;
use crate::domain::failure::Failure;
use crate::domain::hint::Hint;
use crate::domain::link::{self as life, Change};
use crate::store::{self, Tx};

/// How many links a batch takes: what hangs on them may be a hundred times as many rows.
const LINKS: u64 = 10;
/// How many files a batch deletes: each has many pieces.
const FILES: u64 = 10;

/// What a batch came to.
enum Done {
    /// So many links were erased, and there may be more.
    Some(u64),
    /// This was the last of it.
    All(CustomerId),
    /// There is nobody of that name.
    Nobody,
}

/// Erases every trace of an external id; returns how many links were erased by this call. Twice is as once.
///
/// # Errors
/// [`Error::Invalid`] for what is no external id; [`Error::Unavailable`] if it could not be finished now.
pub async fn erase(app: &App, caller: &Caller, external_id: &str) -> Result<u64, Error> {
    check::text("externalId", external_id, 1..=256)?;
    let mut erased = 0;
    loop {
        let (workspace, name, now) = (caller.workspace, external_id.to_owned(), app.clock.now());
        let done = audit::transact(app, caller, "eraseCustomer", async move |tx| {
            // One entry, by the transaction that takes the person away.
            Ok(match batch(&tx, now, (workspace, &name)).await? {
                Done::All(id) => audit::changed(id, Done::All(id)),
                done => audit::unchanged(done),
            })
        });
        match done.await? {
            Done::Some(links) => erased += links,
            Done::All(_) | Done::Nobody => break,
        }
    }
    // Also if there was nobody: an earlier call may have been cut off before.
    app.db.forget_the_past().await?;
    Ok(erased)
}

async fn batch(tx: &Tx, now: Timestamp, (workspace, name): (WorkspaceId, &str)) -> Result<Done, Error> {
    let Some(person) = store::customer::find_by_name(tx, workspace, name).await? else {
        return Ok(Done::Nobody);
    };
    let mut links = store::link::lock_of_customer(tx, workspace, person.id, LINKS).await?;
    if links.is_empty() {
        let is_gone = store::customer::delete(tx, workspace, person.id).await?;
        return Ok(if is_gone { Done::All(person.id) } else { Done::Some(0) });
    }
    // Before there are new deliveries: those are made of what is left.
    let deliveries = store::erasure::deliveries_of(tx, workspace, &links).await?;
    store::erasure::forget_attempts(tx, workspace, &deliveries).await?;
    tx.hint(Hint::Deliveries);
    for link in &mut links {
        end(tx, now, link).await?;
    }
    if store::file::delete_some(tx, workspace, &links, FILES).await? == FILES {
        return Ok(Done::Some(0));
    }
    let nobody = store::customer::nobody(tx, workspace, now).await?;
    store::idempotency::forget_links(tx, workspace, &links).await?;
    store::erasure::forget_what_happened(tx, workspace, &links).await?;
    store::erasure::give_to(tx, workspace, &links, nobody).await?;
    Ok(Done::Some(links.len() as u64))
}

/// Ends whatever goes on with a locked link: it expires if it can, and so do a login and a run.
async fn end(tx: &Tx, now: Timestamp, link: &mut link::Model) -> Result<(), Error> {
    let code = FailureCode::LinkRevoked;
    if let Some(live) = store::run::live_of(tx, link.workspace_id, link.id).await? {
        let held_by = live.claimed_by;
        run::end(tx, now, (&live, link), (held_by, Err(Failure::new(code)), None)).await?;
    }
    if life::after(link, Change::Expired).is_ok() {
        let facts = Facts { reason: Some("erased".to_owned()), failure_code: Some(code), ..Facts::default() };
        links::change(tx, now, link, Change::Expired, facts).await?;
    }
    login::end_live(tx, now, link, code.as_str()).await
}
