//! The link and what happens to it: customers, links, logins, prompts, answers, sessions, runs.

use sea_orm_migration::prelude::*;

use crate::column::{
    bytes, count, id, index, json, key, long, maybe_bytes, maybe_id, maybe_json, maybe_text, maybe_time,
    reference, table, text, time,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        for table in [customer(), link(), login(), prompt(), answer(), submit(), session(), run(), run_step()]
        {
            db.create_table(table).await?;
        }
        for index in indexes() {
            db.create_index(index).await?;
        }
        Ok(())
    }
}

fn indexes() -> Vec<IndexCreateStatement> {
    let open = Expr::col("status").is_in(["CREATED", "ACCESSED", "AUTHENTICATING", "FAILED"]);
    vec![
        index("customer_external_id", "customer", &["workspace_id", "external_id"]).unique().take(),
        index("link_workspace", "link", &["workspace_id", "id"]),
        index("link_customer", "link", &["customer_id", "id"]),
        index("link_expiry", "link", &["expires_at"]).and_where(open).take(),
        index("login_link", "login", &["link_id", "id"]),
        index("login_live", "login", &["status", "id"]).and_where(Expr::col("status").ne("ENDED")).take(),
        index("prompt_login", "prompt", &["login_id", "number"]).unique().take(),
        index("answer_login", "answer", &["login_id"]),
        index(
            "submit_account",
            "submit",
            &["workspace_id", "source_system_id", "identifier_tag", "created_at"],
        ),
        index("submit_link", "submit", &["link_id", "created_at"]),
        index("session_link", "session", &["link_id"]),
        index("session_expiry", "session", &["expires_at"]),
        index("run_link", "run", &["link_id", "id"]),
        index("run_live", "run", &["status", "id"])
            .and_where(Expr::col("status").is_in(["QUEUED", "RUNNING"]))
            .take(),
    ]
}

fn customer() -> TableCreateStatement {
    let columns = vec![key("id"), id("workspace_id"), text("external_id"), time("created_at")];
    reference(&mut table("customer", columns), "workspace_id", "workspace")
}

fn link() -> TableCreateStatement {
    let mut table = table(
        "link",
        vec![
            key("id"),
            id("workspace_id"),
            id("customer_id"),
            id("job_id"),
            text("status"),
            long("sequence"),
            time("expires_at"),
            time("created_at"),
            time("updated_at"),
            maybe_text("failure_code"),
            maybe_text("failure_message"),
            maybe_time("signed_in_at"),
            json("metadata"),
            maybe_text("return_url"),
            maybe_text("locale"),
            ColumnDef::new("token_key").small_integer().not_null().take(),
        ],
    );
    reference(&mut table, "customer_id", "customer");
    reference(&mut table, "job_id", "job")
}

fn login() -> TableCreateStatement {
    let mut table = table(
        "login",
        vec![
            key("id"),
            id("workspace_id"),
            id("link_id"),
            id("source_system_id"),
            text("status"),
            text("driver"),
            bytes("cookie_hash"),
            maybe_id("claimed_by"),
            maybe_bytes("public_key"),
            count("prompt_number"),
            maybe_text("outcome"),
            maybe_text("site_message"),
            maybe_text("failure_code"),
            time("started_at"),
            time("active_at"),
            maybe_time("ended_at"),
        ],
    );
    reference(&mut table, "link_id", "link")
}

fn prompt() -> TableCreateStatement {
    let mut table = table(
        "prompt",
        vec![
            key("id"),
            id("workspace_id"),
            id("login_id"),
            count("number"),
            text("kind"),
            json("body"),
            time("created_at"),
            maybe_time("answered_at"),
        ],
    );
    reference(&mut table, "login_id", "login")
}

fn answer() -> TableCreateStatement {
    let columns =
        vec![key("prompt_id"), id("workspace_id"), id("login_id"), bytes("sealed"), time("created_at")];
    reference(&mut table("answer", columns), "login_id", "login")
}

fn submit() -> TableCreateStatement {
    table(
        "submit",
        vec![
            key("id"),
            id("workspace_id"),
            id("source_system_id"),
            id("link_id"),
            id("login_id"),
            text("kind"),
            bytes("identifier_tag"),
            ColumnDef::new("rejected").boolean().not_null().take(),
            time("created_at"),
        ],
    )
}

fn session() -> TableCreateStatement {
    let columns = vec![
        key("id"),
        id("workspace_id"),
        id("link_id"),
        bytes("sealed"),
        time("created_at"),
        time("expires_at"),
    ];
    reference(&mut table("session", columns), "link_id", "link")
}

fn run() -> TableCreateStatement {
    let mut table = table(
        "run",
        vec![
            key("id"),
            id("workspace_id"),
            id("link_id"),
            id("job_id"),
            maybe_id("session_id"),
            text("status"),
            maybe_id("claimed_by"),
            json("output"),
            maybe_text("failure_code"),
            maybe_text("failure_message"),
            time("created_at"),
            maybe_time("started_at"),
            maybe_time("finished_at"),
        ],
    );
    reference(&mut table, "link_id", "link")
}

fn run_step() -> TableCreateStatement {
    let mut table = table(
        "run_step",
        vec![
            id("run_id"),
            count("position"),
            id("workspace_id"),
            text("workflow"),
            count("step_index"),
            text("kind"),
            text("status"),
            maybe_text("error"),
            ColumnDef::new("duration_ms").integer().null().take(),
            maybe_json("output"),
        ],
    );
    table.primary_key(Index::create().col("run_id").col("position"));
    reference(&mut table, "run_id", "run")
}
