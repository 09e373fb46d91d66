//! A file that a run was handed out.

use sea_orm::entity::prelude::*;

use crate::{FileId, RunId, Timestamp, WorkspaceId};

/// A file of a run; its bytes are in parts of their own, sealed.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "run_file")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FileId,
    pub workspace_id: WorkspaceId,
    pub run_id: RunId,
    /// Of its step, through all workflows of the job.
    pub position: i32,
    pub workflow: String,
    /// What the partner calls it: the step's name.
    pub name: String,
    /// What the site calls it.
    pub file_name: Option<String>,
    pub content_type: String,
    /// In bytes.
    pub size: i64,
    pub created_at: Timestamp,
    /// When it was whole, and its step had ended well.
    pub stored_at: Option<Timestamp>,
    pub expires_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
