//! One execution of a job.

use sea_orm::entity::prelude::*;

use crate::{FailureCode, JobId, LinkId, NodeId, RunId, RunStatus, SessionId, Timestamp, WorkspaceId};

/// One execution of a job's workflows with a session.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RunId,
    pub workspace_id: WorkspaceId,
    pub link_id: LinkId,
    pub job_id: JobId,
    pub session_id: Option<SessionId>,
    /// Whether the partner asked for it after the first: then it changes nothing about its link.
    pub rerun: bool,
    pub status: RunStatus,
    pub claimed_by: Option<NodeId>,
    pub output: Json,
    pub failure_code: Option<FailureCode>,
    pub failure_message: Option<String>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
