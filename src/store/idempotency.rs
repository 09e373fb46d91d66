//! Idempotency keys of creates: who comes first, and what the others get.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use entity::{Timestamp, WorkspaceId, idempotency, link};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::rows::{self, one_of};
use super::{Error, Tx};

/// How long a key is remembered.
pub const KEPT: Duration = Duration::from_hours(24);

/// Claims the keys of `rows` and returns the earlier rows of those that were already taken.
///
/// # Errors
/// If the database refuses.
pub async fn claim(
    tx: &Tx,
    rows: &[idempotency::Model],
    now: Timestamp,
) -> Result<HashMap<(WorkspaceId, String), idempotency::Model>, Error> {
    let Some(operation) = rows.first().map(|row| row.operation.clone()) else { return Ok(HashMap::new()) };
    // Always in one order: two transactions that claim the same keys cannot wait for each other.
    let mut rows: Vec<&idempotency::Model> = rows.iter().collect();
    rows.sort_unstable_by_key(|row| (row.workspace_id, &row.key));
    let keys = Condition::all().add(idempotency::Column::Operation.eq(operation)).add(keys_of(&rows));
    idempotency::Entity::delete_many()
        .filter(keys.clone())
        .filter(idempotency::Column::CreatedAt.lt(now.minus(KEPT)))
        .exec(tx)
        .await?;
    let new = rows.iter().map(|row| idempotency::Model::clone(row).into_active_model().reset_all());
    let tail = r#"ON CONFLICT ("workspace_id", "operation", "key") DO NOTHING RETURNING *"#;
    let added: Vec<idempotency::Model> = rows::insert_returning(tx, new, ("true", tail)).await?;
    if added.len() == rows.len() {
        return Ok(HashMap::new());
    }
    let all = idempotency::Entity::find().filter(keys).all(tx).await?;
    let earlier = all.into_iter().filter(|row| !added.contains(row));
    Ok(earlier.map(|row| ((row.workspace_id, row.key.clone()), row)).collect())
}

/// The keys of `rows`, whosever they are.
fn keys_of(rows: &[&idempotency::Model]) -> Condition {
    let mut by_workspace: BTreeMap<WorkspaceId, Vec<&str>> = BTreeMap::new();
    for row in rows {
        by_workspace.entry(row.workspace_id).or_default().push(&row.key);
    }
    by_workspace.into_iter().fold(Condition::any(), |any, (workspace, keys)| {
        let mine = idempotency::Column::WorkspaceId.eq(workspace);
        any.add(Condition::all().add(mine).add(one_of(idempotency::Column::Key, keys)))
    })
}

/// Forgets keys that are older than [`KEPT`], the oldest first, about `limit` of them; returns how many.
///
/// # Errors
/// If the database refuses.
pub async fn forget_old(tx: &Tx, now: Timestamp, limit: u64) -> Result<u64, Error> {
    let oldest = idempotency::Entity::find()
        .select_only()
        .column(idempotency::Column::CreatedAt)
        .filter(idempotency::Column::CreatedAt.lt(now.minus(KEPT)))
        .order_by_asc(idempotency::Column::CreatedAt)
        .limit(limit);
    let times: Vec<Timestamp> = oldest.into_tuple().all(tx).await?;
    let Some(last) = times.last() else { return Ok(0) };
    let old = idempotency::Column::CreatedAt.lte(*last);
    Ok(idempotency::Entity::delete_many().filter(old).exec(tx).await?.rows_affected)
}

/// Forgets the keys that links were made with: those may have been made of what is erased.
///
/// # Errors
/// If the database refuses.
pub async fn forget_links(tx: &Tx, workspace: WorkspaceId, links: &[link::Model]) -> Result<(), Error> {
    // A key is as old as what was made with it, and there is an index of their ages.
    idempotency::Entity::delete_many()
        .filter(idempotency::Column::WorkspaceId.eq(workspace))
        .filter(one_of(idempotency::Column::CreatedAt, links.iter().map(|link| link.created_at)))
        .filter(one_of(idempotency::Column::ObjectId, links.iter().map(|link| link.id.0)))
        .exec(tx)
        .await?;
    Ok(())
}
