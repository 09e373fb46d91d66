//! A site customers sign in to.

use sea_orm::entity::prelude::*;

use crate::{Driver, SourceSystemId, Strings, Timestamp, WorkspaceId};

/// A site customers sign in to.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "source_system")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SourceSystemId,
    pub workspace_id: WorkspaceId,
    pub name: String,
    pub login_url: String,
    /// Where a secret may be typed.
    pub allowed_origins: Strings,
    pub driver: Driver,
    /// Overrides for the detector, sealed.
    pub recipe: Option<Vec<u8>>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
