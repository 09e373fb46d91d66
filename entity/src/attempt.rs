//! One try at a delivery.

use sea_orm::entity::prelude::*;

use crate::{AttemptOutcome, DeliveryId, Timestamp, WorkspaceId};

/// One try at a delivery and what came of it.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "attempt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub delivery_id: DeliveryId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub workspace_id: WorkspaceId,
    pub started_at: Timestamp,
    pub duration_ms: i32,
    pub outcome: AttemptOutcome,
    pub response_status: Option<i16>,
    /// The first 4 KiB.
    pub response_body: Option<String>,
    pub error: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
