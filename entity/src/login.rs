//! One isolated try to sign in.

use sea_orm::entity::prelude::*;

use crate::{
    Driver, FailureCode, LinkId, LoginId, LoginStatus, NodeId, SourceSystemId, Timestamp, WorkspaceId,
};

/// One isolated try to sign in, bound to one browser by a cookie.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "login")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LoginId,
    pub workspace_id: WorkspaceId,
    pub link_id: LinkId,
    pub source_system_id: SourceSystemId,
    pub status: LoginStatus,
    pub driver: Driver,
    /// SHA-256 of the browser's cookie.
    pub cookie_hash: Vec<u8>,
    /// The engine that works on it.
    pub claimed_by: Option<NodeId>,
    /// The login's own public key; the private half is only in the engine's memory.
    pub public_key: Option<Vec<u8>>,
    /// The prompt that waits for an answer; 0 before the first.
    pub prompt_number: i32,
    /// `SIGNED_IN`, `SUPERSEDED` or a failure code, once ended.
    pub outcome: Option<String>,
    /// The site's own words for a failure, verbatim.
    pub site_message: Option<String>,
    pub failure_code: Option<FailureCode>,
    /// What a success has taught: steps, selectors and roles, never what was typed.
    pub recipe: Option<Json>,
    /// Since when its engine waits for a browser, while it does.
    pub in_line_since: Option<Timestamp>,
    pub started_at: Timestamp,
    /// The customer's last sign of life.
    pub active_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
