//! A partner's tenant.

use sea_orm::entity::prelude::*;

use crate::{Branding, Strings, Timestamp, WorkspaceId};

/// A partner's tenant: everything belongs to one.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "workspace")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WorkspaceId,
    pub name: String,
    /// Where a customer may be sent back to: URLs a link's `return_url` must start with.
    pub return_urls: Strings,
    /// What it shows of itself on the customer's page.
    pub branding: Branding,
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
