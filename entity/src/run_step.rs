//! One step of a run.

use sea_orm::entity::prelude::*;

use crate::{RunId, RunStatus, WorkspaceId};

/// One step of a run and what came of it.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "run_step")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: RunId,
    #[sea_orm(primary_key, auto_increment = false)]
    /// Counts through all workflows of the job: 0, 1, 2 …
    pub position: i32,
    pub workspace_id: WorkspaceId,
    pub workflow: String,
    /// Counts within its workflow.
    pub step_index: i32,
    pub kind: String,
    pub status: RunStatus,
    pub error: Option<String>,
    pub duration_ms: Option<i32>,
    /// What an extraction found.
    pub output: Option<Json>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
