//! `postern workspace …`

use clap::Subcommand;
use serde_json::json;

use super::{close, open};
use crate::config::Flags;
use crate::service::workspace;

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
}

pub(super) async fn run(flags: &Flags, command: Command) -> anyhow::Result<()> {
    let Command::Create { name, return_urls, json } = command;
    let app = open(flags).await?;
    let made = workspace::create(&app, &name, return_urls).await;
    close(app).await;
    let made = made?;
    if json {
        println!("{}", json!({ "id": made.id, "name": made.name }));
    } else {
        println!("Workspace {} ({})", made.name, made.id);
    }
    Ok(())
}
