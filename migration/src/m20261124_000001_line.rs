//! Which delivery goes when: lines of one link, first tries before retries, turns of endpoints.

use sea_orm_migration::prelude::*;

use crate::column::{index, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.alter_table(add("delivery", ColumnDef::new("sequence").big_integer().null().take())).await?;
        db.alter_table(add("delivery", text("turn").default("NEXT").take())).await?;
        db.alter_table(add("endpoint", flag("is_rearranged"))).await?;
        db.alter_table(add("endpoint", ColumnDef::new("rate_limit").integer().null().take())).await?;
        for old in ["delivery_due", "delivery_waiting"] {
            db.drop_index(Index::drop().name(old).table("delivery").to_owned()).await?;
        }
        for new in [due(), waiting(), line()] {
            db.create_index(new).await?;
        }
        Ok(())
    }
}

fn add(table: &'static str, column: ColumnDef) -> TableAlterStatement {
    Table::alter().table(table).add_column(column).take()
}

fn flag(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().default(false).take()
}

fn pending() -> Expr {
    Expr::col("status").eq("PENDING")
}

/// The queue: neither what is parked nor what stands behind something else is in it.
fn due() -> IndexCreateStatement {
    let queued = Expr::col("claimed_by").is_null().and(Expr::col("next_attempt_at").is_not_null());
    index("delivery_due", "delivery", &["turn", "next_attempt_at", "id"])
        .and_where(pending().and(queued))
        .take()
}

/// What waits for one endpoint, in each turn.
fn waiting() -> IndexCreateStatement {
    let columns = ["turn", "endpoint_id", "next_attempt_at", "id"];
    index("delivery_waiting", "delivery", &columns).and_where(pending()).take()
}

/// What of a link waits for an ordered endpoint; other deliveries have no number.
fn line() -> IndexCreateStatement {
    let numbered = Expr::col("sequence").is_not_null();
    index("delivery_line", "delivery", &["endpoint_id", "link_id", "sequence"])
        .and_where(pending().and(numbered))
        .take()
}
