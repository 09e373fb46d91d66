//! The signed-in state.

use sea_orm::entity::prelude::*;

use crate::{LinkId, SessionId, Timestamp, WorkspaceId};

/// The signed-in state kept after success, sealed.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub workspace_id: WorkspaceId,
    pub link_id: LinkId,
    pub sealed: Vec<u8>,
    /// When it was made: the customer, or the kept password, signed in.
    pub created_at: Timestamp,
    /// When the site last took it.
    pub seen_good_at: Option<Timestamp>,
    /// When a second factor was last given for it.
    pub factor_at: Option<Timestamp>,
    /// When the site no longer took it; what it knows of the device may still help to sign in again.
    pub died_at: Option<Timestamp>,
    pub expires_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
