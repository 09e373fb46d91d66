//! What retention needs: where each log begins. What is old is found by the tables' own keys, which sort
//! by time.

use sea_orm_migration::prelude::*;

use crate::column::{key, long, reference, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.create_table(horizon()).await
    }
}

fn horizon() -> TableCreateStatement {
    let mut table = table("horizon", vec![key("workspace_id"), long("position")]);
    reference(&mut table, "workspace_id", "workspace")
}
