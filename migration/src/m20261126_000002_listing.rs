//! Lists that cost the same however long they are: an index in the order of each.

use sea_orm_migration::prelude::*;

use crate::column::index;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        for index in indexes() {
            db.create_index(index).await?;
        }
        Ok(())
    }
}

fn indexes() -> Vec<IndexCreateStatement> {
    let cancelled = || Expr::col("status").eq("CANCELLED");
    vec![
        index("link_status", "link", &["workspace_id", "status", "id"]),
        // A job's links of all statuses are those of each, together.
        index("link_job", "link", &["workspace_id", "job_id", "status", "id"]),
        // As for those that wait and those that were given up.
        index("delivery_cancelled", "delivery", &["workspace_id", "id"]).and_where(cancelled()).take(),
        index("delivery_cancelled_endpoint", "delivery", &["endpoint_id", "event_id"])
            .and_where(cancelled())
            .take(),
    ]
}
