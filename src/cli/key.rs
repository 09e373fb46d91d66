//! `postern key …`

use anyhow::{Context as _, bail};
use clap::Subcommand;
use entity::Scope;
use serde_json::json;

use super::{close, open};
use crate::config::Flags;
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
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Ends an API key; effective within a second.
    Revoke {
        /// The key's public part: everything before its second underscore.
        #[arg(long)]
        prefix: String,
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
        Command::Create { workspace, name, scopes, json } => {
            let scopes = parse(&scopes)?;
            let found = workspace::find(app, &workspace).await;
            let found = found.with_context(|| format!("the workspace {workspace}"))?;
            let made = key::create(app, found.id, &name, &scopes).await?;
            if json {
                println!(
                    "{}",
                    json!({
                        "id": made.key.id,
                        "name": made.key.name,
                        "prefix": made.key.prefix,
                        "scopes": made.key.scopes,
                        "workspace_id": made.key.workspace_id,
                        "api_key": made.secret.expose(),
                    })
                );
            } else {
                println!("API key {} ({})", made.key.name, made.key.id);
                println!("{}", made.secret.expose());
                println!("Keep it: it cannot be shown again.");
            }
            Ok(())
        }
        Command::Revoke { prefix } => {
            key::revoke(app, &prefix).await.with_context(|| format!("the key {prefix}"))?;
            println!("The key {prefix} is revoked.");
            Ok(())
        }
    }
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
