//! One invitation.

use sea_orm::entity::prelude::*;

use crate::{CustomerId, FailureCode, JobId, KeyId, LinkId, LinkStatus, RunId, Timestamp, WorkspaceId};

/// One invitation: customer, job, expiry, and where it stands.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "link")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LinkId,
    pub workspace_id: WorkspaceId,
    pub customer_id: CustomerId,
    pub job_id: JobId,
    pub status: LinkStatus,
    /// How many events of this link are in the log.
    pub sequence: i64,
    /// Whole seconds: the signed URL carries it.
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The last failure, if any.
    pub failure_code: Option<FailureCode>,
    /// The site's own words for it, verbatim.
    pub failure_message: Option<String>,
    /// Set once the customer is signed in: from then on a failure is the job's and final.
    pub signed_in_at: Option<Timestamp>,
    pub metadata: Json,
    pub return_url: Option<String>,
    pub locale: Option<String>,
    /// Which master key signed the URL.
    pub token_key: i16,
    /// The run whose sign-in this link makes anew.
    pub relogin_run_id: Option<RunId>,
    /// Which key made it by `createLink`: the row is its own entry of the audit log.
    pub created_by: Option<KeyId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
