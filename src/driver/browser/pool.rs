//! How many browser contexts there are, and in which Chromium.
//!
//! Chromium is started when the first login needs it and ended when nobody has for a while. Logins beyond the
//! limit wait for a place.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::process::{self, Chromium};
use super::profile;
use crate::driver::Error;
use crate::egress::Client;

/// A warm Chromium saves a customer a second; a cold one costs 300 megabytes less.
const IDLE: Duration = Duration::from_mins(2);
/// How often it is looked whether anybody needs it.
const LOOK: Duration = Duration::from_secs(10);
/// Whoever waits longer for a place is told so.
const QUEUE: Duration = Duration::from_mins(2);

/// How logins are kept apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// By a browser context each: own cookies, own storage, own renderer processes.
    #[default]
    Context,
    /// By a whole Chromium each.
    Process,
}

/// What an operator can say about browsers.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The program; found on the system if it is not named.
    pub program: Option<PathBuf>,
    /// How logins are kept apart.
    pub isolation: Isolation,
    /// How many logins and runs have one at a time.
    pub limit: usize,
    /// Where profiles are kept while a Chromium lives.
    pub profiles: PathBuf,
}

/// The browsers of this server; cheap to clone.
#[derive(Clone)]
pub struct Browsers(Arc<Inner>);

struct Inner {
    settings: Settings,
    program: Option<PathBuf>,
    egress: Client,
    places: Arc<Semaphore>,
    shared: Mutex<Option<Arc<Chromium>>>,
}

/// One browser context, for one login; it goes with this value.
pub(super) struct Place {
    pub(super) chromium: Arc<Chromium>,
    pub(super) context: String,
    _permit: OwnedSemaphorePermit,
}

impl Browsers {
    /// Looks for Chromium and removes what servers have left that are no more. Nothing is started yet.
    #[must_use]
    pub fn new(mut settings: Settings, egress: Client) -> Self {
        // Chromium reads a path of its own directory, not of ours.
        if let Ok(whole) = std::path::absolute(&settings.profiles) {
            settings.profiles = whole;
        }
        let left = profile::sweep(&settings.profiles);
        if left > 0 {
            tracing::warn!(profiles = left, "Browser profiles of a server that is no more were removed.");
        }
        let program = process::find(settings.program.as_deref());
        let places = Arc::new(Semaphore::new(settings.limit));
        Self(Arc::new(Inner { settings, program, egress, places, shared: Mutex::default() }))
    }

    /// Says in the log what there is.
    pub fn announce(&self) {
        let Some(program) = &self.0.program else {
            let named = self.0.settings.program.as_deref().unwrap_or(Path::new("(none is set)"));
            tracing::warn!(
                browser.program = %named.display(),
                "Chromium was not found: source systems that need a browser are refused. Install it, or set browser.program."
            );
            return;
        };
        tracing::info!(browser.program = %program.display(), "Chromium is there.");
        if process::is_root() {
            tracing::warn!(
                "Chromium runs without its sandbox, because this server runs as root; run it as a user of its own."
            );
        }
    }

    /// Whether there is a browser to be had.
    #[must_use]
    pub fn are_there(&self) -> bool {
        self.0.program.is_some()
    }

    /// Whether whoever asks now has to wait.
    pub(super) fn are_taken(&self) -> bool {
        self.0.places.available_permits() == 0
    }

    /// A browser context; waits for a place while all are taken.
    pub(super) async fn place(&self) -> Result<Place, Error> {
        let waited = tokio::time::timeout(QUEUE, Arc::clone(&self.0.places).acquire_owned()).await;
        let permit = waited.ok().and_then(Result::ok).ok_or(Error::Capacity)?;
        let chromium = match self.0.settings.isolation {
            Isolation::Context => self.shared().await?,
            Isolation::Process => Arc::new(self.start().await?),
        };
        let proxy = format!("http://{}", chromium.proxy.address());
        let like_this = json!({
            "disposeOnDetach": true, "proxyServer": proxy, "proxyBypassList": "<-loopback>",
        });
        let made = chromium.cdp.call("", "Target.createBrowserContext", like_this).await?;
        let context = made["browserContextId"].as_str().ok_or(Error::Unreadable)?.to_owned();
        Ok(Place { chromium, context, _permit: permit })
    }

    /// Ends what runs and waits for it.
    pub async fn stop(&self) {
        self.0.places.close();
        let last = self.0.shared.lock().await.take();
        if let Some(chromium) = last {
            chromium.end().await;
        }
    }

    async fn start(&self) -> Result<Chromium, Error> {
        let program = self.0.program.as_ref().ok_or(Error::NeedsBrowser)?;
        Chromium::start(program, &self.0.settings.profiles, &self.0.egress).await
    }

    /// The Chromium that contexts share; started by the first who asks.
    async fn shared(&self) -> Result<Arc<Chromium>, Error> {
        let mut shared = self.0.shared.lock().await;
        if let Some(running) = shared.as_ref().filter(|running| !running.cdp.gone().is_cancelled()) {
            return Ok(Arc::clone(running));
        }
        let started = Arc::new(self.start().await?);
        *shared = Some(Arc::clone(&started));
        tokio::spawn(retire(Arc::downgrade(&self.0)));
        Ok(started)
    }
}

/// Ends the shared Chromium when nobody has had a context for a while, or when the pool has gone.
async fn retire(inner: std::sync::Weak<Inner>) {
    let mut used = Instant::now();
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(inner) = inner.upgrade() else { return };
        let mut shared = inner.shared.lock().await;
        match shared.as_ref() {
            Some(chromium) if chromium.cdp.gone().is_cancelled() => return,
            // This list has one; each login that uses it has another.
            Some(chromium) if Arc::strong_count(chromium) > 1 => used = Instant::now(),
            Some(_) if used.elapsed() < IDLE => {}
            _ => {
                *shared = None;
                return;
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let cdp = &self.chromium.cdp;
        cdp.leave(&self.context);
        cdp.tell("", "Target.disposeBrowserContext", json!({ "browserContextId": self.context }));
    }
}
