//! A receiver of webhooks, who verifies what comes with the published package.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::{Act, House, Partner, Peer, Request};

pub(crate) struct Receiver {
    /// `ep_…`
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) peer: Peer,
}

/// A receiver that is to be registered; awaiting it does so.
pub(crate) struct Wanted {
    partner: Partner,
    input: Value,
    script: Vec<Act>,
}

impl House {
    /// Registers a receiver of these types of events; of none means of all.
    pub(crate) fn subscribe<const N: usize>(&self, types: [&str; N]) -> Wanted {
        let input = json!({ "eventTypes": types.as_slice() });
        Wanted { partner: self.partner.clone(), input, script: vec![Act::Status(204)] }
    }
}

impl Wanted {
    /// What it answers, one after another; the last goes on.
    pub(crate) fn answering<A: Into<Act>>(mut self, script: impl IntoIterator<Item = A>) -> Self {
        self.script = script.into_iter().map(Into::into).collect();
        self
    }

    /// With a further field of the registration.
    pub(crate) fn with(mut self, field: &str, value: Value) -> Self {
        self.input[field] = value;
        self
    }
}

impl IntoFuture for Wanted {
    type Output = Receiver;
    type IntoFuture = Pin<Box<dyn Future<Output = Receiver> + Send>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let peer = Peer::start(self.script).await;
            self.input["url"] = json!(peer.url("/hook"));
            let made = self.partner.mutate("createWebhookEndpoint", self.input).await;
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let id = text(&made["endpoint"]["id"]).unwrap_or_else(|| panic!("not registered: {made}"));
            Receiver { id, secret: text(&made["secret"]).unwrap(), peer }
        })
    }
}

impl Receiver {
    /// The requests, if they were answered like this and there was none more.
    #[track_caller]
    pub(crate) fn saw<const N: usize>(&self, answers: [u16; N]) -> Seen<'_> {
        let requests = self.peer.seen();
        let given: Vec<_> = requests.iter().map(|request| request.answered.unwrap_or(0)).collect();
        assert_eq!(given, answers, "what the receiver answered (0 = nothing)");
        Seen { receiver: self, requests }
    }

    /// The payloads, in the order they came.
    pub(crate) fn payloads(&self) -> Vec<Value> {
        self.peer.seen().iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
    }

    /// The links of the payloads, in the order they came.
    pub(crate) fn links(&self) -> Vec<String> {
        let id = |payload: Value| payload["data"]["link"]["id"].as_str().unwrap().to_owned();
        self.payloads().into_iter().map(id).collect()
    }

    /// The types of the payloads, in the order they came.
    pub(crate) fn types(&self) -> Vec<String> {
        self.payloads().iter().map(|payload| payload["type"].as_str().unwrap().to_owned()).collect()
    }
}

/// What a receiver has seen, to be looked at more closely.
pub(crate) struct Seen<'a> {
    receiver: &'a Receiver,
    requests: Vec<Request>,
}

impl Seen<'_> {
    #[track_caller]
    pub(crate) fn with_one_id(self) -> Self {
        let first = self.requests[0].header("webhook-id").to_owned();
        assert!(first.starts_with("evt_"), "{first}");
        assert!(self.requests.iter().all(|request| request.header("webhook-id") == first));
        self
    }

    /// Verifies with the published package; not the time, since a story's clock is not the machine's.
    #[track_caller]
    pub(crate) fn with_valid_signatures(self) -> Self {
        let webhook = Webhook::new(&self.receiver.secret).unwrap();
        for (request, signed_at) in self.requests.iter().zip(self.signed_at()) {
            let expected = webhook.sign(request.header("webhook-id"), signed_at, &request.body).unwrap();
            assert_eq!(request.header("webhook-signature"), expected);
        }
        self
    }

    /// The second at which each request was signed.
    pub(crate) fn signed_at(&self) -> Vec<i64> {
        self.requests.iter().map(|request| request.header("webhook-timestamp").parse().unwrap()).collect()
    }
}
