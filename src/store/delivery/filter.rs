//! Finding deliveries among millions of others.
//!
//! The conditions are put so that one index narrows each list down: see the migrations.

use entity::{
    DeliveryStatus, EndpointId, EventId, LinkId, Timestamp, WorkspaceId, delivery, endpoint, event,
};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::store::page::{Part, Rows, newest_first_among, newest_first_of};
use crate::store::{Error, Page};

/// Which deliveries of a workspace to list; an absent field allows all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// To this endpoint.
    pub endpoint: Option<EndpointId>,
    /// About this link.
    pub link: Option<LinkId>,
    /// One of these.
    pub statuses: Option<Vec<DeliveryStatus>>,
    /// Of an event of one of these types or families; empty = all.
    pub event_types: Vec<String>,
    /// Of an event from this time on.
    pub created_after: Option<Timestamp>,
    /// Of an event before this time.
    pub created_before: Option<Timestamp>,
}

impl Filter {
    /// What pages of such a list are keyed by: an endpoint's deliveries come in the order of their
    /// events, of which each has one.
    #[must_use]
    pub fn key(&self, row: &delivery::Model) -> Uuid {
        if self.endpoint.is_some() { row.event_id.0 } else { row.id.0 }
    }

    const fn key_column(&self) -> delivery::Column {
        if self.endpoint.is_some() { delivery::Column::EventId } else { delivery::Column::Id }
    }

    /// The deliveries as lists of which each is in the order of an index: of one status there may be few among
    /// many, which an index of its own finds.
    fn parts(&self, workspace: WorkspaceId) -> Vec<Part<delivery::Entity>> {
        let query = delivery::Entity::find().filter(self.conditions(workspace));
        let Some(statuses) = &self.statuses else { return vec![query.into()] };
        let is_wanted = |status: &&DeliveryStatus| statuses.contains(status);
        // A literal: a statement that is prepared once can be planned once, for a partial index too.
        let is = |status: DeliveryStatus| Expr::cust(format!(r#""status" = '{}'"#, status.as_str()));
        let of_status = |status: &DeliveryStatus| query.clone().filter(is(*status)).into();
        DeliveryStatus::ALL.iter().filter(is_wanted).map(of_status).collect()
    }

    fn conditions(&self, workspace: WorkspaceId) -> Condition {
        use delivery::Column;
        let all = match self.link {
            // A link has a few events, and an endpoint one delivery of each.
            Some(link) => Condition::all()
                .add(Column::EventId.in_subquery(events_of(link)))
                .add(Column::EndpointId.in_subquery(endpoints_of(workspace))),
            None => Condition::all().add(Column::WorkspaceId.eq(workspace)),
        };
        all.add_option(self.endpoint.map(|endpoint| Column::EndpointId.eq(endpoint)))
    }

    /// What no index knows of a delivery: one that had the types too would make each dearer to write.
    ///
    /// Its event is asked for as a value, which is looked up for each delivery. That it exists, PostgreSQL would
    /// make a join of, and begin with all events of a type that it takes for rare.
    fn of_types(&self, workspace: WorkspaceId) -> Option<Condition> {
        let event = || Expr::expr(crate::store::event::of_delivery(workspace, &self.event_types));
        (!self.event_types.is_empty()).then(|| Condition::all().add(event().is_not_null()))
    }
}

fn events_of(link: LinkId) -> SelectStatement {
    let mut events = Query::select();
    events.column(event::Column::Id).from(event::Entity).and_where(event::Column::LinkId.eq(link));
    events
}

fn endpoints_of(workspace: WorkspaceId) -> SelectStatement {
    let mut endpoints = Query::select();
    let mine = endpoint::Column::WorkspaceId.eq(workspace);
    endpoints.column(endpoint::Column::Id).from(endpoint::Entity).and_where(mine);
    endpoints
}

/// A page of the workspace's deliveries, newest first.
///
/// # Errors
/// If the database does not answer.
pub async fn list(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    filter: Filter,
    page: Page,
) -> Result<Rows<delivery::Model>, Error> {
    // Both keys hold the time of the event.
    let first_at = |at: Timestamp| EventId::first_at(at).0;
    let page = page.between(filter.created_after.map(first_at), filter.created_before.map(first_at));
    let (parts, key) = (filter.parts(workspace), filter.key_column());
    Ok(match filter.of_types(workspace) {
        Some(wanted) => newest_first_among(db, parts, &wanted, key, page).await?,
        None => newest_first_of(db, parts, key, page).await?,
    })
}
