//! A partner's API key.

use sea_orm::entity::prelude::*;

use crate::{KeyId, Strings, Timestamp, WorkspaceId};

/// A partner's key: only a hash of its secret is here.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: KeyId,
    pub workspace_id: WorkspaceId,
    pub name: String,
    /// The public part, by which the row is found.
    pub prefix: String,
    /// SHA-256 of the whole key.
    pub hash: Vec<u8>,
    /// Words of [`crate::Scope`].
    pub scopes: Strings,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
