//! One browser context as its login sees it: its pages, what they are loading, and what they ask.
//!
//! A keeper hears every event of the context in order and answers at once what must be answered: requests
//! that wait to leave, dialogs, new pages and frames. It never waits for Chromium. Whoever acts looks at the
//! state that it keeps.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::cdp::{Cdp, Event};
use super::gate::Gate;
use super::pool::Place;
use crate::domain::Secret;
use crate::domain::snapshot::Challenge;
use crate::driver::Error;

/// Pages at a time: the first, and pop-ups that it opens; more are closed at once.
const MOST_PAGES: usize = 3;
/// Bytes of a document; the forms of larger pages stand at their beginning.
const MOST_DOCUMENT: u64 = 16 * 1_024 * 1_024;
/// Words of dialogs that are kept.
const MOST_MESSAGES: usize = 5;

/// What a context needs to know of its login.
pub(super) struct Manner {
    /// How it calls itself to sites.
    pub(super) agent: String,
    /// The customer's language.
    pub(super) language: String,
}

/// A context with its keeper, who goes with this value.
pub(super) struct Tab {
    pub(super) cdp: Cdp,
    state: Arc<Mutex<State>>,
    keeper: JoinHandle<()>,
}

/// What the keeper knows.
pub(super) struct State {
    pub(super) pages: Vec<Page>,
    /// What is loading, and for which session.
    pub(super) loading: HashMap<String, (String, Instant)>,
    /// When something began to load, or ended.
    pub(super) moved: Instant,
    /// What was said in dialogs since the page came.
    pub(super) messages: Vec<String>,
    /// Whether a file was offered instead of a page.
    pub(super) offered: bool,
    pub(super) gate: Gate,
}

/// One page.
#[derive(Clone)]
pub(super) struct Page {
    pub(super) session: String,
    pub(super) target: String,
    pub(super) document: Document,
    pub(super) crashed: bool,
}

/// The document a page shows or is about to show.
#[derive(Clone, Default)]
pub(super) struct Document {
    loader: String,
    /// Where the last request for it went.
    pub(super) url: String,
    pub(super) status: u16,
    /// Whether it is shown: for a moment after its answer has begun the page before still is.
    pub(super) shown: bool,
    pub(super) challenge: Option<Challenge>,
    pub(super) media_type: String,
    bytes: u64,
    /// Why it did not come, in Chromium's words.
    pub(super) failed: Option<String>,
    /// The `Refresh` header.
    pub(super) refresh: Option<String>,
}

impl Document {
    /// Whether both came by one request.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.loader == other.loader
    }

    /// Whether it came by this request.
    pub(super) fn came_by(&self, request: &str) -> bool {
        self.loader == request
    }
}

impl Tab {
    /// Keeps the context of `place`.
    pub(super) fn start(place: &Place, gate: Gate, manner: Manner) -> Self {
        let cdp = place.chromium.cdp.clone();
        let state = State {
            pages: Vec::new(),
            loading: HashMap::new(),
            moved: Instant::now(),
            messages: Vec::new(),
            offered: false,
            gate,
        };
        let state = Arc::new(Mutex::new(state));
        let events = cdp.hear(&place.context);
        let keeper = Keeper { cdp: cdp.clone(), state: Arc::clone(&state), manner };
        Self { cdp, state, keeper: tokio::spawn(keeper.keep(events)) }
    }

    /// The state as it is now; never held over an await.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page that is looked at: the newest.
    pub(super) fn page(&self) -> Result<Page, Error> {
        if self.cdp.gone().is_cancelled() {
            return Err(Error::Crashed);
        }
        let page = self.state().pages.last().cloned().ok_or(Error::NoPage)?;
        if page.crashed { Err(Error::Crashed) } else { Ok(page) }
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

struct Keeper {
    cdp: Cdp,
    state: Arc<Mutex<State>>,
    manner: Manner,
}

impl Keeper {
    async fn keep(self, mut events: UnboundedReceiver<Event>) {
        while let Some(event) = events.recv().await {
            self.take(&event);
        }
    }

    fn take(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (session, params) = (event.session.as_str(), &event.params);
        match event.method.as_str() {
            "Fetch.requestPaused" => state.gate.judge(&self.cdp, session, params),
            "Fetch.authRequired" => state.gate.authenticate(&self.cdp, session, params),
            "Target.attachedToTarget" => self.attached(&mut state, session, params),
            "Target.detachedFromTarget" => state.detached(params),
            "Network.requestWillBeSent" => state.requested(session, params),
            "Network.responseReceived" => state.answered(session, params),
            "Page.frameNavigated" => state.shown(session, &params["frame"]),
            "Network.dataReceived" if state.is_too_long(session, params) => {
                self.cdp.tell(session, "Page.stopLoading", json!({}));
            }
            "Network.loadingFinished" => state.loaded(params),
            "Network.loadingFailed" => state.failed(session, params),
            "Page.javascriptDialogOpening" => self.dialog(&mut state, session, params),
            "Page.downloadWillBegin" => state.offered = true,
            "Inspector.targetCrashed" => state.crashed(session),
            _ => {}
        }
    }

    /// A page, a frame or a worker begins; it waits until it was told how to behave.
    fn attached(&self, state: &mut State, parent: &str, params: &Value) {
        let session = text(&params["sessionId"]);
        let info = &params["targetInfo"];
        let is_page = parent.is_empty();
        if is_page && state.pages.len() >= MOST_PAGES {
            self.cdp.tell("", "Target.closeTarget", json!({ "targetId": info["targetId"] }));
            return;
        }
        let tell = |method, params: Value| self.cdp.tell(session, method, params);
        tell("Fetch.enable", json!({ "patterns": [{ "urlPattern": "*" }], "handleAuthRequests": true }));
        tell("Network.enable", json!({ "maxTotalBufferSize": 0, "maxResourceBufferSize": 0 }));
        tell("Network.setBypassServiceWorker", json!({ "bypass": true }));
        let attach = json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true });
        tell("Target.setAutoAttach", attach);
        let manner = json!({ "userAgent": self.manner.agent, "acceptLanguage": self.manner.language });
        tell("Emulation.setUserAgentOverride", manner);
        if is_page {
            tell("Page.enable", json!({}));
            tell("Inspector.enable", json!({}));
            let page = Page {
                session: session.to_owned(),
                target: text(&info["targetId"]).to_owned(),
                document: Document::default(),
                crashed: false,
            };
            state.pages.push(page);
            state.moved = Instant::now();
        }
        tell("Runtime.runIfWaitingForDebugger", json!({}));
    }

    /// Nobody is there to press a button: what is only told is taken note of, what is asked is declined.
    fn dialog(&self, state: &mut State, session: &str, params: &Value) {
        let accept = matches!(params["type"].as_str(), Some("alert" | "beforeunload"));
        self.cdp.tell(session, "Page.handleJavaScriptDialog", json!({ "accept": accept }));
        let message: String = text(&params["message"]).chars().take(500).collect();
        if params["type"] != "beforeunload" && state.messages.len() < MOST_MESSAGES {
            state.messages.push(message);
        }
        state.moved = Instant::now();
    }
}

impl State {
    /// Notes what the customer typed as a secret, to see it leave.
    pub(super) fn typed(&mut self, secret: &Secret) {
        self.gate.typed(secret);
    }

    fn page_of(&mut self, session: &str) -> Option<&mut Page> {
        self.pages.iter_mut().find(|page| page.session == session)
    }

    /// The page whose main document an event is about.
    fn main(&mut self, session: &str, params: &Value) -> Option<&mut Page> {
        let frame = text(&params["frameId"]);
        self.page_of(session).filter(|page| page.target == frame)
    }

    fn detached(&mut self, params: &Value) {
        let session = text(&params["sessionId"]);
        self.pages.retain(|page| page.session != session);
        self.loading.retain(|_, (of, _)| of != session);
        self.moved = Instant::now();
    }

    fn requested(&mut self, session: &str, params: &Value) {
        let (id, kind) = (text(&params["requestId"]), text(&params["type"]));
        // These stay open for as long as the page likes.
        if !matches!(kind, "EventSource" | "WebSocket" | "Ping" | "Prefetch") {
            self.loading.insert(id.to_owned(), (session.to_owned(), Instant::now()));
            self.moved = Instant::now();
        }
        let (loader, url) =
            (text(&params["loaderId"]).to_owned(), text(&params["request"]["url"]).to_owned());
        if kind != "Document" || loader != id {
            return;
        }
        let Some(page) = self.main(session, params) else { return };
        if page.document.loader == loader {
            page.document.url = url;
        } else {
            page.document = Document { loader: loader.clone(), url, ..Document::default() };
            self.messages.clear();
            // What the page before was loading ends with it, and not every end is told.
            self.loading.retain(|request, (of, _)| of != session || *request == loader);
        }
    }

    fn answered(&mut self, session: &str, params: &Value) {
        let (loader, is_document) = (text(&params["loaderId"]), params["type"] == "Document");
        let challenge = self.gate.take_challenge(text(&params["response"]["url"]));
        let Some(page) = self.main(session, params).filter(|page| page.document.loader == loader) else {
            return;
        };
        if !is_document || params["requestId"] != params["loaderId"] {
            return;
        }
        let response = &params["response"];
        page.document.status = response["status"].as_u64().and_then(|s| u16::try_from(s).ok()).unwrap_or(0);
        text(&response["mimeType"]).clone_into(&mut page.document.media_type);
        text(&response["url"]).clone_into(&mut page.document.url);
        page.document.refresh = header(&response["headers"], "refresh");
        page.document.challenge = challenge;
    }

    fn shown(&mut self, session: &str, frame: &Value) {
        let (target, loader) = (text(&frame["id"]), text(&frame["loaderId"]));
        if let Some(page) = self.page_of(session).filter(|page| page.target == target)
            && page.document.loader == loader
        {
            page.document.shown = true;
        }
        self.moved = Instant::now();
    }

    fn is_too_long(&mut self, session: &str, params: &Value) -> bool {
        let Some(page) = self.page_of(session) else { return false };
        if params["requestId"] != page.document.loader {
            return false;
        }
        page.document.bytes += params["dataLength"].as_u64().unwrap_or(0);
        page.document.bytes > MOST_DOCUMENT
    }

    fn loaded(&mut self, params: &Value) {
        if self.loading.remove(text(&params["requestId"])).is_some() {
            self.moved = Instant::now();
        }
    }

    fn failed(&mut self, session: &str, params: &Value) {
        self.loaded(params);
        let (request, why) = (text(&params["requestId"]), text(&params["errorText"]));
        if let Some(page) = self.page_of(session).filter(|page| page.document.loader == request) {
            // A document that has begun to come is a page, even if it was cut off.
            if page.document.status == 0 {
                page.document.failed = Some(why.to_owned());
            }
        }
    }

    fn crashed(&mut self, session: &str) {
        if let Some(page) = self.page_of(session) {
            page.crashed = true;
        }
    }
}

/// A text of an event; what is not there is empty.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A header, whatever its case.
fn header(headers: &Value, name: &str) -> Option<String> {
    let headers = headers.as_object()?;
    let found = headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
    found.and_then(|(_, value)| value.as_str()).map(str::to_owned)
}
