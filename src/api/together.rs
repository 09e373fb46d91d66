//! Executes operations so that rows which many objects of one answer point to are read together.
//!
//! An answer is a future that, each time it is polled, goes as far as it can without waiting. By then every
//! object has asked for the rows it needs next: that is when they are read, all in one statement, and not
//! after some time in which a busy machine may or may not have come to the last of a hundred objects.

use std::pin::pin;
use std::sync::Arc;

use async_graphql::{Data, Executor, Request, Response};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::sync::watch;

use super::load;
use super::schema::Api;
use crate::service::App;

/// Counts the times an answer has gone as far as it can.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<watch::Sender<u64>>);

impl Turns {
    /// Returns when the turn that is being taken now is over.
    pub(super) fn over(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut turns = self.0.subscribe();
        async move {
            // An answer that is given up takes no more turns.
            let _ = turns.changed().await;
        }
    }

    fn end(&self) {
        self.0.send_modify(|turns| *turns = turns.wrapping_add(1));
    }
}

/// The schema, with a loader for each answer.
#[derive(Clone)]
pub(super) struct Together {
    schema: Api,
    app: App,
}

impl Together {
    pub(super) fn new(schema: Api, app: App) -> Self {
        Self { schema, app }
    }
}

impl Executor for Together {
    async fn execute(&self, request: Request) -> Response {
        let turns = Turns::default();
        let loader = load::loader(self.app.clone(), turns.clone());
        let mut answer = pin!(self.schema.execute(request.data(loader)));
        std::future::poll_fn(|context| {
            let polled = answer.as_mut().poll(context);
            turns.end();
            polled
        })
        .await
    }

    fn execute_stream(
        &self,
        request: Request,
        session_data: Option<Arc<Data>>,
    ) -> BoxStream<'static, Response> {
        let turns = Turns::default();
        let loader = load::loader(self.app.clone(), turns.clone());
        let mut answers = Executor::execute_stream(&self.schema, request.data(loader), session_data);
        stream::poll_fn(move |context| {
            let polled = answers.poll_next_unpin(context);
            turns.end();
            polled
        })
        .boxed()
    }
}
