//! A job's links are found by the job alone.
//!
//! With the workspace before it, a database that takes jobs and statuses for independent may read all links of a
//! rare status instead, whomever they are for.

use sea_orm_migration::prelude::*;

use crate::column::index;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.drop_index(Index::drop().name("link_job").table("link").to_owned()).await?;
        // A job's links of all statuses are those of each, together.
        db.create_index(index("link_job", "link", &["job_id", "status", "id"])).await
    }
}
