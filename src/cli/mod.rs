//! The operator's commands.

mod demo;
mod inspect;
mod key;
mod log;
mod sandbox;
mod serve;
mod workspace;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::config::{Flags, Settings};
use crate::service::App;
use crate::service::clock::SystemClock;
use crate::{api, wire};

/// Signed links that let a customer sign in to a third-party site; see the README for a first walk.
#[derive(Parser)]
#[command(name = "postern", version, about)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server until Ctrl-C or SIGTERM.
    Serve,
    /// Brings the database's schema up to date and ends.
    Migrate,
    /// Prints the GraphQL schema.
    Schema,
    /// Makes and lists workspaces.
    #[command(subcommand)]
    Workspace(workspace::Command),
    /// Makes, lists and ends API keys.
    #[command(subcommand)]
    Key(key::Command),
    /// Opens a page as the engine would and tells what it sees there, what it would do, and why.
    Inspect(inspect::Args),
    /// Runs the sandbox source system, or lists what it can do.
    Sandbox(sandbox::Args),
    /// Runs everything on this machine: server, sandbox, a receiver of webhooks, and a link to try.
    Demo(demo::Args),
}

/// Runs the command of this process.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match execute(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The whole chain in one line: what failed, and why.
            eprintln!("postern: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(cli: Cli) -> anyhow::Result<()> {
    if let Command::Schema = cli.command {
        print!("{}", api::sdl());
        return Ok(());
    }
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        anyhow::bail!("another TLS library was installed first");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime")?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve => serve::run(&settings(&cli.flags)?).await,
            Command::Migrate => {
                close(open(&cli.flags).await?).await;
                Ok(())
            }
            Command::Schema => Ok(()),
            Command::Workspace(command) => workspace::run(&cli.flags, command).await,
            Command::Key(command) => key::run(&cli.flags, command).await,
            Command::Inspect(args) => inspect::run(&cli.flags, args).await,
            Command::Sandbox(args) => sandbox::run(cli.flags.listen.as_deref(), args).await,
            Command::Demo(args) => demo::run(cli.flags, args).await,
        }
    })
}

fn settings(flags: &Flags) -> anyhow::Result<Settings> {
    let settings = Settings::read(flags)?;
    log::start(settings.log_format);
    Ok(settings)
}

/// The tool box beside a server that may be running: it claims nothing and frees nothing.
async fn open(flags: &Flags) -> anyhow::Result<App> {
    Ok(wire::open(&settings(flags)?, Arc::new(SystemClock::start())).await?)
}

async fn close(app: App) {
    app.db.close().await;
}
