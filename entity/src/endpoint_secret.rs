//! A signing secret of an endpoint.

use sea_orm::entity::prelude::*;

use crate::{EndpointId, EndpointSecretId, Timestamp, WorkspaceId};

/// A signing secret, sealed; several live ones overlap during a rotation.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "endpoint_secret")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EndpointSecretId,
    pub workspace_id: WorkspaceId,
    pub endpoint_id: EndpointId,
    pub sealed: Vec<u8>,
    pub created_at: Timestamp,
    /// When it stops to sign; null = current.
    pub expires_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
