//! The audit log: entries of their own, and links, each of which is the entry of the `createLink` that made it.
//!
//! Links are made in such numbers that a second row for each would be felt. Both kinds have ids of one order,
//! so a page is read from both and merged.

use entity::{AuditId, LinkId, Strings, WorkspaceId, audit_entry, link};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::page::{Rows, newest_first};
use super::{Error, Page, Tx};

/// What a link's row is the entry of.
const CREATE_LINK: &str = "createLink";

/// Adds an entry.
///
/// # Errors
/// If the database refuses.
pub async fn insert(tx: &Tx, row: audit_entry::Model) -> Result<(), Error> {
    audit_entry::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// A page of the workspace's entries from `oldest` on, newest first, read from its beginning.
///
/// # Errors
/// If the database does not answer.
pub async fn list(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    oldest: AuditId,
    page: Page,
) -> Result<Rows<audit_entry::Model>, Error> {
    let entries = audit_entry::Entity::find()
        .filter(audit_entry::Column::WorkspaceId.eq(workspace))
        .filter(audit_entry::Column::Id.gte(oldest));
    let entries = newest_first!(db, entries, audit_entry::Column::Id, page);
    let links = link::Entity::find()
        .filter(link::Column::WorkspaceId.eq(workspace))
        .filter(link::Column::Id.gte(LinkId(oldest.0)))
        .filter(link::Column::CreatedBy.is_not_null());
    let links = newest_first!(db, links, link::Column::Id, page);
    let mut rows = entries.rows;
    rows.extend(links.rows.iter().map(entry));
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let has_more = entries.has_more || links.has_more || rows.len() > limit;
    rows.truncate(limit);
    Ok(Rows { rows, has_more, stopped_at: None })
}

/// Deletes entries from before `before`, the oldest first, `limit` of them at most; returns how many. Links stay:
/// they are more than entries.
///
/// # Errors
/// If the database refuses.
pub async fn forget_before(tx: &Tx, before: AuditId, limit: u64) -> Result<u64, Error> {
    let oldest = audit_entry::Entity::find()
        .select_only()
        .column(audit_entry::Column::Id)
        .filter(audit_entry::Column::Id.lt(before))
        .order_by_asc(audit_entry::Column::Id)
        .limit(limit);
    let ids: Vec<AuditId> = oldest.into_tuple().all(tx).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let these = audit_entry::Column::Id.is_in(ids);
    Ok(audit_entry::Entity::delete_many().filter(these).exec(tx).await?.rows_affected)
}

fn entry(link: &link::Model) -> audit_entry::Model {
    audit_entry::Model {
        id: AuditId(link.id.0),
        workspace_id: link.workspace_id,
        key_id: link.created_by,
        operation: CREATE_LINK.to_owned(),
        targets: Strings(vec![link.id.to_string()]),
        occurred_at: link.created_at,
    }
}
