//! One event for one endpoint.

use sea_orm::entity::prelude::*;

use crate::{
    DeliveryId, DeliveryStatus, DeliveryTurn, EndpointId, EventId, LinkId, NodeId, Timestamp, WorkspaceId,
};

/// One event for one endpoint: the queue of the webhook hub.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryId,
    pub workspace_id: WorkspaceId,
    pub endpoint_id: EndpointId,
    pub event_id: EventId,
    pub link_id: Option<LinkId>,
    /// The number of its event among the link's, if it stands in line; see `store::line`.
    pub sequence: Option<i64>,
    pub status: DeliveryStatus,
    pub attempt_count: i32,
    /// How many of the attempts were made before the schedule began anew.
    pub attempts_before: i32,
    /// Before and behind what it goes.
    pub turn: DeliveryTurn,
    /// When it is due; null once it is over, while its endpoint is not sent to, and behind another.
    pub next_attempt_at: Option<Timestamp>,
    /// The node that is sending it now.
    pub claimed_by: Option<NodeId>,
    /// When its event happened, also if the delivery was only made by a recovery.
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
