//! What a partner does by itself: its branding, its keys, and who has changed what.

use sea_orm_migration::prelude::*;

use crate::column::{id, index, json, key, maybe_id, reference, table, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.create_table(audit_entry()).await?;
        db.create_index(index("audit_entry_workspace", "audit_entry", &["workspace_id", "id"])).await?;
        db.create_index(index("api_key_workspace", "api_key", &["workspace_id", "id"])).await?;
        db.alter_table(added("workspace", json("branding").default("{}").take())).await?;
        // Links are made in such numbers that each is its own entry.
        db.alter_table(added("link", maybe_id("created_by"))).await
    }
}

fn added(table: &'static str, column: ColumnDef) -> TableAlterStatement {
    Table::alter().table(table).add_column(column).take()
}

fn audit_entry() -> TableCreateStatement {
    let mut table = table(
        "audit_entry",
        vec![
            key("id"),
            id("workspace_id"),
            maybe_id("key_id"),
            text("operation"),
            json("targets"),
            time("occurred_at"),
        ],
    );
    reference(&mut table, "workspace_id", "workspace")
}
