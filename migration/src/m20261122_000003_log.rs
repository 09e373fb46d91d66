//! The event log.

use sea_orm_migration::prelude::*;

use crate::column::{id, index, json, maybe_id, table, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.create_table(event()).await?;
        db.create_index(index("event_id", "event", &["id"]).unique().take()).await?;
        // The log has no hole and no double per link, whatever the code above it does.
        db.create_index(index("event_link", "event", &["link_id", "sequence"]).unique().take()).await?;
        db.create_index(index("event_workspace", "event", &["workspace_id", "position"])).await
    }
}

fn event() -> TableCreateStatement {
    table(
        "event",
        vec![
            ColumnDef::new("position").big_integer().not_null().auto_increment().primary_key().take(),
            id("id"),
            id("workspace_id"),
            maybe_id("link_id"),
            ColumnDef::new("sequence").big_integer().null().take(),
            text("type"),
            json("facts"),
            time("occurred_at"),
        ],
    )
}
