//! Changes of status: the part of the log that says where links stand.

use entity::{JobId, LinkId, LinkStatus, event, link::Model as Link};

use super::event::{self as events, Joins};
use super::log::Follower;
use super::{App, Caller, Error, link};
use crate::domain::event::{self as words, Facts, Kind};
use crate::domain::failure::Failure;
use crate::domain::link as life;

/// Whose changes; an absent field allows all.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Of this link.
    pub link: Option<LinkId>,
    /// For this job.
    pub job: Option<JobId>,
    /// Of this customer.
    pub external_id: Option<String>,
}

/// One change of status.
pub struct Change {
    /// The event.
    pub event: event::Model,
    /// The link, as it is now.
    pub link: Link,
    /// What failed, if something did.
    pub failure: Option<Failure>,
}

/// Somebody who follows changes of status.
pub struct Changes {
    app: App,
    caller: Caller,
    wanted: Wanted,
    follower: Follower,
    /// The one link that is followed has said its last.
    is_over: bool,
}

impl Changes {
    /// Follows from `after`, or from now on.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the caller's workspace has no such link.
    pub async fn start(
        app: &App,
        caller: &Caller,
        wanted: Wanted,
        after: Option<i64>,
    ) -> Result<Self, Error> {
        let types =
            LinkStatus::ALL.iter().map(|status| Kind::of_status(*status).as_str().to_owned()).collect();
        let log = events::Wanted { link: wanted.link, types };
        let follower = Follower::start(app, caller, log, after).await?;
        let is_over = match wanted.link {
            Some(id) => has_said_all(app, caller, id, follower.cursor()).await?,
            None => false,
        };
        Ok(Self { app: app.clone(), caller: caller.clone(), wanted, follower, is_over })
    }

    /// The next changes, as soon as there are any; none once the one link that is followed has come
    /// to a final status, which was then in the changes before.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn next(&mut self) -> Result<Vec<Change>, Error> {
        loop {
            if self.is_over {
                return Ok(Vec::new());
            }
            let events = self.follower.next().await?;
            // Boxed, as everything that ends before the waiting begins.
            let joins = Box::pin(Joins::read(&self.app, self.caller.workspace, &events)).await?;
            let changes: Vec<_> = events.into_iter().filter_map(|event| self.change(event, &joins)).collect();
            let has_ended =
                |change: &Change| Facts::of(&change.event).status.is_some_and(|to| is_final(to, change));
            self.is_over = self.wanted.link.is_some() && changes.iter().any(has_ended);
            if !changes.is_empty() {
                return Ok(changes);
            }
        }
    }

    fn change(&self, event: event::Model, joins: &Joins) -> Option<Change> {
        let joined = joins.of(&event);
        let link = joined.link?;
        let is_wanted = self.wanted.job.is_none_or(|job| link.job_id == job)
            && self.wanted.external_id.as_ref().is_none_or(|name| joined.external_id == Some(name));
        let failure = words::failure(&Facts::of(&event), joined);
        is_wanted.then(|| Change { link: link.clone(), failure, event })
    }
}

/// Whether a link is final and its last change of status lies before `cursor`.
async fn has_said_all(app: &App, caller: &Caller, id: LinkId, cursor: i64) -> Result<bool, Error> {
    let link = link::get(app, caller, id).await?;
    if life::can_change(&link) {
        return Ok(false);
    }
    let key = (link.id, link.sequence);
    let last = link::positions(app, caller.workspace, &[key]).await?;
    Ok(last.get(&key).is_none_or(|last| *last <= cursor))
}

/// Whether no status can follow: a failed sign-in can be tried again, a failed job cannot.
fn is_final(status: LinkStatus, change: &Change) -> bool {
    match status {
        LinkStatus::Completed | LinkStatus::Expired => true,
        LinkStatus::Failed => Facts::of(&change.event).run_id.is_some(),
        _ => false,
    }
}
