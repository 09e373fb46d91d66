//! `postern sandbox`.

use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::net::TcpListener;

use super::serve::told_to_stop;
use crate::sandbox;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Print the user names and what happens with each, and end.
    #[arg(long)]
    list: bool,
    /// With --list: print one JSON array.
    #[arg(long, requires = "list")]
    json: bool,
    /// Print the code that an authenticator app would show now, and end.
    #[arg(long, conflicts_with = "list")]
    code: bool,
    /// Serve the sandbox here.
    #[arg(long = "at", default_value = "127.0.0.1:8090")]
    at: SocketAddr,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    if args.json {
        println!("{}", serde_json::to_string(sandbox::scenarios())?);
        return Ok(());
    }
    if args.code {
        if let Some(code) = sandbox::scenarios().iter().find_map(sandbox::Scenario::code_now) {
            println!("{code}");
        }
        return Ok(());
    }
    if args.list {
        for scenario in sandbox::scenarios() {
            println!("{:<22} {:<16} {}", scenario.username, scenario.password, scenario.what_happens);
            if let Some(secret) = &scenario.authenticator_secret {
                println!("{:<39} authenticator secret {secret}", "");
            }
        }
        return Ok(());
    }
    let listener = TcpListener::bind(args.at).await.with_context(|| format!("listening on {}", args.at))?;
    println!("The sandbox is at http://{}/", listener.local_addr()?);
    sandbox::serve(listener, told_to_stop()).await?;
    Ok(())
}
