//! A secret sent to a source system.

use sea_orm::entity::prelude::*;

use crate::{LinkId, LoginId, SourceSystemId, SubmitId, SubmitKind, Timestamp, WorkspaceId};

/// A secret that was sent to a source system: counted for the budgets, never kept.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "submit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SubmitId,
    pub workspace_id: WorkspaceId,
    pub source_system_id: SourceSystemId,
    pub link_id: LinkId,
    pub login_id: LoginId,
    pub kind: SubmitKind,
    /// HMAC of the identifier, so that tries at one account are counted without knowing it.
    pub identifier_tag: Vec<u8>,
    /// The same over all workspaces: HMAC of the site's origin and the identifier.
    pub site_tag: Option<Vec<u8>>,
    /// When the site said that the account is locked, if it did.
    pub locked_at: Option<Timestamp>,
    /// Set when the site refused the secret.
    pub rejected: bool,
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
