//! What a partner sets up: workspaces, keys, source systems, jobs; and the nodes that serve them.

use sea_orm_migration::prelude::*;

use crate::column::{bytes, id, index, json, key, maybe_bytes, maybe_time, reference, table, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            db.create_table(table).await?;
        }
        for index in indexes() {
            db.create_index(index).await?;
        }
        Ok(())
    }
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        table("node", vec![key("id"), time("beat_at")]),
        table("workspace", vec![key("id"), text("name"), json("return_urls"), time("created_at")]),
        api_key(),
        source_system(),
        job(),
        idempotency(),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("api_key_prefix", "api_key", &["prefix"]).unique().take(),
        index("source_system_workspace", "source_system", &["workspace_id", "id"]),
        index("job_workspace", "job", &["workspace_id", "id"]),
        index("idempotency_age", "idempotency", &["created_at"]),
    ]
}

fn api_key() -> TableCreateStatement {
    let mut table = table(
        "api_key",
        vec![
            key("id"),
            id("workspace_id"),
            text("name"),
            text("prefix"),
            bytes("hash"),
            json("scopes"),
            time("created_at"),
            maybe_time("last_used_at"),
            maybe_time("expires_at"),
            maybe_time("revoked_at"),
        ],
    );
    reference(&mut table, "workspace_id", "workspace")
}

fn source_system() -> TableCreateStatement {
    let mut table = table(
        "source_system",
        vec![
            key("id"),
            id("workspace_id"),
            text("name"),
            text("login_url"),
            json("allowed_origins"),
            text("driver"),
            maybe_bytes("recipe"),
            time("created_at"),
            time("updated_at"),
        ],
    );
    reference(&mut table, "workspace_id", "workspace")
}

fn job() -> TableCreateStatement {
    let mut table = table(
        "job",
        vec![
            key("id"),
            id("workspace_id"),
            id("source_system_id"),
            text("name"),
            json("workflows"),
            text("keep_credentials"),
            time("created_at"),
            time("updated_at"),
        ],
    );
    reference(&mut table, "source_system_id", "source_system")
}

fn idempotency() -> TableCreateStatement {
    let columns = vec![
        id("workspace_id"),
        text("operation"),
        text("key"),
        bytes("input_hash"),
        id("object_id"),
        time("created_at"),
    ];
    table("idempotency", columns)
        .primary_key(Index::create().col("workspace_id").col("operation").col("key"))
        .take()
}
