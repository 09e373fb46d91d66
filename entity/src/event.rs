//! One fact of the log.

use sea_orm::entity::prelude::*;

use crate::{EventId, LinkId, Timestamp, WorkspaceId};

/// An immutable fact. The spine of the system.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// The place in the log; see `store::log` for what a reader may see of it.
    #[sea_orm(primary_key)]
    pub position: i64,
    pub id: EventId,
    pub workspace_id: WorkspaceId,
    pub link_id: Option<LinkId>,
    /// Counts the events of one link: 1, 2, 3 … without a hole.
    pub sequence: Option<i64>,
    #[sea_orm(column_name = "type")]
    pub kind: String,
    /// Ids and facts only: `domain::event::Facts`.
    pub facts: Json,
    pub occurred_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
