//! A registered receiver.

use sea_orm::entity::prelude::*;

use crate::{
    DeliveryOrdering, EndpointId, EndpointStatus, PayloadFormat, SignatureScheme, Strings, Timestamp,
    WorkspaceId,
};

/// A registered receiver of events.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "endpoint")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EndpointId,
    pub workspace_id: WorkspaceId,
    pub url: String,
    pub description: Option<String>,
    /// Empty = all; `link.*` allowed.
    pub event_types: Strings,
    pub status: EndpointStatus,
    pub disabled_reason: Option<String>,
    pub signature: SignatureScheme,
    pub format: PayloadFormat,
    pub ordering: DeliveryOrdering,
    /// Whether the ordering was changed and what waits does not follow it yet.
    pub is_rearranged: bool,
    /// The most deliveries a node sends it in a second; null = as many as it takes.
    pub rate_limit: Option<i32>,
    pub header_names: Strings,
    /// Static headers sent along, sealed.
    pub headers: Option<Vec<u8>>,
    /// Delays between attempts in milliseconds; null = the default schedule.
    pub retry_schedule: Option<Json>,
    /// Since when nothing but failures came; null after a success.
    pub failing_since: Option<Timestamp>,
    /// When `endpoint.failing` was told; null after a success.
    pub warned_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
