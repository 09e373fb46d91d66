//! `postern demo`: the server on embedded defaults, and guests that use it like strangers.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use entity::Scope;
use tokio_util::sync::CancellationToken;

use super::log;
use super::serve::told_to_stop;
use crate::config::{Flags, Settings};
use crate::demo::{Notes, Partner, Receiver, Voice};
use crate::service::clock::SystemClock;
use crate::service::{App, key, workspace};
use crate::wire::{Pace, Server};
use crate::{config, demo, sandbox};

/// Who asks, on the page of the demo.
const WORKSPACE: &str = "Acme Demo";
/// Where the demo keeps its data unless told otherwise.
const DATA_DIR: &str = "postern-demo";

#[derive(clap::Args)]
pub(super) struct Args {
    /// Print JSON: one line with addresses and secrets, then one for each change and webhook.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(mut flags: Flags, args: Args) -> anyhow::Result<()> {
    flags.data_dir.get_or_insert_with(|| PathBuf::from(DATA_DIR));
    let voice = if args.json { Voice::Json } else { Voice::Text };
    let mut settings = Settings::read(&flags)?;
    settings.api.graphiql = true;
    log::start(settings.log_format);
    let notes = Notes::read(&settings.data_dir)?;
    let sandbox = listen(notes.sandbox).context("the sandbox")?;
    let receiver = listen(notes.receiver).context("the receiver")?;
    // Exactly these two, beside what the operator allows.
    settings.sources_allow.add(&format!("http://{}", sandbox.local_addr()?))?;
    settings.webhooks_allow.add(&format!("http://{}", receiver.local_addr()?))?;
    let listener = TcpListener::bind(settings.listen).with_context(|| {
        format!(
            "listening on {} (another program may be there: try --listen 127.0.0.1:PORT)",
            settings.listen
        )
    })?;
    if settings.listen.port() == 0 {
        settings.listen = listener.local_addr()?;
        settings.public_url = format!("http://{}", settings.listen).parse()?;
    }
    settings.metrics_listen.get_or_insert((Ipv4Addr::LOCALHOST, 0).into());
    let server =
        Server::start(&settings, listener, Arc::new(SystemClock::start()), Pace::ByThemselves).await?;
    let stop = CancellationToken::new();
    let guests = guests(&server, &settings, (sandbox, receiver), (notes, voice), &stop);
    let ended = tokio::select! {
        ended = guests => ended,
        () = told_to_stop() => Ok(()),
    };
    stop.cancel();
    server.stop().await;
    if voice == Voice::Text && ended.is_ok() {
        println!("\nStopped. The data is in {}; start again to go on.", settings.data_dir.display());
    }
    ended
}

/// Everyone who knows only public addresses; ends when one of them does.
async fn guests(
    server: &Server,
    settings: &Settings,
    (sandbox, receiver): (TcpListener, TcpListener),
    (mut notes, voice): (Notes, Voice),
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    notes.sandbox = Some(sandbox.local_addr()?);
    notes.receiver = Some(receiver.local_addr()?);
    notes.metrics = server.metrics;
    if notes.api_key.is_none() {
        notes.api_key = Some(api_key(&server.app).await?);
        notes.write(&settings.data_dir)?;
    }
    let site = tokio::net::TcpListener::from_std(sandbox)?;
    let site = tokio::spawn(sandbox::serve(site, stop.clone().cancelled_owned()));
    let heard = Receiver::serve(tokio::net::TcpListener::from_std(receiver)?, voice);
    let partner = Partner::new(&settings.public_url, &notes)?;
    let opening = partner.prepare(&mut notes).await?;
    notes.write(&settings.data_dir)?;
    demo::announce(voice, &opening, &notes, &settings.data_dir, &config::program());
    // Only now: programs read the addresses from the first line.
    heard.trust(&notes)?;
    tokio::select! {
        ended = partner.follow(&opening, voice) => ended,
        ended = site => Ok(ended??),
        ended = heard.ended() => ended,
    }
}

/// The operator's part: a workspace, once, and a key.
async fn api_key(app: &App) -> anyhow::Result<String> {
    let workspace = match workspace::find(app, WORKSPACE).await {
        Ok(found) => found,
        Err(crate::service::Error::NotFound) => workspace::create(app, WORKSPACE, Vec::new()).await?,
        Err(error) => return Err(error.into()),
    };
    let made = key::create(app, workspace.id, "demo", Scope::ALL).await?;
    Ok(made.secret.expose().to_owned())
}

/// The port of the last start, so that what it left is still true; any other if that one is taken.
fn listen(last: Option<SocketAddr>) -> anyhow::Result<TcpListener> {
    let again = last.and_then(|address| TcpListener::bind(address).ok());
    let listener = again.map_or_else(|| TcpListener::bind("127.0.0.1:0"), Ok)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
