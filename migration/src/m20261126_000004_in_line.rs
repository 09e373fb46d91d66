//! Logins that wait for a browser say so.

use sea_orm_migration::prelude::*;

use crate::column::maybe_time;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.alter_table(Table::alter().table("login").add_column(maybe_time("in_line_since")).take()).await
    }
}
