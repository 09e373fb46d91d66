//! The operations that run on one connection, by the ids the client gave them.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream::{AbortHandle, BoxStream, SelectAll, StreamExt, abortable, once};

use super::super::execute::Outcome;

/// What an operation has to tell; nothing any more when `what` is `None`.
pub(super) struct Happened {
    pub(super) id: Arc<str>,
    pub(super) what: Option<Outcome>,
}

/// All that runs. A stopped operation tells nothing more, and is dropped.
#[derive(Default)]
pub(super) struct Operations {
    handles: HashMap<Arc<str>, AbortHandle>,
    running: SelectAll<BoxStream<'static, Happened>>,
}

impl Operations {
    pub(super) fn is_running(&self, id: &str) -> bool {
        self.handles.contains_key(id)
    }

    pub(super) fn count(&self) -> usize {
        self.handles.len()
    }

    pub(super) fn start(&mut self, id: String, outcomes: BoxStream<'static, Outcome>) {
        let id: Arc<str> = id.into();
        let name = Arc::clone(&id);
        let told = outcomes.map(Some).chain(once(std::future::ready(None)));
        let (told, handle) = abortable(told.map(move |what| Happened { id: Arc::clone(&name), what }));
        self.handles.insert(id, handle);
        self.running.push(told.boxed());
    }

    pub(super) fn stop(&mut self, id: &str) {
        if let Some(handle) = self.handles.remove(id) {
            handle.abort();
        }
    }

    /// What happens next; `None` at once when nothing runs.
    pub(super) async fn next(&mut self) -> Option<Happened> {
        self.running.next().await
    }
}
