//! The event log: append, and read behind a cursor.

use std::collections::HashMap;

use entity::{EventId, LinkId, Timestamp, WorkspaceId, delivery, event};
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Select,
};

use super::page::{STEP, STEPS, first_of_each};
use super::rows::{self, one_of};
use super::{Error, Tx};
use crate::domain::hint::Hint;

/// An event that has no place in the log yet.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Its id.
    pub id: EventId,
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// The link it is about and its number there.
    pub link: Option<(LinkId, i64)>,
    /// Its type, such as `link.created`.
    pub kind: &'static str,
    /// Ids and facts.
    pub facts: serde_json::Value,
    /// When.
    pub occurred_at: Timestamp,
}

/// What was read of the log.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// The events that were wanted, in order.
    pub events: Vec<event::Model>,
    /// Where reading stopped before it had as many as it might and the log was over.
    pub stopped_at: Option<i64>,
}

impl From<Vec<event::Model>> for Read {
    fn from(events: Vec<event::Model>) -> Self {
        Self { events, stopped_at: None }
    }
}

/// What a reader of the log wants to see.
#[derive(Clone, Debug)]
pub struct Range {
    /// Only events after this position.
    pub after: i64,
    /// Only events up to this position: the watermark.
    pub up_to: i64,
    /// Only of this link.
    pub link: Option<LinkId>,
    /// Only these types; a pattern may end in `.*`. Empty = all.
    pub types: Vec<String>,
    /// How many at most.
    pub limit: u64,
}

/// Appends events and returns the position of each.
///
/// # Errors
/// If the database refuses.
pub async fn insert_many(tx: &Tx, events: &[NewEvent]) -> Result<HashMap<EventId, i64>, Error> {
    // The watermark rule (see `log`): a writer has its transaction id before its positions. The condition
    // names no column, so it is met once, before there is a row that could draw one.
    let condition = if tx.is_concurrent() { "pg_current_xact_id() IS NOT NULL" } else { "true" };
    let rows = events.iter().map(|event| event::ActiveModel {
        position: ActiveValue::NotSet,
        id: ActiveValue::Set(event.id),
        workspace_id: ActiveValue::Set(event.workspace),
        link_id: ActiveValue::Set(event.link.map(|(link, _)| link)),
        sequence: ActiveValue::Set(event.link.map(|(_, sequence)| sequence)),
        kind: ActiveValue::Set(event.kind.to_owned()),
        facts: ActiveValue::Set(event.facts.clone()),
        occurred_at: ActiveValue::Set(event.occurred_at),
    });
    let places: Vec<Place> =
        rows::insert_returning(tx, rows, (condition, r#"RETURNING "id", "position""#)).await?;
    tx.hint(Hint::Log);
    Ok(places.into_iter().map(|place| (place.id, place.position)).collect())
}

#[derive(FromQueryResult)]
struct Place {
    id: EventId,
    position: i64,
}

/// Events of the workspace in the order of the log.
///
/// # Errors
/// If the database does not answer.
pub async fn read(db: &impl ConnectionTrait, workspace: WorkspaceId, range: Range) -> Result<Read, Error> {
    let mut wanted = Condition::all().add_option(range.link.map(|link| event::Column::LinkId.eq(link)));
    if !range.types.is_empty() {
        wanted = wanted.add(any_of(&range.types));
    }
    // A link has a few events.
    let is_found_at_once = range.types.is_empty() || range.link.is_some();
    let (mut after, mut rest, mut events) = (range.after, range.limit, Vec::new());
    for _ in 0..STEPS {
        let end =
            if is_found_at_once { None } else { end_of_step(db, workspace, (after, range.up_to)).await? };
        let step = between(workspace, after, end.unwrap_or(range.up_to)).filter(wanted.clone());
        let found = step.order_by_asc(event::Column::Position).limit(rest).all(db).await?;
        rest = rest.saturating_sub(u64::try_from(found.len()).unwrap_or_default());
        events.extend(found);
        match end {
            Some(end) if rest > 0 => after = end,
            _ => return Ok(events.into()),
        }
    }
    Ok(Read { events, stopped_at: Some(after) })
}

/// The last place of a step; nothing if the log ends before.
async fn end_of_step(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    (after, up_to): (i64, i64),
) -> Result<Option<i64>, Error> {
    // There are never more events than places.
    if u64::try_from(up_to - after).unwrap_or_default() <= STEP {
        return Ok(None);
    }
    let places = between(workspace, after, up_to)
        .select_only()
        .column(event::Column::Position)
        .order_by_asc(event::Column::Position);
    let end: Option<i64> = places.offset(STEP - 1).limit(1).into_tuple().one(db).await?;
    Ok(end.filter(|end| *end < up_to))
}

/// The first `limit` events in (`after`, `up_to`] of each of several links, in order.
///
/// # Errors
/// If the database does not answer.
pub async fn first_of_links(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    links: impl IntoIterator<Item = LinkId>,
    (after, up_to, limit): (i64, i64, u64),
) -> Result<Vec<event::Model>, Error> {
    let query = between(workspace, after, up_to).filter(one_of(event::Column::LinkId, links));
    Ok(first_of_each(db, query, (event::Column::LinkId, event::Column::Position), limit).await?)
}

fn between(workspace: WorkspaceId, after: i64, up_to: i64) -> Select<event::Entity> {
    event::Entity::find()
        .filter(event::Column::WorkspaceId.eq(workspace))
        .filter(event::Column::Position.gt(after))
        .filter(event::Column::Position.lte(up_to))
}

/// Events of one of these types or families; there must be one.
pub(super) fn any_of(types: &[String]) -> Condition {
    types.iter().fold(Condition::any(), |any, name| match name.strip_suffix(".*") {
        Some(family) => any.add(event::Column::Kind.starts_with(format!("{family}."))),
        None => any.add(event::Column::Kind.eq(name)),
    })
}

/// The event of the delivery that a statement looks at, if it is of one of these types or families.
pub(super) fn of_delivery(workspace: WorkspaceId, types: &[String]) -> SelectStatement {
    let mine = event::Entity::find()
        .select_only()
        .column(event::Column::Id)
        .filter(event::Column::WorkspaceId.eq(workspace))
        .filter(
            Expr::col((event::Entity, event::Column::Id))
                .eq(Expr::col((delivery::Entity, delivery::Column::EventId))),
        )
        .filter(any_of(types));
    mine.into_query()
}

/// Those of `ids` that are in the workspace.
///
/// # Errors
/// If the database does not answer.
pub async fn find_many(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: impl IntoIterator<Item = EventId>,
) -> Result<Vec<event::Model>, Error> {
    let query = event::Entity::find().filter(event::Column::WorkspaceId.eq(workspace));
    Ok(query.filter(one_of(event::Column::Id, ids)).all(db).await?)
}

/// The position of the event that brought each link to its sequence.
///
/// # Errors
/// If the database does not answer.
pub async fn positions(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    links: &[(LinkId, i64)],
) -> Result<HashMap<(LinkId, i64), i64>, Error> {
    let any = links.iter().fold(Condition::any(), |any, (link, sequence)| {
        let this = Condition::all();
        any.add(this.add(event::Column::LinkId.eq(*link)).add(event::Column::Sequence.eq(*sequence)))
    });
    let query = event::Entity::find().filter(event::Column::WorkspaceId.eq(workspace)).filter(any);
    let rows = query.all(db).await?;
    Ok(rows.into_iter().filter_map(|row| Some(((row.link_id?, row.sequence?), row.position))).collect())
}

/// The position of the workspace's last event before `before`.
///
/// # Errors
/// If the database does not answer.
pub async fn last_before(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    before: EventId,
) -> Result<Option<i64>, Error> {
    let last = event::Entity::find()
        .select_only()
        .column(event::Column::Position)
        .filter(event::Column::WorkspaceId.eq(workspace))
        .filter(event::Column::Id.lt(before))
        .order_by_desc(event::Column::Id)
        .limit(1);
    Ok(last.into_tuple().one(db).await?)
}
