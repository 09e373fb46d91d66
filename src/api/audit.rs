//! The audit log: who has changed what.

use async_graphql::{Context, Description, Enum, ID, Object, Result};
use entity::{Scope, audit_entry};

use super::context::{app, caller};
use super::error::top_level;
use super::key::ApiKey;
use super::load::{self, KeyOf};
use super::paging::{self, Args, Connection};
use super::scalar::DateTime;
use crate::service::audit as service;

/// One change, as it was asked for; written in its own transaction. It holds ids, never an input.
#[derive(Description)]
pub(super) struct AuditEntry(audit_entry::Model);

/// Who has asked for a change.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum AuditActor {
    /// A key of this workspace.
    ApiKey,
    /// The operator of the server, at the command line.
    Operator,
}

#[Object(use_type_description)]
impl AuditEntry {
    /// `aud_…`
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The mutation's name, such as `createLink`; `createWorkspace` is the operator's.
    async fn operation(&self) -> &str {
        &self.0.operation
    }

    /// Who has asked for it.
    async fn actor(&self) -> AuditActor {
        self.0.key_id.map_or(AuditActor::Operator, |_| AuditActor::ApiKey)
    }

    /// The key that has asked for it; null for the operator.
    async fn api_key(&self, ctx: &Context<'_>) -> Result<Option<ApiKey>> {
        match self.0.key_id {
            Some(id) => Ok(load::one(ctx, KeyOf(self.0.workspace_id, id)).await?.map(ApiKey)),
            None => Ok(None),
        }
    }

    /// What was made, changed or taken away: ids, also of what is no longer there. `node` shows what still is.
    async fn targets(&self) -> Vec<ID> {
        self.0.targets.0.iter().cloned().map(ID).collect()
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.0.occurred_at)
    }
}

/// Reading the audit log.
#[derive(Default)]
pub(super) struct AuditQueries;

#[Object]
impl AuditQueries {
    /// Every change that was asked for, newest first, for as long as events are kept. What was refused, and
    /// what changed nothing (a replay, a dry run), is not there. Needs `ADMIN`.
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many rows, from the beginning: 0 to 100; null = 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Begin behind this row: the `endCursor` of the page before.")] after: Option<String>,
    ) -> Result<Connection<AuditEntry>> {
        let caller = caller(ctx, Scope::Admin)?;
        let page = Args::forward(first, after).page()?;
        let rows = service::list(app(ctx)?, caller, page).await.map_err(top_level)?;
        Ok(paging::connection(page, rows, |row| (row.id.0, AuditEntry(row))))
    }
}
