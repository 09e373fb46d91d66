//! The webhook hub: endpoints, their secrets, deliveries, attempts.
//!
//! Deliveries and attempts have no foreign keys: they are written by the thousand and die by age.

use sea_orm_migration::prelude::*;

use crate::column::{
    bytes, count, id, index, json, key, maybe_bytes, maybe_id, maybe_json, maybe_text, maybe_time, reference,
    table, text, time,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        for table in [endpoint(), endpoint_secret(), delivery(), attempt()] {
            db.create_table(table).await?;
        }
        for index in indexes() {
            db.create_index(index).await?;
        }
        Ok(())
    }
}

fn indexes() -> Vec<IndexCreateStatement> {
    // Only what waits is in the queue's index, so a million delivered rows cost a claim nothing.
    let waiting = Expr::col("claimed_by").is_null().and(Expr::col("status").eq("PENDING"));
    vec![
        index("endpoint_workspace", "endpoint", &["workspace_id", "id"]),
        index("endpoint_secret_endpoint", "endpoint_secret", &["endpoint_id", "id"]),
        index("delivery_due", "delivery", &["next_attempt_at", "id"]).and_where(waiting).take(),
        index("delivery_claimed", "delivery", &["claimed_by"])
            .and_where(Expr::col("claimed_by").is_not_null())
            .take(),
        index("delivery_workspace", "delivery", &["workspace_id", "id"]),
        index("delivery_endpoint", "delivery", &["endpoint_id", "id"]),
    ]
}

fn endpoint() -> TableCreateStatement {
    let mut table = table(
        "endpoint",
        vec![
            key("id"),
            id("workspace_id"),
            text("url"),
            maybe_text("description"),
            json("event_types"),
            text("status"),
            maybe_text("disabled_reason"),
            text("signature"),
            text("format"),
            text("ordering"),
            json("header_names"),
            maybe_bytes("headers"),
            maybe_json("retry_schedule"),
            maybe_time("failing_since"),
            time("created_at"),
            maybe_time("deleted_at"),
        ],
    );
    reference(&mut table, "workspace_id", "workspace")
}

fn endpoint_secret() -> TableCreateStatement {
    let mut table = table(
        "endpoint_secret",
        vec![
            key("id"),
            id("workspace_id"),
            id("endpoint_id"),
            bytes("sealed"),
            time("created_at"),
            maybe_time("expires_at"),
        ],
    );
    reference(&mut table, "endpoint_id", "endpoint")
}

fn delivery() -> TableCreateStatement {
    table(
        "delivery",
        vec![
            key("id"),
            id("workspace_id"),
            id("endpoint_id"),
            id("event_id"),
            maybe_id("link_id"),
            text("status"),
            count("attempt_count"),
            maybe_time("next_attempt_at"),
            maybe_id("claimed_by"),
            time("created_at"),
        ],
    )
}

fn attempt() -> TableCreateStatement {
    table(
        "attempt",
        vec![
            id("delivery_id"),
            count("number"),
            id("workspace_id"),
            time("started_at"),
            count("duration_ms"),
            text("outcome"),
            ColumnDef::new("response_status").small_integer().null().take(),
            maybe_text("response_body"),
            maybe_text("error"),
        ],
    )
    .primary_key(Index::create().col("delivery_id").col("number"))
    .take()
}
