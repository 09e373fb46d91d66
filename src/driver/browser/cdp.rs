//! The protocol that Chromium speaks on its pipe (Chrome's `DevTools` Protocol): JSON messages with a NUL between them.
//!
//! Calls have numbers, and a deadline each. Events belong to a session, one for each page, frame or worker;
//! whoever owns a browser context hears the events of all sessions in it, in their order. New sessions are
//! routed here, before anything else is read, so that no event of theirs is missed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::driver::Error;

/// Most calls are answered within milliseconds; a busy machine takes its time.
const ANSWER: Duration = Duration::from_secs(20);
/// Bytes of one message; a page's tree is a few megabytes at most.
const MOST: u64 = 64 * 1_024 * 1_024;

/// Something that happened in a session.
pub(super) struct Event {
    pub(super) session: String,
    pub(super) method: String,
    pub(super) params: Value,
}

/// One Chromium's pipe; cheap to clone.
#[derive(Clone)]
pub(super) struct Cdp(Arc<Inner>);

struct Inner {
    out: mpsc::UnboundedSender<Zeroizing<Vec<u8>>>,
    state: Mutex<State>,
    gone: CancellationToken,
}

#[derive(Default)]
struct State {
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<Result<Value, String>>>,
    /// Who hears the events of a session.
    sessions: HashMap<String, mpsc::UnboundedSender<Event>>,
    /// Who hears of new sessions in a browser context.
    contexts: HashMap<String, mpsc::UnboundedSender<Event>>,
}

#[derive(Serialize)]
struct Call<'a, P> {
    id: u64,
    method: &'a str,
    params: &'a P,
    #[serde(rename = "sessionId", skip_serializing_if = "str::is_empty")]
    session: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    id: Option<u64>,
    #[serde(default)]
    session_id: String,
    method: Option<String>,
    #[serde(default)]
    params: Value,
    #[serde(default)]
    result: Value,
    error: Option<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    message: String,
}

impl Cdp {
    /// Speaks through `writer` and listens to `reader` until either ends.
    pub(super) fn start(
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        let (out, lines) = mpsc::unbounded_channel();
        let gone = CancellationToken::new();
        let cdp = Self(Arc::new(Inner { out, state: Mutex::default(), gone: gone.clone() }));
        tokio::spawn(write(writer, lines, gone));
        tokio::spawn(read(reader, cdp.clone()));
        cdp
    }

    /// Whether Chromium has gone, and with it everything that was open in it.
    pub(super) fn gone(&self) -> &CancellationToken {
        &self.0.gone
    }

    /// Asks for something and waits for the answer.
    pub(super) async fn call(
        &self,
        session: &str,
        method: &'static str,
        params: impl Serialize,
    ) -> Result<Value, Error> {
        self.call_within(ANSWER, (session, method), params).await
    }

    /// Like [`Cdp::call`], with a deadline of its own.
    pub(super) async fn call_within(
        &self,
        deadline: Duration,
        (session, method): (&str, &'static str),
        params: impl Serialize,
    ) -> Result<Value, Error> {
        let (answer, answered) = oneshot::channel();
        self.send((session, method), &params, Some(answer))?;
        let answered = tokio::select! {
            answered = tokio::time::timeout(deadline, answered) => answered,
            () = self.0.gone.cancelled() => return Err(Error::Crashed),
        };
        match answered {
            Err(_) => Err(Error::Timeout),
            Ok(Err(_)) => Err(Error::Crashed),
            Ok(Ok(Err(_refused))) => {
                // Its words may repeat what it was called with, which may be a secret.
                tracing::debug!(method, "Chromium refused a call.");
                Err(Error::Unreadable)
            }
            Ok(Ok(Ok(result))) => Ok(result),
        }
    }

    /// Asks for something whose answer does not matter.
    pub(super) fn tell(&self, session: &str, method: &'static str, params: impl Serialize) {
        // If it has gone, everybody who waits learns it.
        drop(self.send((session, method), &params, None));
    }

    fn send(
        &self,
        (session, method): (&str, &str),
        params: &impl Serialize,
        answer: Option<oneshot::Sender<Result<Value, String>>>,
    ) -> Result<(), Error> {
        let id = {
            let mut state = self.state();
            state.last += 1;
            let id = state.last;
            state.waiting.extend(answer.map(|answer| (id, answer)));
            id
        };
        let call = Call { id, method, params, session };
        let mut line = Zeroizing::new(serde_json::to_vec(&call).map_err(|_| Error::Unreadable)?);
        line.push(0);
        self.0.out.send(line).map_err(|_| Error::Crashed)
    }

    /// Hears everything that happens in a browser context from now on.
    pub(super) fn hear(&self, context: &str) -> mpsc::UnboundedReceiver<Event> {
        let (hearer, events) = mpsc::unbounded_channel();
        self.state().contexts.insert(context.to_owned(), hearer);
        events
    }

    /// Hears no more of a browser context.
    pub(super) fn leave(&self, context: &str) {
        let mut state = self.state();
        if let Some(heard) = state.contexts.remove(context) {
            state.sessions.retain(|_, other| !other.same_channel(&heard));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, message: Message) {
        let mut state = self.state();
        if let Some(id) = message.id {
            if let Some(waiting) = state.waiting.remove(&id) {
                // Who asked may have given up.
                drop(waiting.send(message.error.map_or(Ok(message.result), |error| Err(error.message))));
            }
            return;
        }
        let Some(method) = message.method else { return };
        let hearer = match message.session_id.as_str() {
            "" if method == "Target.detachedFromTarget" => {
                message.params["sessionId"].as_str().and_then(|id| state.sessions.get(id))
            }
            "" => {
                let context = message.params["targetInfo"]["browserContextId"].as_str();
                context.and_then(|id| state.contexts.get(id))
            }
            session => state.sessions.get(session),
        };
        let Some(hearer) = hearer.cloned() else { return };
        match method.as_str() {
            "Target.attachedToTarget" => {
                let session = message.params["sessionId"].as_str().unwrap_or_default();
                state.sessions.insert(session.to_owned(), hearer.clone());
            }
            "Target.detachedFromTarget" => {
                state.sessions.remove(message.params["sessionId"].as_str().unwrap_or_default());
            }
            _ => {}
        }
        drop(hearer.send(Event { session: message.session_id, method, params: message.params }));
    }
}

async fn write(
    mut writer: impl AsyncWrite + Unpin,
    mut lines: mpsc::UnboundedReceiver<Zeroizing<Vec<u8>>>,
    gone: CancellationToken,
) {
    let work = async {
        while let Some(line) = lines.recv().await {
            if writer.write_all(&line).await.is_err() || writer.flush().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = gone.cancelled() => {}
    }
    gone.cancel();
}

async fn read(reader: impl AsyncRead + Unpin, cdp: Cdp) {
    let mut reader = BufReader::with_capacity(64 * 1_024, reader);
    let mut line = Vec::new();
    let work = async {
        loop {
            line.clear();
            match (&mut reader).take(MOST).read_until(0, &mut line).await {
                Ok(1..) if line.last() == Some(&0) => line.pop(),
                _ => return,
            };
            if let Ok(message) = serde_json::from_slice(&line) {
                cdp.take(message);
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = cdp.gone().cancelled() => {}
    }
    cdp.gone().cancel();
    // Nobody waits for an answer any more.
    let mut state = cdp.state();
    state.waiting.clear();
    state.sessions.clear();
    state.contexts.clear();
}
