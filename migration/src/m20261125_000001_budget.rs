//! What keeps accounts of source systems from being locked: tries at one account across workspaces, and
//! accounts that were seen to be locked.

use sea_orm_migration::prelude::*;

use crate::column::{index, maybe_bytes, maybe_time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        for mut column in [maybe_bytes("site_tag"), maybe_time("locked_at")] {
            db.alter_table(Table::alter().table("submit").add_column(&mut column).to_owned()).await?;
        }
        db.create_index(index("submit_site", "submit", &["site_tag", "created_at"])).await
    }
}
