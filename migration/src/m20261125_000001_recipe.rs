//! What a successful login has taught.

use sea_orm_migration::prelude::*;

use crate::column::maybe_json;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.alter_table(Table::alter().table("login").add_column(maybe_json("recipe")).take()).await
    }
}
