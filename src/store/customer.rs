//! Customers: the only place the partner's own names for people are.

use std::collections::{BTreeSet, HashMap};

use entity::{CustomerId, Timestamp, WorkspaceId, customer, link};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};

use super::rows::{self, one_of};
use super::{Error, Tx};

/// A customer's name within its workspace.
pub type Name = (WorkspaceId, String);

/// What the customer is called whose links are those of everybody who was erased: no partner can.
const NOBODY: &str = "";

/// The ids of all `names`; those that are not there yet are added.
///
/// # Errors
/// If the database refuses.
pub async fn ensure(
    tx: &Tx,
    names: &BTreeSet<Name>,
    now: Timestamp,
) -> Result<HashMap<Name, CustomerId>, Error> {
    loop {
        // In the order of the set: two transactions that add the same people cannot wait for each other.
        let rows = names.iter().map(|(workspace, external_id)| customer::Model {
            id: CustomerId::new(now),
            workspace_id: *workspace,
            external_id: external_id.clone(),
            created_at: now,
        });
        let rows = rows.map(|row| row.into_active_model().reset_all());
        let tail = r#"ON CONFLICT ("workspace_id", "external_id") DO NOTHING RETURNING *"#;
        let added: Vec<customer::Model> = rows::insert_returning(tx, rows, ("true", tail)).await?;
        if added.len() == names.len() {
            return Ok(added.into_iter().map(named).collect());
        }
        let found = find(tx, names).await?;
        if found.len() == names.len() {
            return Ok(found);
        }
        // Somebody who was there was erased in between, and is added anew.
    }
}

/// The customer without a name, who gets the links of those who are erased.
///
/// # Errors
/// If the database refuses.
pub async fn nobody(tx: &Tx, workspace: WorkspaceId, now: Timestamp) -> Result<CustomerId, Error> {
    let name = (workspace, NOBODY.to_owned());
    ensure(tx, &BTreeSet::from([name.clone()]), now).await?.remove(&name).ok_or(Error::NotFound)
}

/// Deletes a customer who has no links any more; `false` if there are some.
///
/// # Errors
/// If the database refuses.
pub async fn delete(tx: &Tx, workspace: WorkspaceId, id: CustomerId) -> Result<bool, Error> {
    let this = customer::Entity::find_by_id(id).filter(customer::Column::WorkspaceId.eq(workspace));
    // Whoever is making a link for the customer is waited for, and whoever comes later waits.
    let this = if tx.is_concurrent() { this.lock_exclusive() } else { this };
    this.one(tx).await?;
    if link::Entity::find().filter(link::Column::CustomerId.eq(id)).one(tx).await?.is_some() {
        return Ok(false);
    }
    customer::Entity::delete_many()
        .filter(customer::Column::WorkspaceId.eq(workspace))
        .filter(customer::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(true)
}

/// Those of `ids` that are in the workspace.
///
/// # Errors
/// If the database does not answer.
pub async fn find_many(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: impl IntoIterator<Item = CustomerId>,
) -> Result<Vec<customer::Model>, Error> {
    let query = customer::Entity::find().filter(customer::Column::WorkspaceId.eq(workspace));
    Ok(query.filter(one_of(customer::Column::Id, ids)).all(db).await?)
}

/// The customer of that name, if there is one.
///
/// # Errors
/// If the database does not answer.
pub async fn find_by_name(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    external_id: &str,
) -> Result<Option<customer::Model>, Error> {
    if external_id == NOBODY {
        return Ok(None);
    }
    let query = customer::Entity::find().filter(customer::Column::WorkspaceId.eq(workspace));
    Ok(query.filter(customer::Column::ExternalId.eq(external_id)).one(db).await?)
}

async fn find(tx: &Tx, names: &BTreeSet<Name>) -> Result<HashMap<Name, CustomerId>, Error> {
    let mut workspaces: HashMap<WorkspaceId, Vec<&str>> = HashMap::new();
    for (workspace, external_id) in names {
        workspaces.entry(*workspace).or_default().push(external_id);
    }
    let any = workspaces.into_iter().fold(Condition::any(), |any, (workspace, external_ids)| {
        let mine = customer::Column::WorkspaceId.eq(workspace);
        any.add(Condition::all().add(mine).add(one_of(customer::Column::ExternalId, external_ids)))
    });
    let query = customer::Entity::find().filter(any);
    // Nobody erases them before their links are there; links may be made for them at the same time.
    let query = if tx.is_concurrent() { query.lock(LockType::KeyShare) } else { query };
    Ok(query.all(tx).await?.into_iter().map(named).collect())
}

fn named(row: customer::Model) -> (Name, CustomerId) {
    ((row.workspace_id, row.external_id), row.id)
}
