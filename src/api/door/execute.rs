//! Execution: bounded in time, never a panic, and answered as the specification has it.
//!
//! Request errors are told from field errors by whether execution was reached: until then an error
//! has no path, afterwards every one has.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Executor, Request, Response, Value};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, Stream, StreamExt};
use tokio::sync::OnceCell;

use super::cost::Cost;
use super::document::Operation;
use super::parsed::{Known, Parsed};
use super::refusal::Refusal;
use super::shape::Shape;
use super::{nulls, present};
use crate::meter;

/// What came of a request.
pub(super) enum Outcome {
    /// Execution was not reached, or has nothing to show.
    Refused(Refusal),
    /// Execution was reached; fields may have failed.
    Executed(Response),
}

impl Outcome {
    /// As metrics name it.
    fn name(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Executed(response) if response.errors.is_empty() => "ok",
            Self::Executed(_) => "errors",
        }
    }
}

/// As metrics name it.
fn named(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

/// Executes operations.
#[derive(Clone)]
pub(super) struct Engine<E> {
    executor: E,
    limit: Duration,
    /// Asked for once, by the first request.
    shape: Arc<OnceCell<Shape>>,
}

/// Which operation an answer belongs to.
struct Asked {
    parsed: Arc<Parsed>,
    name: Option<String>,
    known: Arc<Known>,
    are_texts: bool,
    cost: Option<Cost>,
}

/// An operation as the executor takes it, and what is needed of it when the answer is there.
fn split(operation: Operation) -> (Request, Asked) {
    let Operation { request, parsed, known, are_texts, cost, .. } = operation;
    let name = request.operation_name.clone();
    (request, Asked { parsed, name, known, are_texts, cost })
}

/// The answer as the client reads it: in order, with its cost if that was asked for.
fn finished(mut response: Response, asked: &Asked) -> Response {
    if asked.are_texts {
        asked.known.executed();
    }
    asked.known.order.arrange(&mut response.data);
    match asked.cost {
        Some(cost) => response.extension("cost", cost.told()),
        None => response,
    }
}

impl<E: Executor> Engine<E> {
    pub(super) fn new(executor: E, limit: Duration) -> Self {
        Self { executor, limit, shape: Arc::default() }
    }

    /// The shape of the schema.
    pub(super) async fn shape(&self) -> &Shape {
        // Boxed: a whole execution would otherwise be part of every waiting subscription's memory.
        self.shape.get_or_init(|| Box::pin(Shape::of(&self.executor))).await
    }

    /// Executes a query or mutation; it is dropped when its time is over.
    pub(super) async fn once(self, operation: Operation) -> Outcome {
        let kind = operation.kind;
        let (request, asked) = split(operation);
        let execution = AssertUnwindSafe(self.executor.execute(request)).catch_unwind();
        let outcome = match tokio::time::timeout(self.limit, execution).await {
            Ok(Ok(response)) => self.settle(response, &asked).await,
            Ok(Err(panic)) => Outcome::Refused(present::broken(panic.as_ref())),
            Err(_) => Outcome::Refused(Refusal::timeout(self.limit)),
        };
        meter::operated(named(kind), outcome.name());
        outcome
    }

    /// Executes anything as a stream of outcomes; one that is a refusal is the last.
    pub(super) fn stream(self, operation: Operation) -> BoxStream<'static, Outcome> {
        if operation.kind == OperationType::Subscription {
            self.follow(operation).boxed()
        } else {
            stream::once(self.once(operation)).boxed()
        }
    }

    fn follow(self, operation: Operation) -> impl Stream<Item = Outcome> + Send + use<E> {
        meter::operated(named(operation.kind), "begun");
        let (request, asked) = split(operation);
        let asked = Arc::new(asked);
        let responses = AssertUnwindSafe(self.executor.execute_stream(request, None)).catch_unwind();
        let outcomes = responses.then(move |response| {
            let (engine, asked) = (self.clone(), Arc::clone(&asked));
            // Boxed, so that it takes no room while the source has nothing to say.
            Box::pin(async move {
                match response {
                    Ok(response) => engine.settle_event(response, &asked).await,
                    Err(panic) => Outcome::Refused(present::broken(panic.as_ref())),
                }
            })
        });
        outcomes.scan(false, |is_over, outcome| {
            let next = if *is_over { None } else { Some(outcome) };
            *is_over = matches!(next, Some(Outcome::Refused(_)));
            std::future::ready(next)
        })
    }

    async fn settle(&self, mut response: Response, asked: &Asked) -> Outcome {
        if response.errors.is_empty() {
            return Outcome::Executed(finished(response, asked));
        }
        let was_reached =
            response.data != Value::Null || response.errors.iter().any(|error| !error.path.is_empty());
        if !was_reached {
            return Outcome::Refused(present::refused(response.errors));
        }
        nulls::put(&mut response, self.shape().await, &asked.parsed.document, asked.name.as_deref());
        present::clean(&mut response);
        Outcome::Executed(finished(response, asked))
    }

    /// An event without data whose error is that of the root field says that the source of events has
    /// failed: there is no event to show, and a client does best to subscribe again after its last cursor.
    async fn settle_event(&self, mut response: Response, asked: &Asked) -> Outcome {
        let has_failed = response.data == Value::Null
            && response.errors.iter().all(|error| error.path.len() == 1)
            && !response.errors.is_empty();
        if !has_failed {
            return self.settle(response, asked).await;
        }
        present::clean(&mut response);
        Outcome::Refused(Refusal::document(response.errors))
    }
}
