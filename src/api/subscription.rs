//! Subscriptions: replay from a cursor, then follow the log.
//!
//! What is only needed before the waiting begins is boxed: ten thousand that wait would hold it otherwise.

use async_graphql::{Context, Description, Error, ID, Result, SimpleObject, Subscription};
use entity::Scope;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};

use super::context::{app, caller};
use super::delivery::{DeliveryAttempt, shown};
use super::door::EventIds;
use super::error::{of_the_log, top_level};
use super::event::Event;
use super::failure::Failure;
use super::link::Link;
use super::paging::bad;
use super::scalar::{DateTime, EventCursor};
use super::words::LinkStatus;
use crate::domain::event::Facts;
use crate::service::change::{self, Change, Changes};
use crate::service::delivery::watch::Watcher;
use crate::service::event::Wanted;
use crate::service::log::Follower;

/// A link's new status.
#[derive(SimpleObject)]
pub(super) struct LinkStatusChange {
    /// Pass as `after` to continue without a gap.
    cursor: EventCursor,
    /// The link, as it is now.
    link: Link,
    /// The status before; null for `link.created`.
    previous_status: Option<LinkStatus>,
    /// The status after.
    status: LinkStatus,
    /// The number of the event among the link's events.
    sequence: i64,
    /// What failed, if something did.
    failure: Option<Failure>,
    /// When it happened.
    occurred_at: DateTime,
}

/// Following the log. Without `after`: from now on.
#[derive(Description)]
pub(super) struct Subscriptions;

#[Subscription(name = "Subscription", use_type_description)]
impl Subscriptions {
    /// Every change of status of one link, one customer, one job, or all. Needs `LINKS_READ`. With
    /// `linkId` it completes after the link's final status.
    #[expect(clippy::too_many_arguments, reason = "they are the arguments of the field")]
    async fn link_status_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this link; the subscription completes with it.")] link_id: Option<ID>,
        #[graphql(desc = "Only of this customer's links.")] external_id: Option<String>,
        #[graphql(desc = "Only of this job's links.")] job_id: Option<ID>,
        #[graphql(desc = "Begin behind this place in the log; null = from now on.")] after: Option<
            EventCursor,
        >,
    ) -> Result<impl Stream<Item = Result<LinkStatusChange>> + use<>> {
        let caller = caller(ctx, Scope::LinksRead)?;
        let wanted = change::Wanted {
            link: link_id.map(|id| id.parse().map_err(|_| bad("linkId must be a link's id"))).transpose()?,
            job: job_id.map(|id| id.parse().map_err(|_| bad("jobId must be a job's id"))).transpose()?,
            external_id,
        };
        let ids = ctx.data_opt::<EventIds>().cloned();
        let after = seen(ids.as_ref())?.or(after).map(|cursor| cursor.0);
        let start = Box::pin(Changes::start(app(ctx)?, caller, wanted, after));
        let changes = start.await.map_err(of_the_log)?;
        let batches = stream::try_unfold(changes, async |mut changes| {
            let batch = changes.next().await.map_err(of_the_log)?;
            let goes_on = !batch.is_empty();
            Ok::<_, Error>(goes_on.then(|| (stream::iter(batch).map(|one| Ok(told(one))), changes)))
        });
        Ok(batches
            .try_flatten()
            .inspect_ok(move |change: &LinkStatusChange| name(ids.as_ref(), change.cursor)))
    }

    /// Every event of the log, or those of some types or families. Needs `LINKS_READ`.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these types, or families such as `link.*`; null or empty = all.")]
        types: Option<Vec<String>>,
        #[graphql(desc = "Begin behind this place in the log; null = from now on.")] after: Option<
            EventCursor,
        >,
    ) -> Result<impl Stream<Item = Result<Event>> + use<>> {
        let caller = caller(ctx, Scope::LinksRead)?;
        let wanted = Wanted { link: None, types: types.unwrap_or_default() };
        let ids = ctx.data_opt::<EventIds>().cloned();
        let after = seen(ids.as_ref())?.or(after).map(|cursor| cursor.0);
        let start = Box::pin(Follower::start(app(ctx)?, caller, wanted, after));
        let follower = start.await.map_err(of_the_log)?;
        let batches = stream::try_unfold(follower, async |mut follower| {
            let batch = follower.next().await.map_err(of_the_log)?;
            Ok::<_, Error>(Some((stream::iter(batch).map(|row| Ok(Event(row))), follower)))
        });
        let cursor = |event: &Event| EventCursor(event.0.position);
        Ok(batches.try_flatten().inspect_ok(move |event: &Event| name(ids.as_ref(), cursor(event))))
    }

    /// Attempts at deliveries as this server makes them, all or those to one endpoint: a live view, with
    /// no replay. Needs `WEBHOOKS_READ`.
    #[expect(clippy::unused_async, reason = "every resolver of async-graphql is async")]
    async fn delivery_attempted(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only at deliveries to this endpoint; null = at all.")] endpoint_id: Option<ID>,
    ) -> Result<impl Stream<Item = Result<DeliveryAttempt>> + use<>> {
        let caller = caller(ctx, Scope::WebhooksRead)?;
        let endpoint = endpoint_id
            .map(|id| id.parse().map_err(|_| bad("endpointId must be an endpoint's id")))
            .transpose()?;
        let watcher = Watcher::start(app(ctx)?, caller, endpoint);
        Ok(stream::try_unfold(watcher, async |mut watcher| {
            let attempt = watcher.next().await.map_err(top_level)?;
            Ok::<_, Error>(attempt.map(|row| (shown(row), watcher)))
        }))
    }
}

/// Where a client of server-sent events was when its connection broke; it overrides `after`.
fn seen(ids: Option<&EventIds>) -> Result<Option<EventCursor>> {
    let last = ids.and_then(EventIds::last_seen);
    let cursor =
        last.map(|text| EventCursor::decode(text).ok_or_else(|| bad("Last-Event-ID must be a cursor")));
    cursor.transpose()
}

/// Gives the next server-sent event its id.
fn name(ids: Option<&EventIds>, cursor: EventCursor) {
    if let Some(ids) = ids {
        ids.name_next(cursor.encode());
    }
}

fn told(change: Change) -> LinkStatusChange {
    let facts = Facts::of(&change.event);
    LinkStatusChange {
        cursor: EventCursor(change.event.position),
        previous_status: facts.previous_status.map(Into::into),
        status: facts.status.unwrap_or(change.link.status).into(),
        sequence: change.event.sequence.unwrap_or_default(),
        failure: change.failure.map(|failure| Failure::new(failure.code, failure.site_message)),
        occurred_at: DateTime(change.event.occurred_at),
        link: Link(change.link),
    }
}
