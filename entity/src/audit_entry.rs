//! Who has changed what.

use sea_orm::entity::prelude::*;

use crate::{AuditId, KeyId, Strings, Timestamp, WorkspaceId};

/// One change, written in its own transaction. It holds ids only: nothing of it needs erasure.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditId,
    pub workspace_id: WorkspaceId,
    /// Which key asked for it; `None` = the operator.
    pub key_id: Option<KeyId>,
    /// The mutation's name, as the API spells it.
    pub operation: String,
    /// The prefixed ids of what was changed.
    pub targets: Strings,
    pub occurred_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
