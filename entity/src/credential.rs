//! What a customer signs in with, kept.

use sea_orm::entity::prelude::*;

use crate::{CredentialId, LinkId, Timestamp, WorkspaceId};

/// The identifier and password of a link's customer, sealed; only with consent.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "credential")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CredentialId,
    pub workspace_id: WorkspaceId,
    pub link_id: LinkId,
    pub sealed: Vec<u8>,
    /// When the customer agreed.
    pub consented_at: Timestamp,
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
