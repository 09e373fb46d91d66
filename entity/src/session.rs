//! The signed-in state.

use sea_orm::entity::prelude::*;

use crate::{LinkId, SessionId, Timestamp, WorkspaceId};

/// The signed-in state kept after success, sealed.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub workspace_id: WorkspaceId,
    pub link_id: LinkId,
    pub sealed: Vec<u8>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
