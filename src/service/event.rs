//! The spine: one event and its deliveries, in the transaction that changed the state; and reading
//! the log with the rows a payload needs.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use entity::{
    DeliveryId, DeliveryOrdering, DeliveryTurn, EventId, LinkId, LoginId, Timestamp, WorkspaceId, customer,
    delivery, endpoint, event, link, login, prompt,
};
use serde_json::Value;

use super::{App, Caller, Error};
use crate::domain::counted::Counted;
use crate::domain::delivery::{Fate, Fresh};
use crate::domain::event::{self as words, EventView, Facts, Joined, Kind};
use crate::domain::prompt::Prompt;
pub use crate::store::event::Read;
use crate::store::event::{NewEvent, Range};
use crate::store::{self, Tx};

/// A fact to append.
pub struct Record<'a> {
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// The link it is about and its number there.
    pub link: Option<(LinkId, i64)>,
    /// What happened.
    pub kind: Kind,
    /// Ids and facts.
    pub facts: Facts,
    /// The link and the partner's name for its customer, if the transaction has both in hand.
    pub in_hand: Option<(&'a link::Model, &'a str)>,
}

/// Appends facts and queues a delivery for every endpoint that wants one; returns the positions in
/// the order of `records`.
///
/// # Errors
/// If the database refuses.
pub async fn record(tx: &Tx, now: Timestamp, records: &[Record<'_>]) -> Result<Vec<i64>, Error> {
    let events: Vec<NewEvent> = records.iter().map(|record| new_event(record, now)).collect();
    let positions = store::event::insert_many(tx, &events).await?;
    let workspaces: HashSet<_> = records.iter().map(|record| record.workspace).collect();
    let endpoints = store::endpoint::all_of(tx, workspaces).await?;
    let mut deliveries = Vec::new();
    let mut views = HashMap::new();
    for (record, event) in records.iter().zip(&events) {
        let wanting = endpoints.iter().filter(|endpoint| wants(endpoint, record));
        let before = deliveries.len();
        deliveries.extend(wanting.map(|endpoint| delivery(endpoint, (event.id, event.link), now)));
        if deliveries.len() > before {
            views.extend(view(record, event).map(|view| (event.id, Arc::new(view))));
        }
    }
    store::line::join(tx, &mut deliveries).await?;
    let with_view = |delivery: delivery::Model| {
        let event = views.get(&delivery.event_id).cloned();
        Fresh { delivery, event }
    };
    store::delivery::insert_many(tx, deliveries.into_iter().map(with_view).collect()).await?;
    for record in records {
        count(tx, record);
    }
    Ok(events.iter().filter_map(|event| positions.get(&event.id).copied()).collect())
}

/// Appends a fact that only `endpoint` gets, whatever it has asked for; returns its delivery.
///
/// # Errors
/// If the database refuses.
pub async fn record_for(
    tx: &Tx,
    now: Timestamp,
    record: &Record<'_>,
    endpoint: &endpoint::Model,
) -> Result<delivery::Model, Error> {
    let event = new_event(record, now);
    let delivery = delivery(endpoint, (event.id, event.link), now);
    store::event::insert_many(tx, &[event]).await?;
    store::delivery::insert_many(tx, vec![Fresh::from(delivery.clone())]).await?;
    count(tx, record);
    Ok(delivery)
}

/// What a payload says about an event, without reading anything.
fn view(record: &Record<'_>, event: &NewEvent) -> Option<EventView> {
    let (link, external_id) = record.in_hand?;
    let event = event::Model {
        // Drawn later; a payload does not tell it.
        position: 0,
        id: event.id,
        workspace_id: event.workspace,
        link_id: event.link.map(|(link, _)| link),
        sequence: event.link.map(|(_, sequence)| sequence),
        kind: event.kind.to_owned(),
        facts: event.facts.clone(),
        occurred_at: event.occurred_at,
    };
    Some(EventView::of(
        &event,
        Joined { link: Some(link), external_id: Some(external_id), site_message: None },
    ))
}

fn count(tx: &Tx, record: &Record<'_>) {
    tx.count(Counted::Event(record.kind.as_str()));
    if let (Some(from), Some(to)) = (record.facts.previous_status, record.facts.status) {
        tx.count(Counted::Transition { from, to });
    }
}

fn new_event(record: &Record<'_>, now: Timestamp) -> NewEvent {
    NewEvent {
        id: EventId::new(now),
        workspace: record.workspace,
        link: record.link,
        kind: record.kind.as_str(),
        facts: record.facts.to_value(),
        occurred_at: now,
    }
}

/// Whether an endpoint gets an event: it asked for the type, and the event is not about itself.
fn wants(endpoint: &endpoint::Model, record: &Record<'_>) -> bool {
    endpoint.workspace_id == record.workspace
        && record.facts.endpoint_id != Some(endpoint.id)
        && words::is_wanted(&endpoint.event_types.0, record.kind.as_str())
}

/// A delivery of an event (about a link, with its number there) to `endpoint`; it is as old as the event,
/// whenever it is made.
#[must_use]
pub fn delivery(
    endpoint: &endpoint::Model,
    (event, link): (EventId, Option<(LinkId, i64)>),
    now: Timestamp,
) -> delivery::Model {
    let fate = Fate::of(endpoint, now);
    let is_ordered = endpoint.ordering == DeliveryOrdering::PerLink;
    let happened_at = event.made_at();
    delivery::Model {
        id: DeliveryId::new(happened_at),
        workspace_id: endpoint.workspace_id,
        endpoint_id: endpoint.id,
        event_id: event,
        link_id: link.map(|(link, _)| link),
        sequence: link.filter(|_| is_ordered).map(|(_, sequence)| sequence),
        status: fate.status(),
        attempt_count: 0,
        attempts_before: 0,
        turn: DeliveryTurn::Next,
        next_attempt_at: fate.next_attempt_at(),
        claimed_by: None,
        created_at: happened_at,
    }
}

/// Events with the rows their payloads are joined from.
pub struct Joins {
    links: HashMap<LinkId, (link::Model, Option<customer::Model>)>,
    logins: HashMap<LoginId, login::Model>,
    /// What the site said about an answer, by the login and the number of the prompt that says it.
    remarks: HashMap<(LoginId, i32), String>,
}

impl Joins {
    /// Reads what the payloads of `events` need, in a fixed number of statements.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn read(app: &App, workspace: WorkspaceId, events: &[event::Model]) -> Result<Self, Error> {
        let links = events.iter().filter_map(|event| event.link_id).collect::<HashSet<_>>();
        let failed = events.iter().map(Facts::of).filter(|facts| facts.failure_code.is_some());
        let (asked_again, ended): (Vec<Facts>, Vec<Facts>) =
            failed.partition(|facts| facts.prompt_number.is_some());
        let logins = ended.iter().filter_map(|facts| facts.login_id).collect::<HashSet<_>>();
        let prompted = asked_again.iter().filter_map(|facts| facts.login_id).collect::<HashSet<_>>();
        let links = if links.is_empty() {
            Vec::new()
        } else {
            store::link::with_customers(&app.db, workspace, links).await?
        };
        let logins = if logins.is_empty() {
            Vec::new()
        } else {
            store::login::find_many(&app.db, workspace, logins).await?
        };
        Ok(Self {
            links: links.into_iter().map(|(link, customer)| (link.id, (link, customer))).collect(),
            logins: logins.into_iter().map(|row| (row.id, row)).collect(),
            remarks: remarks(app, workspace, prompted).await?,
        })
    }

    /// The rows of one event.
    #[must_use]
    pub fn of(&self, event: &event::Model) -> Joined<'_> {
        let known = event.link_id.and_then(|id| self.links.get(&id));
        let facts = Facts::of(event);
        let site_message = match (facts.login_id, facts.prompt_number) {
            (Some(login), Some(number)) => self.remarks.get(&(login, number)).map(String::as_str),
            (Some(login), None) => self.logins.get(&login).and_then(|login| login.site_message.as_deref()),
            (None, _) => None,
        };
        let customer = known.and_then(|(_, customer)| customer.as_ref());
        let external_id = customer.and_then(customer::Model::name);
        Joined { link: known.map(|(link, _)| link), external_id, site_message }
    }
}

async fn remarks(
    app: &App,
    workspace: WorkspaceId,
    logins: HashSet<LoginId>,
) -> Result<HashMap<(LoginId, i32), String>, Error> {
    if logins.is_empty() {
        return Ok(HashMap::new());
    }
    let said = |row: prompt::Model| {
        let prompt: Prompt = serde_json::from_value(row.body).ok()?;
        Some(((row.login_id, row.number), prompt.site_error?))
    };
    let prompts = store::prompt::of_logins(&app.db, workspace, logins).await?;
    Ok(prompts.into_iter().filter_map(said).collect())
}

/// `data` of each event, exactly as a webhook carries it.
///
/// # Errors
/// If the database does not answer.
pub async fn render(app: &App, workspace: WorkspaceId, events: &[event::Model]) -> Result<Vec<Value>, Error> {
    let joins = Joins::read(app, workspace, events).await?;
    Ok(events.iter().map(|event| words::data(event, joins.of(event))).collect())
}

/// What a reader of the log asks for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only of this link.
    pub link: Option<LinkId>,
    /// Only these types or families; empty = all.
    pub types: Vec<String>,
}

/// Events after `after`, or from the first one that is kept, that are certain to have none missing
/// before them.
///
/// # Errors
/// [`Error::Invalid`] for an unknown type; [`Error::Gone`] if an event after `after` is no longer kept.
pub async fn list(
    app: &App,
    caller: &Caller,
    wanted: &Wanted,
    after: Option<i64>,
    limit: u64,
) -> Result<Read, Error> {
    known_types("types", &wanted.types)?;
    super::log::advance(app).await?;
    let Some(after) = after else {
        let earliest = super::log::earliest(app, caller.workspace).await?;
        return read(app, caller, wanted, earliest, limit).await;
    };
    let read = read(app, caller, wanted, after, limit).await?;
    // Only now: what was deleted before the reading is then known, and what was read is whole.
    super::log::still_kept(app, caller.workspace, after).await?;
    Ok(read)
}

/// The first `limit` events after `after`, or from the first one that is kept, of each of those links;
/// `None` if an event after `after` is no longer kept.
///
/// # Errors
/// If the database does not answer.
pub async fn of_links(
    app: &App,
    workspace: WorkspaceId,
    links: Vec<LinkId>,
    (after, limit): (Option<i64>, u64),
) -> Result<Option<Vec<event::Model>>, Error> {
    super::log::advance(app).await?;
    let up_to = super::log::watermark(app);
    let range = (after.unwrap_or(0), up_to, limit);
    let events = store::event::first_of_links(&app.db, workspace, links, range).await?;
    // As in `list`: what was deleted meanwhile is known only now.
    let earliest = super::log::earliest(app, workspace).await?;
    Ok(after.is_none_or(|after| after >= earliest).then_some(events))
}

/// Events after `after` up to the watermark as it is known now.
pub(super) async fn read(
    app: &App,
    caller: &Caller,
    wanted: &Wanted,
    after: i64,
    limit: u64,
) -> Result<Read, Error> {
    let up_to = super::log::watermark(app);
    let range = Range { after, up_to, link: wanted.link, types: wanted.types.clone(), limit };
    Ok(store::event::read(&app.db, caller.workspace, range).await?)
}

/// Refuses types that no event has, so that a typing error is not a silent subscriber.
///
/// # Errors
/// [`Error::Invalid`] that names the types there are.
pub fn known_types(field: &str, types: &[String]) -> Result<(), Error> {
    for (index, pattern) in types.iter().enumerate() {
        if !words::is_pattern(pattern) {
            let all = Kind::ALL.map(Kind::as_str).join(", ");
            let message = format!("must be a family such as link.* or one of: {all}");
            return Err(Error::invalid(&format!("{field}.{index}"), message));
        }
    }
    Ok(())
}

/// The events with those ids, for deliveries.
///
/// # Errors
/// If the database does not answer.
pub async fn find_many(
    app: &App,
    workspace: WorkspaceId,
    ids: Vec<EventId>,
) -> Result<Vec<event::Model>, Error> {
    Ok(store::event::find_many(&app.db, workspace, ids).await?)
}

/// `data` of the events with those ids, with their ids.
///
/// # Errors
/// If the database does not answer.
pub async fn render_many(
    app: &App,
    workspace: WorkspaceId,
    ids: Vec<EventId>,
) -> Result<Vec<(EventId, Value)>, Error> {
    let events = find_many(app, workspace, ids).await?;
    let data = render(app, workspace, &events).await?;
    Ok(events.into_iter().map(|event| event.id).zip(data).collect())
}
