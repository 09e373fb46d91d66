//! `postern sandbox`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

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
    /// Serve the sandbox here, as with --listen [default: 127.0.0.1:8090].
    #[arg(long = "at")]
    at: Option<SocketAddr>,
}

/// Where the sandbox is, unless it is told otherwise.
const USUAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8090);

/// Runs the sandbox; `listen` is where the server itself would be told to.
pub(super) async fn run(listen: Option<&str>, args: Args) -> anyhow::Result<()> {
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
    let listen = listen.map(|text| text.parse().with_context(|| format!("--listen {text}"))).transpose()?;
    let at = args.at.or(listen).unwrap_or(USUAL);
    let listener = TcpListener::bind(at).await.with_context(|| format!("listening on {at}"))?;
    println!("The sandbox is at http://{}/", listener.local_addr()?);
    sandbox::serve(listener, told_to_stop()).await?;
    Ok(())
}
