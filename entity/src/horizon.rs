//! How far the log of a workspace is no longer kept.

use sea_orm::entity::prelude::*;

use crate::WorkspaceId;

/// The beginning of a workspace's log, once something of it has been deleted.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "horizon")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    /// The last event of the workspace that was deleted.
    pub position: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
