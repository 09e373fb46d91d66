//! `postern key …`

mod sheet;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use entity::{Scope, api_key};
use serde_json::{Value, json};

use super::{close, open};
use crate::config::Flags;
use crate::domain::duration;
use crate::service::key::issue::{self, Expiry};
use crate::service::{App, key, workspace};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Makes an API key and prints it: it cannot be shown again.
    Create {
        /// The workspace, by id or name.
        #[arg(long)]
        workspace: String,
        /// What the key is for.
        #[arg(long)]
        name: String,
        /// `all`, or scopes with commas between them such as `LINKS_READ,LINKS_WRITE`.
        #[arg(long)]
        scopes: String,
        /// When the key ends by itself, such as `P90D` or `PT8H`; without this it does not.
        #[arg(long)]
        expires_in: Option<String>,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Lists the API keys of a workspace, those that are over included; never a secret.
    List {
        /// The workspace, by id or name.
        #[arg(long)]
        workspace: String,
        /// Print one JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Ends an API key; effective within a second.
    Revoke {
        /// The key's public part: everything before its second underscore.
        #[arg(long)]
        prefix: String,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(flags: &Flags, command: Command) -> anyhow::Result<()> {
    let app = open(flags).await?;
    let done = execute(&app, command).await;
    close(app).await;
    done
}

async fn execute(app: &App, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Create { workspace, name, scopes, expires_in, json } => {
            let scopes = parse(&scopes)?;
            let expiry = expiry(expires_in.as_deref())?;
            let workspace = named(app, &workspace).await?;
            let made = issue::create_until(app, workspace, (&name, &scopes), expiry).await?;
            announce(&made, json);
        }
        Command::List { workspace, json } => {
            let keys = key::all_of(app, named(app, &workspace).await?).await?;
            let now = app.clock.now();
            if json {
                println!("{}", Value::Array(keys.iter().map(|key| shown(key, now)).collect()));
            } else {
                print!("{}", sheet::of(&keys, now));
            }
        }
        Command::Revoke { prefix, json } => {
            let ended = key::revoke(app, &prefix).await.with_context(|| format!("the key {prefix}"))?;
            if json {
                println!("{}", shown(&ended, app.clock.now()));
            } else {
                println!("The key {prefix} is revoked.");
            }
        }
    }
    Ok(())
}

async fn named(app: &App, workspace: &str) -> anyhow::Result<entity::WorkspaceId> {
    let found = workspace::find(app, workspace).await;
    Ok(found.with_context(|| format!("the workspace {workspace}"))?.id)
}

fn announce(made: &issue::Created, json: bool) {
    if json {
        let line = json!({
            "id": made.key.id,
            "name": made.key.name,
            "prefix": made.key.prefix,
            "scopes": made.key.scopes,
            "workspace_id": made.key.workspace_id,
            "expires_at": made.key.expires_at.map(sheet::time),
            "api_key": made.secret.expose(),
        });
        println!("{line}");
    } else {
        println!("API key {} ({})", made.key.name, made.key.id);
        println!("{}", made.secret.expose());
        println!("Keep it: it cannot be shown again.");
    }
}

/// A key as programs read it, without its hash.
fn shown(key: &api_key::Model, now: entity::Timestamp) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "workspace_id": key.workspace_id,
        "state": sheet::state(key, now),
        "created_at": sheet::time(key.created_at),
        "last_used_at": key.last_used_at.map(sheet::time),
        "expires_at": key.expires_at.map(sheet::time),
        "revoked_at": key.revoked_at.map(sheet::time),
    })
}

fn expiry(text: Option<&str>) -> anyhow::Result<Expiry> {
    let Some(text) = text else { return Ok(Expiry::Never) };
    Ok(Expiry::In(duration::parse(text).context("--expires-in")?))
}

fn parse(text: &str) -> anyhow::Result<Vec<Scope>> {
    if text == "all" {
        return Ok(Scope::ALL.to_vec());
    }
    let mut scopes = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let Some(scope) = Scope::parse(name) else {
            let all: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
            bail!("scopes: {name} is not a scope; there are: all, {}", all.join(", "));
        };
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok(scopes)
}
