//! Idempotency keys of creates: who comes first, and what the others get.

use std::collections::HashMap;
use std::time::Duration;

use entity::{Timestamp, WorkspaceId, idempotency};
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter};

use super::rows;
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
    let keys = rows.iter().fold(Condition::any(), |any, row| {
        let this = Condition::all().add(idempotency::Column::WorkspaceId.eq(row.workspace_id));
        any.add(this.add(idempotency::Column::Key.eq(&row.key)))
    });
    let keys = Condition::all().add(idempotency::Column::Operation.eq(operation)).add(keys);
    idempotency::Entity::delete_many()
        .filter(keys.clone())
        .filter(idempotency::Column::CreatedAt.lt(now.minus(KEPT)))
        .exec(tx)
        .await?;
    let new = rows.iter().map(|row| row.clone().into_active_model().reset_all());
    let tail = r#"ON CONFLICT ("workspace_id", "operation", "key") DO NOTHING RETURNING *"#;
    let added: Vec<idempotency::Model> = rows::insert_returning(tx, new, ("true", tail)).await?;
    if added.len() == rows.len() {
        return Ok(HashMap::new());
    }
    let all = idempotency::Entity::find().filter(keys).all(tx).await?;
    let earlier = all.into_iter().filter(|row| !added.contains(row));
    Ok(earlier.map(|row| ((row.workspace_id, row.key.clone()), row)).collect())
}

/// Forgets keys that are older than [`KEPT`].
///
/// # Errors
/// If the database refuses.
pub async fn forget_old(tx: &Tx, now: Timestamp) -> Result<(), Error> {
    let old = idempotency::Column::CreatedAt.lt(now.minus(KEPT));
    idempotency::Entity::delete_many().filter(old).exec(tx).await?;
    Ok(())
}
