//! Changes of status: the part of the log that says where links stand.

use entity::{JobId, LinkId, LinkStatus, event, link};

use super::event::{self as events, Joins};
use super::log::Follower;
use super::{App, Caller, Error};
use crate::domain::event::{self as words, Facts, Kind};
use crate::domain::failure::Failure;

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
    pub link: link::Model,
    /// What failed, if something did.
    pub failure: Option<Failure>,
}

/// Somebody who follows changes of status.
pub struct Changes {
    app: App,
    caller: Caller,
    wanted: Wanted,
    follower: Follower,
}

impl Changes {
    /// Follows from `after`, or from now on.
    ///
    /// # Errors
    /// If the database does not answer.
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
        Ok(Self { app: app.clone(), caller: caller.clone(), wanted, follower })
    }

    /// The next changes, as soon as there are any.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn next(&mut self) -> Result<Vec<Change>, Error> {
        loop {
            let events = self.follower.next().await?;
            let joins = Joins::read(&self.app, self.caller.workspace, &events).await?;
            let changes: Vec<_> = events.into_iter().filter_map(|event| self.change(event, &joins)).collect();
            if !changes.is_empty() {
                return Ok(changes);
            }
        }
    }

    fn change(&self, event: event::Model, joins: &Joins) -> Option<Change> {
        let joined = joins.of(&event);
        let link = joined.link?;
        let is_wanted = self.wanted.job.is_none_or(|job| link.job_id == job)
            && self
                .wanted
                .external_id
                .as_ref()
                .is_none_or(|name| joined.customer.is_some_and(|customer| &customer.external_id == name));
        let failure = words::failure(&Facts::of(&event), joined);
        is_wanted.then(|| Change { link: link.clone(), failure, event })
    }
}
