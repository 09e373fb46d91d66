//! The tailer: how far the log may be read, and waking those who wait for what is new.
//!
//! One task of the process moves the watermark (see `store::log` for the rule). Whoever follows the
//! log reads from his own cursor up to it, at his own pace; the tailer holds no event.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use entity::{LinkId, WorkspaceId};

use super::event::{self, Wanted};
use super::{App, Caller, Error};
use crate::bus::{Topic, Waiting};
use crate::store;

/// How many marks the tailer reads at a time.
const MARKS: u64 = 5_000;
/// How many events a follower reads at a time.
const READ: u64 = 100;
/// A follower looks on its own after this time, in case a hint was lost.
const LOOK_ANYWAY: Duration = Duration::from_secs(15);

/// The position up to which the log is complete, as this process knows it.
#[derive(Default)]
pub(super) struct Watermark(AtomicI64);

/// How far the log may be read now.
#[must_use]
pub fn watermark(app: &App) -> i64 {
    app.0.log.0.load(Ordering::Acquire)
}

/// Moves the watermark as far as it goes now and wakes those who wait; says whether it moved.
///
/// # Errors
/// If the database does not answer.
pub async fn advance(app: &App) -> Result<bool, Error> {
    let known = watermark(app);
    let now = store::log::watermark(&app.db, known).await?;
    app.0.log.0.fetch_max(now, Ordering::AcqRel);
    let mut seen = known;
    while seen < now && app.bus.is_watched() {
        let marks = store::log::marks(&app.db, seen, now, MARKS).await?;
        let Some(last) = marks.last() else { break };
        seen = last.position;
        for mark in marks {
            app.bus.wake(Topic::Workspace(mark.workspace_id));
            if let Some(link) = mark.link_id {
                app.bus.wake(Topic::Link(link));
            }
        }
    }
    Ok(now > known)
}

/// Somebody who reads the log from a cursor on: replay first, then follow, no gap and no double.
pub struct Follower {
    app: App,
    caller: Caller,
    wanted: Wanted,
    cursor: i64,
    waiting: Waiting,
}

impl Follower {
    /// Follows from `after`, or from now on.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an unknown type; if the database does not answer.
    pub async fn start(
        app: &App,
        caller: &Caller,
        wanted: Wanted,
        after: Option<i64>,
    ) -> Result<Self, Error> {
        event::known_types("types", &wanted.types)?;
        let waiting = app.bus.wait_for(topic(caller.workspace, wanted.link));
        // From here on the tailer wakes us; what came before it is caught up with now.
        advance(app).await?;
        let cursor = after.unwrap_or_else(|| watermark(app));
        Ok(Self { app: app.clone(), caller: caller.clone(), wanted, cursor, waiting })
    }

    /// Up to where everything wanted has been read.
    #[must_use]
    pub fn cursor(&self) -> i64 {
        self.cursor
    }

    /// The next events, as soon as there are any.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn next(&mut self) -> Result<Vec<entity::event::Model>, Error> {
        loop {
            let up_to = watermark(&self.app);
            let events = event::read(&self.app, &self.caller, &self.wanted, self.cursor, READ).await?;
            match events.last() {
                Some(last) => {
                    self.cursor = last.position;
                    return Ok(events);
                }
                // Nothing of ours up to there: never read it again.
                None => self.cursor = self.cursor.max(up_to),
            }
            self.waiting.news(LOOK_ANYWAY).await;
        }
    }
}

fn topic(workspace: WorkspaceId, link: Option<LinkId>) -> Topic {
    link.map_or(Topic::Workspace(workspace), Topic::Link)
}
