//! What is kept after a sign-in: files of runs, passwords with consent, and how a session does.

use sea_orm_migration::prelude::*;

use crate::column::{
    bytes, count, id, index, key, long, maybe_id, maybe_text, maybe_time, reference, table, text, time,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        for table in [run_file(), run_file_part(), credential()] {
            db.create_table(table).await?;
        }
        db.create_index(index("run_file_run", "run_file", &["run_id", "position"])).await?;
        db.create_index(index("run_file_expiry", "run_file", &["expires_at"])).await?;
        db.create_index(index("credential_link", "credential", &["link_id"]).unique().take()).await?;
        // When a second factor was last given has a clock of its own: sites ask for it at other times.
        for column in [maybe_time("seen_good_at"), maybe_time("factor_at"), maybe_time("died_at")] {
            db.alter_table(added("session", column)).await?;
        }
        db.alter_table(added("link", maybe_id("relogin_run_id"))).await?;
        let rerun = ColumnDef::new("rerun").boolean().not_null().default(false).take();
        db.alter_table(added("run", rerun)).await
    }
}

fn added(table: &'static str, column: ColumnDef) -> TableAlterStatement {
    Table::alter().table(table).add_column(column).take()
}

fn run_file() -> TableCreateStatement {
    let mut table = table(
        "run_file",
        vec![
            key("id"),
            id("workspace_id"),
            id("run_id"),
            count("position"),
            text("workflow"),
            text("name"),
            maybe_text("file_name"),
            text("content_type"),
            long("size"),
            time("created_at"),
            maybe_time("stored_at"),
            time("expires_at"),
        ],
    );
    reference(&mut table, "run_id", "run")
}

/// A file is read and written in pieces, so that none of them makes anybody wait.
fn run_file_part() -> TableCreateStatement {
    let mut table = table("run_file_part", vec![id("file_id"), count("number"), bytes("sealed")]);
    table.primary_key(Index::create().col("file_id").col("number"));
    let file = ForeignKey::create().from_col("file_id").to("run_file", "id").take();
    table.foreign_key(&mut file.clone().on_delete(ForeignKeyAction::Cascade).take()).to_owned()
}

fn credential() -> TableCreateStatement {
    let mut table = table(
        "credential",
        vec![
            key("id"),
            id("workspace_id"),
            id("link_id"),
            bytes("sealed"),
            time("consented_at"),
            time("created_at"),
        ],
    );
    reference(&mut table, "link_id", "link")
}
