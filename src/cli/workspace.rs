//! `postern workspace …`

use clap::Subcommand;
use entity::workspace::Model as Workspace;
use serde_json::{Value, json};

use super::{close, open};
use crate::config::Flags;
use crate::service::{App, workspace};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Makes a workspace and prints its id.
    Create {
        /// What customers read on the page: who asks.
        #[arg(long)]
        name: String,
        /// A URL under which links may send customers back; can be given several times.
        #[arg(long = "return-url")]
        return_urls: Vec<String>,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Lists all workspaces with their ids.
    List {
        /// Print one JSON array.
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
        Command::Create { name, return_urls, json } => {
            let made = workspace::create(app, &name, return_urls).await?;
            if json {
                println!("{}", shown(&made));
            } else {
                println!("Workspace {} ({})", made.name, made.id);
            }
        }
        Command::List { json } => {
            let all = workspace::all(app).await?;
            if json {
                println!("{}", Value::Array(all.iter().map(shown).collect()));
            } else {
                for one in &all {
                    println!("{}  {}", one.id, one.name);
                }
            }
        }
    }
    Ok(())
}

fn shown(workspace: &Workspace) -> Value {
    json!({ "id": workspace.id, "name": workspace.name })
}
