//! What to do once signed in.

use sea_orm::entity::prelude::*;

use crate::{JobId, KeepCredentials, SourceSystemId, Timestamp, WorkspaceId};

/// A source system plus ordered workflows.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    pub workspace_id: WorkspaceId,
    pub source_system_id: SourceSystemId,
    pub name: String,
    /// `[{"name", "steps": […]}]`, as the API takes and shows it.
    pub workflows: Json,
    pub keep_credentials: KeepCredentials,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
