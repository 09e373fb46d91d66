//! One question of the source system.

use sea_orm::entity::prelude::*;

use crate::{LoginId, PromptId, PromptKind, Timestamp, WorkspaceId};

/// One question of the source system, in its own words.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "prompt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PromptId,
    pub workspace_id: WorkspaceId,
    pub login_id: LoginId,
    /// Grows within the login: 1, 2, 3 …
    pub number: i32,
    pub kind: PromptKind,
    /// The whole prompt as the page shows it; never what was typed.
    pub body: Json,
    pub created_at: Timestamp,
    pub answered_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
