//! The tailer: how far the log may be read, and waking those who wait for what is new.
//!
//! One task of the process moves the watermark (see `store::log` for the rule). Whoever follows the
//! log reads from his own cursor up to it, at his own pace; the tailer holds no event.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use entity::{LinkId, Timestamp, WorkspaceId};

use super::event::{self, Wanted};
use super::{App, Caller, Error};
use crate::bus::{Topic, Waiting};
use crate::store::{self, event::Read};

/// How many marks the tailer reads at a time.
const MARKS: u64 = 5_000;
/// How many events a follower reads at a time.
const READ: u64 = 100;
/// A follower looks on its own after this time, in case a hint was lost.
const LOOK_ANYWAY: Duration = Duration::from_secs(15);

/// No event is deleted before this age; half of the shortest that can be set, as nodes' clocks differ.
const NEVER_DELETED: Duration = Duration::from_hours(12);

/// The position up to which the log is complete, as this process knows it.
#[derive(Default)]
pub(super) struct Watermark(AtomicI64);

/// How far the log may be read now.
#[must_use]
pub fn watermark(app: &App) -> i64 {
    app.0.log.0.load(Ordering::Acquire)
}

/// How long the oldest event has waited that those who follow the log have not been told of.
///
/// # Errors
/// If the database does not answer.
pub async fn lag(app: &App) -> Result<Duration, Error> {
    if !is_followed(app) {
        return Ok(Duration::ZERO);
    }
    let first = store::log::first_after(&app.db, watermark(app)).await?;
    Ok(first.map_or(Duration::ZERO, |occurred_at| app.clock.now().since(occurred_at)))
}

/// Where the log of a workspace begins: who has read up to there misses nothing that is kept.
///
/// # Errors
/// If the database does not answer.
pub async fn earliest(app: &App, workspace: WorkspaceId) -> Result<i64, Error> {
    Ok(store::horizon::of(&app.db, workspace).await?)
}

/// Refuses a cursor after which something has been deleted.
///
/// # Errors
/// [`Error::Gone`] then.
pub async fn still_kept(app: &App, workspace: WorkspaceId, after: i64) -> Result<(), Error> {
    if after < earliest(app, workspace).await? { Err(Error::Gone) } else { Ok(()) }
}

/// Whether the watermark has to keep up: somebody follows the log, or other nodes write to it.
fn is_followed(app: &App) -> bool {
    app.bus.is_watched() || !app.db.is_embedded()
}

/// The tailer has looked and need not read: while nobody follows the log, whoever asks for events moves
/// the watermark first.
pub fn rest(app: &App) {
    if !is_followed(app) {
        app.0.pulse.log_moves(app.clock.now());
    }
}

/// Moves the watermark as far as it goes now and wakes those who wait; says whether it moved.
///
/// # Errors
/// If the database does not answer.
pub async fn advance(app: &App) -> Result<bool, Error> {
    let known = watermark(app);
    let now = store::log::watermark(&app.db, known).await?;
    app.0.log.0.fetch_max(now, Ordering::AcqRel);
    if now > known {
        app.0.pulse.log_moves(app.clock.now());
    }
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
    /// Until when nothing after the cursor can be so old that it has been deleted.
    whole_until: Timestamp,
    waiting: Waiting,
}

impl Follower {
    /// Follows from `after`, or from now on.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an unknown type; [`Error::Gone`] if an event after `after` is no longer kept.
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
        let whole_until = if after.is_some() { Timestamp(0) } else { app.clock.now().plus(NEVER_DELETED) };
        let (app, caller) = (app.clone(), caller.clone());
        let follower = Self { app, caller, wanted, cursor, whole_until, waiting };
        follower.misses_nothing().await?;
        Ok(follower)
    }

    /// Up to where everything wanted has been read.
    #[must_use]
    pub fn cursor(&self) -> i64 {
        self.cursor
    }

    /// The next events, as soon as there are any.
    ///
    /// # Errors
    /// [`Error::Gone`] if the follower was so slow that what came next is no longer kept.
    pub async fn next(&mut self) -> Result<Vec<entity::event::Model>, Error> {
        loop {
            let up_to = watermark(&self.app);
            let asked_at = self.app.clock.now();
            // Where the log has not moved, ten thousand followers that look anyway ask the database nothing.
            if self.cursor < up_to {
                // Boxed: what reading needs would otherwise be part of every waiting follower's memory.
                let read = event::read(&self.app, &self.caller, &self.wanted, self.cursor, READ);
                let Read { events, stopped_at } = Box::pin(read).await?;
                self.misses_nothing().await?;
                if let Some(last) = events.last() {
                    self.cursor = stopped_at.unwrap_or(last.position);
                    self.whole_until = last.occurred_at.plus(NEVER_DELETED);
                    return Ok(events);
                }
                // Nothing of ours up to there: never read it again.
                self.cursor = stopped_at.unwrap_or(up_to);
                if stopped_at.is_some() {
                    continue;
                }
            }
            self.whole_until = asked_at.plus(NEVER_DELETED);
            self.waiting.news(LOOK_ANYWAY).await;
        }
    }

    /// What came after the cursor is young, or else still there. Asked after reading, so that what was
    /// read is whole; and seldom, so that following costs nothing more.
    async fn misses_nothing(&self) -> Result<(), Error> {
        if self.app.clock.now() < self.whole_until {
            return Ok(());
        }
        Box::pin(still_kept(&self.app, self.caller.workspace, self.cursor)).await
    }
}

fn topic(workspace: WorkspaceId, link: Option<LinkId>) -> Topic {
    link.map_or(Topic::Workspace(workspace), Topic::Link)
}
