//! What partners do with deliveries: pause, send again, recover, count.

use sea_orm_migration::prelude::*;

use crate::column::{count, id, index, json, key, long, maybe_time, reference, table, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.create_table(recovery()).await?;
        db.create_table(tally()).await?;
        db.alter_table(add("endpoint", maybe_time("warned_at"))).await?;
        db.alter_table(add("delivery", count("attempts_before").default(0).take())).await?;
        // An event is always looked up in its workspace, and ids sort by time: this one finds the
        // events of a workspace between two times as well.
        replace(db, "event_id", "event", &["workspace_id", "id"]).await?;
        // One delivery for an event and an endpoint, whatever the code above it does; an endpoint's
        // deliveries are listed in the order of their events.
        replace(db, "delivery_endpoint", "delivery", &["endpoint_id", "event_id"]).await?;
        db.create_index(waiting()).await?;
        db.create_index(given_up("delivery_given_up", &["workspace_id", "id"])).await?;
        db.create_index(given_up("delivery_given_up_endpoint", &["endpoint_id", "event_id"])).await
    }
}

fn add(table: &'static str, column: ColumnDef) -> TableAlterStatement {
    Table::alter().table(table).add_column(column).take()
}

async fn replace(
    db: &SchemaManager<'_>,
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    db.drop_index(Index::drop().name(name).table(table).to_owned()).await?;
    db.create_index(index(name, table, columns).unique().take()).await
}

/// What waits for one endpoint, parked or due: millions of delivered rows are not in it.
fn waiting() -> IndexCreateStatement {
    index("delivery_waiting", "delivery", &["endpoint_id", "next_attempt_at", "id"])
        .and_where(Expr::col("status").eq("PENDING"))
        .take()
}

/// The few that were given up, which partners look for.
fn given_up(name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    index(name, "delivery", columns).and_where(Expr::col("status").eq("EXHAUSTED")).take()
}

fn recovery() -> TableCreateStatement {
    let mut table = table(
        "recovery",
        vec![
            key("id"),
            id("workspace_id"),
            // One at a time, so that two never deal with the same event.
            id("endpoint_id").unique_key().take(),
            json("event_types"),
            id("done_to"),
            id("until"),
            time("due_at"),
            time("created_at"),
        ],
    );
    reference(&mut table, "endpoint_id", "endpoint")
}

fn tally() -> TableCreateStatement {
    table(
        "tally",
        vec![
            id("endpoint_id"),
            time("slot_at"),
            id("workspace_id"),
            long("delivered"),
            long("failed"),
            long("failed_attempts"),
        ],
    )
    .primary_key(Index::create().col("endpoint_id").col("slot_at"))
    .take()
}
