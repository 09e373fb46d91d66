//! Who has changed what: an entry in the transaction of each change.
//!
//! [`transact`] is the only way from a caller to a change. Its closure says what it has changed, or that it
//! has changed nothing, so that no use case can forget its entry. An entry holds the mutation's name and ids,
//! never an input: it needs no erasure and leads to no secret. `createLink` alone does without: its batcher
//! writes the key into the link's own row, which `store::audit` reads as the entry.

use std::fmt::Display;

use entity::{AuditId, KeyId, Strings, Timestamp, WorkspaceId, audit_entry};

use super::{App, Caller, Error};
use crate::store::page::Rows;
use crate::store::{self, Page, Tx};

/// On whose behalf something is changed.
#[derive(Clone, Copy, Debug)]
pub struct Author {
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// By which key; `None` = by the operator.
    pub key: Option<KeyId>,
}

impl Author {
    /// The operator, at the command line.
    #[must_use]
    pub const fn operator(workspace: WorkspaceId) -> Self {
        Self { workspace, key: None }
    }
}

impl From<&Caller> for Author {
    fn from(caller: &Caller) -> Self {
        Self { workspace: caller.workspace, key: Some(caller.key) }
    }
}

/// What a mutation came to.
pub struct Outcome<T> {
    /// The ids of what it has changed; none if everything is as it was.
    pub targets: Vec<String>,
    /// What the caller gets.
    pub value: T,
}

/// `target` was changed, made or taken away.
pub fn changed<T>(target: impl Display, value: T) -> Outcome<T> {
    Outcome { targets: vec![target.to_string()], value }
}

/// Nothing was changed: an earlier call had done it.
pub const fn unchanged<T>(value: T) -> Outcome<T> {
    Outcome { targets: Vec::new(), value }
}

/// Runs a mutation in one transaction, its entry included. `operation` is its name in the schema.
///
/// # Errors
/// Whatever `work` returns, after everything it did is rolled back.
pub async fn transact<T, F, W>(
    app: &App,
    author: impl Into<Author>,
    operation: &'static str,
    work: W,
) -> Result<T, Error>
where
    T: Send + 'static,
    F: Future<Output = Result<Outcome<T>, Error>> + Send + 'static,
    W: FnOnce(Tx) -> F + Send + 'static,
{
    let (author, now) = (author.into(), app.clock.now());
    store::transact(&app.db, async move |tx: Tx| {
        let outcome = work(tx.clone()).await?;
        if !outcome.targets.is_empty() {
            let row = audit_entry::Model {
                id: AuditId::new(now),
                workspace_id: author.workspace,
                key_id: author.key,
                operation: operation.to_owned(),
                targets: Strings(outcome.targets),
                occurred_at: now,
            };
            store::audit::insert(&tx, row).await?;
        }
        Ok(outcome.value)
    })
    .await
}

/// A page of the entries that are kept, newest first. They are as old as the log at most.
///
/// # Errors
/// If the database does not answer.
pub async fn list(app: &App, caller: &Caller, page: Page) -> Result<Rows<audit_entry::Model>, Error> {
    let oldest = app.retention.map_or(Timestamp(0), |kept| app.clock.now().minus(kept));
    Ok(store::audit::list(&app.db, caller.workspace, AuditId::first_at(oldest), page).await?)
}
