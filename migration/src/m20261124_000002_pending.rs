//! Finding the few deliveries of a workspace or an endpoint that wait, among millions that are done.

use sea_orm_migration::prelude::*;

use crate::column::index;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        // As for those that were given up: in the order in which lists show them.
        db.create_index(waiting("delivery_pending", &["workspace_id", "id"])).await?;
        db.create_index(waiting("delivery_pending_endpoint", &["endpoint_id", "event_id"])).await
    }
}

fn waiting(name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    index(name, "delivery", columns).and_where(Expr::col("status").eq("PENDING")).take()
}
