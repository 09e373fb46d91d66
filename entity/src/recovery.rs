//! A request to send again what did not arrive.

use sea_orm::entity::prelude::*;

use crate::{EndpointId, EventId, RecoveryId, Strings, Timestamp, WorkspaceId};

/// A recovery that is still under way; the row goes when it is done.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "recovery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RecoveryId,
    pub workspace_id: WorkspaceId,
    pub endpoint_id: EndpointId,
    /// Types or families; empty = all.
    pub event_types: Strings,
    /// Events up to this one have been dealt with.
    pub done_to: EventId,
    /// Only events before this one.
    pub until: EventId,
    /// When the next batch may be made.
    pub due_at: Timestamp,
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
