//! Finding the few deliveries of a workspace that wait, among millions that are done.

use sea_orm_migration::prelude::*;

use crate::column::index;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        let waiting = Expr::col("status").eq("PENDING");
        let pending =
            index("delivery_pending", "delivery", &["workspace_id", "id"]).and_where(waiting).take();
        db.create_index(pending).await
    }
}
