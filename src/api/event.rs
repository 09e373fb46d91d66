//! Events in the API: pull by query, live by subscription, the same log.

use async_graphql::{Context, Description, ID, Object, Result};
use entity::{Scope, event};

use super::context::{app, caller};
use super::error::{of_the_log, top_level};
use super::link::Link;
use super::load::{self, EventData, LinkOf};
use super::paging::{self, Connection};
use super::scalar::{DateTime, EventCursor, JsonObject};
use crate::service::event::{self as service, Read, Wanted};

/// One fact of the log.
#[derive(Description)]
pub(super) struct Event(pub(super) event::Model);

#[Object(use_type_description)]
impl Event {
    /// `evt_…`, the `webhook-id` of its deliveries.
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// `link.created`, `login.prompted`, `run.succeeded` and so on.
    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// Its place in the log.
    async fn cursor(&self) -> EventCursor {
        EventCursor(self.0.position)
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.0.occurred_at)
    }

    /// The link it is about, as it is now. Needs `LINKS_READ`.
    async fn link(&self, ctx: &Context<'_>) -> Result<Option<Link>> {
        caller(ctx, Scope::LinksRead)?;
        match self.0.link_id {
            Some(id) => Ok(load::one(ctx, LinkOf(self.0.workspace_id, id)).await?.map(Link)),
            None => Ok(None),
        }
    }

    /// Counts all events of the link.
    async fn sequence(&self) -> Option<i64> {
        self.0.sequence
    }

    /// Exactly what a webhook carries as `data`. Needs `LINKS_READ`.
    async fn data(&self, ctx: &Context<'_>) -> Result<JsonObject> {
        caller(ctx, Scope::LinksRead)?;
        let data = load::one(ctx, EventData(self.0.workspace_id, self.0.id)).await?;
        data.map(JsonObject).ok_or_else(load::missing)
    }
}

/// The event with that id, for whoever may read the log.
pub(super) async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Event>> {
    let caller = caller(ctx, Scope::LinksRead)?;
    let Ok(id) = id.parse() else { return Ok(None) };
    let found = service::find_many(app(ctx)?, caller.workspace, vec![id]).await.map_err(top_level)?;
    Ok(found.into_iter().next().map(Event))
}

/// Reading the log.
#[derive(Default)]
pub(super) struct EventQueries;

#[Object]
impl EventQueries {
    /// The event log after a cursor, in order: pull instead of push. With `types` a page looks through 20,000 events
    /// at most and may have fewer rows than `first`, even none: while `hasNextPage` is true, go on behind
    /// `endCursor`. Needs `LINKS_READ`.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Begin behind this place in the log; null = at its beginning.")] after: Option<
            EventCursor,
        >,
        #[graphql(desc = "At most so many rows, from the beginning: 0 to 100; null = 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only these types, or families such as `link.*`; null or empty = all.")]
        types: Option<Vec<String>>,
    ) -> Result<Connection<Event>> {
        let caller = caller(ctx, Scope::LinksRead)?;
        let wanted = Wanted { link: None, types: types.unwrap_or_default() };
        let range = Range { start: after.map(|cursor| cursor.0), limit: paging::first(first)? };
        let rows = service::list(app(ctx)?, caller, &wanted, range.start, range.limit + 1).await;
        Ok(range.connection(rows.map_err(of_the_log)?))
    }
}

/// Which events of a list to show: its cursors are places in the log.
pub(super) struct Range {
    pub(super) start: Option<i64>,
    pub(super) limit: u64,
}

impl Range {
    pub(super) fn read(first: Option<i32>, after: Option<String>) -> Result<Self> {
        let cursor = |text: String| {
            EventCursor::decode(&text).ok_or_else(|| paging::bad("after must be a cursor of the log"))
        };
        let start = after.map(cursor).transpose()?.map(|cursor| cursor.0);
        Ok(Self { start, limit: paging::first(first)? })
    }

    /// Events that were read with one more than the page holds.
    pub(super) fn connection(&self, read: Read) -> Connection<Event> {
        let Read { events: mut rows, stopped_at } = read;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_next = rows.len() > limit;
        rows.truncate(limit);
        let mut page = Connection::new(self.start.is_some(), has_next);
        for row in rows {
            page.push(EventCursor(row.position).encode(), Event(row));
        }
        if let Some(position) = stopped_at {
            page.goes_on_behind(EventCursor(position).encode());
        }
        page
    }
}
