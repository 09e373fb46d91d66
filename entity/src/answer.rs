//! A customer's answer.

use sea_orm::entity::prelude::*;

use crate::{LoginId, PromptId, Timestamp, WorkspaceId};

/// A customer's answer as ciphertext under the login's key; deleted when the engine reads it.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "answer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub prompt_id: PromptId,
    pub workspace_id: WorkspaceId,
    pub login_id: LoginId,
    pub sealed: Vec<u8>,
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
