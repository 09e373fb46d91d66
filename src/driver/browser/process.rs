//! One Chromium: how it is found, started and ended.
//!
//! It is spoken to on a pipe, not on a port that anybody on the machine could open, and it ends by itself
//! when the pipe does, however the server has ended.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::{oneshot, watch};

use super::cdp::Cdp;
use super::profile::Profile;
use crate::driver::Error;
use crate::egress::Client;
use crate::egress::proxy::Proxy;

/// A cold start on a busy machine takes some seconds.
const START: Duration = Duration::from_secs(30);
/// It writes nothing that matters; what is slower is killed.
const END: Duration = Duration::from_secs(3);
/// Where Chromium is found on common systems.
const USUAL: [&str; 6] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
    "/snap/bin/chromium",
    "/usr/local/bin/chromium",
];
/// The shell hands its own ends of the pipe to the numbers that Chromium reads and writes.
const HAND_OVER: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#;
/// Characters of what Chromium says before it ends that are told.
const LAST_WORDS: usize = 400;

/// A Chromium that runs. It ends when this value is dropped.
pub(super) struct Chromium {
    pub(super) cdp: Cdp,
    pub(super) proxy: Proxy,
    /// How it calls itself to sites.
    pub(super) agent: String,
    ended: watch::Receiver<bool>,
}

/// The program to start: the one that was named, or the first of the usual ones that is there.
pub(super) fn find(named: Option<&Path>) -> Option<PathBuf> {
    let runs = |path: &Path| {
        path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    match named {
        Some(named) => Some(named.to_owned()).filter(|path| runs(path)),
        None => USUAL.into_iter().map(PathBuf::from).find(|path| runs(path)),
    }
}

/// Whether this process may do everything; Chromium then cannot build its sandbox.
pub(super) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

impl Chromium {
    /// Starts `program` with an empty profile below `profiles` and a proxy of its own.
    pub(super) async fn start(program: &Path, profiles: &Path, egress: &Client) -> Result<Self, Error> {
        let failed = |error: std::io::Error| {
            tracing::error!(error = &error as &dyn std::error::Error, "Chromium could not be started.");
            Error::Crashed
        };
        let proxy = Proxy::start(egress).await.map_err(failed)?;
        let profile = Profile::create(profiles).map_err(failed)?;
        let mut child = command(program, profile.dir(), &proxy).spawn().map_err(failed)?;
        let (Some(input), Some(output), Some(said)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(Error::Crashed);
        };
        let (tell, why) = oneshot::channel();
        tokio::spawn(listen(said, tell));
        let cdp = Cdp::start(output, input);
        let (ends, ended) = watch::channel(false);
        let guarded = cdp.clone();
        tokio::spawn(async move {
            guard(guarded, child, profile).await;
            ends.send_replace(true);
        });
        let mut chromium = Self { cdp, proxy, agent: String::new(), ended };
        if let Err(error) = chromium.greet().await {
            let said = tokio::time::timeout(END, why).await.ok().and_then(Result::ok);
            tracing::error!(
                error = &error as &dyn std::error::Error,
                chromium.said = said.unwrap_or_default(),
                "Chromium was started and does not answer."
            );
            return Err(error);
        }
        Ok(chromium)
    }

    async fn greet(&mut self) -> Result<(), Error> {
        let version = self.cdp.call_within(START, ("", "Browser.getVersion"), json!({})).await?;
        let agent = version["userAgent"].as_str().unwrap_or_default().replace("HeadlessChrome", "Chrome");
        self.agent = format!("{agent} Postern/{}", env!("CARGO_PKG_VERSION"));
        let attach = json!({
            "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true, "filter": [{ "type": "page" }],
        });
        self.cdp.call("", "Target.setAutoAttach", attach).await.map(drop)
    }

    /// Ends it and waits until nothing of it is left.
    pub(super) async fn end(&self) {
        self.cdp.gone().cancel();
        // An error means that the guard has gone, and everything with it.
        drop(self.ended.clone().wait_for(|ended| *ended).await);
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        self.cdp.gone().cancel();
    }
}

/// Tells why Chromium ends itself, if it says so; everything else that it says is read and forgotten.
async fn listen(said: ChildStderr, why: oneshot::Sender<String>) {
    let (mut lines, mut why) = (BufReader::new(said).lines(), Some(why));
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(why) = why.take_if(|_| line.contains(":FATAL:")) {
            // Nobody waits for it once Chromium runs.
            drop(why.send(line.chars().take(LAST_WORDS).collect()));
        }
    }
}

fn command(program: &Path, profile: &Path, proxy: &Proxy) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", HAND_OVER]).arg(program).args(flags(profile, proxy));
    // What libraries beside Chromium write goes with the profile too.
    for variable in ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
        command.env(variable, profile);
    }
    // It makes a socket there, whose path may have 108 bytes: seen from the profile it is short.
    command.current_dir(profile).env("TMPDIR", ".");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).kill_on_drop(true);
    command
}

fn flags(profile: &Path, proxy: &Proxy) -> Vec<String> {
    let mut flags: Vec<String> = [
        "--headless=new",
        "--remote-debugging-pipe",
        "--no-startup-window",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-extensions",
        "--disable-default-apps",
        "--disable-component-update",
        "--disable-component-extensions-with-background-pages",
        "--disable-background-networking",
        "--disable-domain-reliability",
        "--disable-client-side-phishing-detection",
        "--disable-sync",
        "--disable-breakpad",
        "--disable-crash-reporter",
        "--disable-notifications",
        "--disable-quic",
        "--disable-search-engine-choice-screen",
        "--metrics-recording-only",
        "--mute-audio",
        "--password-store=basic",
        "--use-mock-keychain",
        // Connections around the proxy: names, peers, and what pages load ahead.
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--dns-prefetch-disable",
        "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,AutofillServerCommunication,CertificateTransparencyComponentUpdater,InterestFeedContentSuggestions,Prerender2,HttpsUpgrades",
        "--proxy-bypass-list=<-loopback>",
    ]
    .map(str::to_owned)
    .into();
    flags.push(format!("--proxy-server=http://{}", proxy.address()));
    flags.push(format!("--user-data-dir={}", profile.display()));
    if is_root() {
        flags.push("--no-sandbox".to_owned());
    }
    flags
}

/// Waits for the end of Chromium, or of the wish for it, and clears up.
async fn guard(cdp: Cdp, mut child: Child, profile: Profile) {
    tokio::select! {
        () = cdp.gone().cancelled() => {}
        _ = child.wait() => {}
    }
    cdp.gone().cancel();
    if tokio::time::timeout(END, child.wait()).await.is_err() {
        // It may have ended by now.
        drop(child.kill().await);
    }
    // Deleting some megabytes is work for a thread that may block.
    drop(tokio::task::spawn_blocking(move || drop(profile)).await);
}
