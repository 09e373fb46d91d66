//! The door with a toy behind it.
#![expect(clippy::unused_async, reason = "resolvers are async, whether they wait for something or not")]

mod answers;
mod costs;
mod documents;
mod guests;
mod limits;
mod parsed;
mod streams;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_graphql::{Context, EmptyMutation, Error, ErrorExtensions, Object, Result, Schema, Subscription};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use futures_util::stream::{self, Stream, StreamExt};
use futures_util::{FutureExt, TryStreamExt};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{EventIds, Hooks, Refused, Settings, Validated, router};
use crate::domain::Secret;

struct Query;

#[Object]
impl Query {
    async fn caller<'a>(&self, ctx: &Context<'a>) -> Result<&'a str> {
        Ok(ctx.data::<String>()?)
    }

    async fn this(&self) -> Self {
        Self
    }

    async fn maybe_this(&self) -> Option<Self> {
        Some(Self)
    }

    /// It is not ready at once.
    async fn late(&self) -> i32 {
        tokio::task::yield_now().await;
        1
    }

    async fn page(&self, #[graphql(default = 20)] first: i32) -> Page {
        Page(first)
    }

    async fn number(&self, x: i32) -> i32 {
        x
    }

    async fn echo(&self, text: Option<String>) -> Option<String> {
        text
    }

    /// Whether the executor was told that it need not validate.
    async fn is_validated(&self, ctx: &Context<'_>) -> bool {
        ctx.data_opt::<Validated>().is_some()
    }

    async fn leaking(&self) -> Result<i32> {
        Err(std::io::Error::other("password=hunter2").into())
    }

    async fn maybe_leaking(&self) -> Result<Option<i32>> {
        Err(std::io::Error::other("password=hunter2").into())
    }

    async fn forbidden(&self) -> Result<Option<i32>> {
        Err(Error::new("not yours").extend_with(|_, extensions| extensions.set("code", "FORBIDDEN")))
    }

    async fn panicking(&self, #[graphql(default = true)] now: bool) -> i32 {
        assert!(!now, "password=hunter2");
        0
    }

    async fn endless(&self) -> i32 {
        std::future::pending().await
    }
}

struct Page(i32);

#[Object]
impl Page {
    async fn nodes(&self) -> Vec<Query> {
        (0..self.0).map(|_| Query).collect()
    }
}

struct Events;

#[Subscription]
impl Events {
    /// Counts from after the last number seen to `to`; each number is its event's id.
    async fn count(&self, ctx: &Context<'_>, to: i32) -> impl Stream<Item = i32> {
        let ids = ctx.data_opt::<EventIds>().cloned();
        let seen = ids.as_ref().and_then(|ids| ids.last_seen()?.parse().ok()).unwrap_or(0);
        stream::iter(seen + 1..=to).inspect(move |number| {
            if let Some(ids) = &ids {
                ids.name_next(number.to_string());
            }
        })
    }

    async fn silence(&self) -> impl Stream<Item = i32> {
        stream::pending()
    }

    async fn failing(&self) -> Result<stream::Pending<i32>> {
        Err(std::io::Error::other("password=hunter2").into())
    }
}

/// A server with one key, `psk_good`, that can be revoked, its partner's other key, `psk_good2`, and a key of
/// somebody else, `psk_other`.
struct Toy {
    app: Router,
    is_revoked: Arc<AtomicBool>,
    closing: tokio_util::sync::CancellationToken,
}

impl Toy {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings { recheck: Duration::from_millis(10), ..Settings::default() };
        change(&mut settings);
        let is_revoked = Arc::new(AtomicBool::new(false));
        let closing = tokio_util::sync::CancellationToken::new();
        let revoked = Arc::clone(&is_revoked);
        let authenticate = move |key: Secret| {
            let is_revoked = revoked.load(Ordering::Relaxed);
            let caller = match key.expose() {
                "psk_good" if !is_revoked => Some("partner"),
                "psk_good2" => Some("partner"),
                "psk_other" => Some("other"),
                _ => None,
            };
            let answer = caller.map(ToOwned::to_owned).ok_or(Refused::Unauthenticated);
            std::future::ready(answer).boxed()
        };
        let hooks = Hooks {
            authenticate: Arc::new(authenticate),
            crowd: Arc::new(|caller: &String| u128::from(caller == "partner")),
            prepare: Arc::new(|request, caller: String| request.data(caller)),
            closing: closing.clone(),
        };
        let schema = Schema::new(Query, EmptyMutation, Events);
        Self { app: router(schema, hooks, settings), is_revoked, closing }
    }

    fn revoke(&self) {
        self.is_revoked.store(true, Ordering::Relaxed);
    }

    async fn send(&self, request: Request<Body>) -> axum::response::Response {
        self.app.clone().oneshot(request).await.unwrap()
    }

    /// The status and the body of a POST whose answer may be the newer media type.
    async fn post(&self, body: impl Into<Body>) -> (StatusCode, Value) {
        let request = post("application/graphql-response+json").body(body.into()).unwrap();
        let response = self.send(request).await;
        let status = response.status();
        (status, serde_json::from_str(&text(response).await).unwrap())
    }

    async fn ask(&self, query: &str) -> (StatusCode, Value) {
        self.post(json!({ "query": query }).to_string()).await
    }

    /// The code of the first error.
    async fn code_of(&self, query: &str) -> String {
        let (_, answer) = self.ask(query).await;
        code(&answer)
    }
}

fn post(accept: &str) -> axum::http::request::Builder {
    Request::post("/graphql")
        .header(header::AUTHORIZATION, "Bearer psk_good")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, accept)
}

async fn text(response: axum::response::Response) -> String {
    let chunks = response.into_body().into_data_stream().try_collect::<Vec<_>>();
    String::from_utf8(soon(chunks).await.unwrap().concat()).unwrap()
}

/// What must not take long, so that a test fails rather than waits.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(5), what).await.unwrap()
}

fn code(answer: &Value) -> String {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none").to_owned()
}
