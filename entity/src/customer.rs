//! The partner's customer.

use sea_orm::entity::prelude::*;

use crate::{CustomerId, Timestamp, WorkspaceId};

/// The partner's own name for a person; erasing this row erases the name. Links of all whose rows were erased
/// are of one customer without a name.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CustomerId,
    pub workspace_id: WorkspaceId,
    /// Empty for the one without a name.
    pub external_id: String,
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The partner's name for the customer; none after erasure.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        Some(self.external_id.as_str()).filter(|name| !name.is_empty())
    }
}
