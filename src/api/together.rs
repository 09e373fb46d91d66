//! Executes operations so that rows which many objects of one answer point to are read together.
//!
//! An answer is a future that, each time it is polled, goes as far as it can without waiting. Once nothing is
//! being read for it, every object has then asked for the rows it needs next: that is when they are read, all
//! in one statement, and not after some time in which a busy machine may or may not have come to the last of a
//! hundred objects.

use std::any::TypeId;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use async_graphql::{Data, Executor, Request, Response};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use tokio::sync::oneshot;

use super::door::Validated;
use super::load::Load;
use super::schema::Api;
use crate::service::App;

/// The turns of one answer: it asks for rows, they are read, it asks for the next.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// How many readings are under way.
    reading: usize,
    /// Readings that begin when those are over and the answer has asked for all that follows.
    next: Vec<oneshot::Sender<()>>,
    /// How often rows were asked for.
    asked: u64,
    answer: Option<Waker>,
}

impl Turns {
    /// Reads rows when it is their turn.
    pub(super) fn read(&self, rows: BoxFuture<'static, ()>) {
        let (begin, may_begin) = oneshot::channel();
        self.state().next.push(begin);
        let turns = self.clone();
        tokio::spawn(async move {
            // An answer that was given up needs no rows.
            if may_begin.await.is_ok() {
                let _reading = Reading(turns);
                rows.await;
            }
        });
    }

    /// The answer asks for a row.
    pub(super) fn ask(&self) {
        self.state().asked += 1;
    }

    /// Polls the answer, and lets the next readings begin once it has asked for all of them: nothing was being
    /// read when the poll began, and nothing more was asked for. A long list may take several polls.
    fn take<T>(&self, context: &mut Context<'_>, poll: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let (is_quiet, asked) = {
            let state = self.state();
            (state.reading == 0, state.asked)
        };
        let polled = poll(context);
        let mut state = self.state();
        state.answer = Some(context.waker().clone());
        if is_quiet && state.asked != asked {
            context.waker().wake_by_ref();
        } else if is_quiet {
            let begun = std::mem::take(&mut state.next).into_iter().map(|begin| begin.send(()));
            state.reading = begun.flatten().count();
        }
        polled
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reading that is under way, until it is dropped.
struct Reading(Turns);

impl Drop for Reading {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.reading -= 1;
        if state.reading == 0
            && let Some(answer) = state.answer.take()
        {
            answer.wake();
        }
    }
}

/// The schema, with a loader for each answer.
#[derive(Clone)]
pub(super) struct Together {
    schema: Api,
    /// The same, for what needs no validation any more.
    trusting: Api,
    app: App,
}

impl Together {
    pub(super) fn new(schema: Api, trusting: Api, app: App) -> Self {
        Self { schema, trusting, app }
    }

    fn schema(&self, request: &Request) -> &Api {
        let is_validated = request.data.contains_key(&TypeId::of::<Validated>());
        if is_validated { &self.trusting } else { &self.schema }
    }
}

impl Executor for Together {
    async fn execute(&self, request: Request) -> Response {
        let turns = Turns::default();
        let load = Load::new(self.app.clone(), turns.clone());
        let mut answer = pin!(self.schema(&request).execute(request.data(load)));
        std::future::poll_fn(|context| turns.take(context, |context| answer.as_mut().poll(context))).await
    }

    fn execute_stream(
        &self,
        request: Request,
        session_data: Option<Arc<Data>>,
    ) -> BoxStream<'static, Response> {
        let turns = Turns::default();
        let load = Load::new(self.app.clone(), turns.clone());
        let mut answers = Executor::execute_stream(self.schema(&request), request.data(load), session_data);
        stream::poll_fn(move |context| turns.take(context, |context| answers.poll_next_unpin(context)))
            .boxed()
    }
}
