//! What came of an endpoint's deliveries, counted by the time it came.

use sea_orm::entity::prelude::*;

use crate::{EndpointId, Timestamp, WorkspaceId};

/// How many deliveries of an endpoint ended how within ten minutes.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tally")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub endpoint_id: EndpointId,
    /// When the ten minutes began.
    #[sea_orm(primary_key, auto_increment = false)]
    pub slot_at: Timestamp,
    pub workspace_id: WorkspaceId,
    /// Deliveries that arrived.
    pub delivered: i64,
    /// Deliveries that were given up.
    pub failed: i64,
    /// Attempts that failed, also of deliveries that arrived later.
    pub failed_attempts: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
