//! An HTTPS endpoint (or HTTP, where the operator allows it): one bounded POST.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;

use super::{Destination, Unfit};
use crate::egress::{self, Client, Request, policy};
use crate::webhook::verdict::MAX_BODY;
use crate::webhook::{Attempted, Envelope};

/// Posts to URLs through the one way out.
pub struct Https {
    client: Client,
    deadline: Duration,
}

impl Https {
    /// Posts through `client`, which is one made for webhooks; the whole exchange (lookup, connect,
    /// headers and body) ends by `deadline`.
    #[must_use]
    pub const fn new(client: Client, deadline: Duration) -> Self {
        Self { client, deadline }
    }
}

#[async_trait]
impl Destination for Https {
    fn takes(&self, address: &str) -> bool {
        let scheme = address.split_once(':').map_or("", |(scheme, _)| scheme);
        scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
    }

    async fn vet(&self, address: &str) -> Result<(), Unfit> {
        let url = policy::parse(address).map_err(|why| Unfit::Refused(why.to_string()))?;
        self.client.policy().check(&url).map_err(|why| Unfit::Refused(why.to_string()))?;
        self.client.vet(&url).await.map_err(|error| match error {
            egress::Error::Refused(why) => Unfit::Refused(why),
            other => Unfit::Unresolved(other.to_string()),
        })
    }

    async fn deliver(&self, address: &str, envelope: Envelope) -> Attempted {
        let url = match policy::parse(address) {
            Ok(url) => url,
            Err(why) => return Attempted::refused(&why.to_string()),
        };
        let request = Request {
            method: Method::POST,
            url,
            headers: envelope.headers,
            body: envelope.body,
            deadline: self.deadline,
            max_body: MAX_BODY,
        };
        Attempted::of_exchange(self.client.exchange(request).await, envelope.at)
    }
}

#[cfg(test)]
mod tests {
    use entity::AttemptOutcome as Outcome;
    use entity::{PayloadFormat, SignatureScheme, Timestamp};

    use super::*;
    use crate::egress::loopback::{Act, Loopback, install_provider};
    use crate::egress::{Policy, Purpose};
    use crate::webhook::format::tests::event;
    use crate::webhook::{Destinations, Recipient, scheme};

    /// 2026-11-22T10:00:00Z.
    const AT: Timestamp = Timestamp(1_795_341_600_000);

    fn destinations(allow: &str) -> Destinations {
        install_provider();
        let client = Client::try_new(Policy::new(allow.parse().unwrap()), Purpose::Webhooks).unwrap();
        let https = Https::new(client, Duration::from_millis(300));
        Destinations::new(vec![Box::new(https)])
    }

    fn envelope(format: PayloadFormat) -> Envelope {
        let secret = scheme::of(SignatureScheme::StandardV1).generate();
        let headers = [("x-tenant".to_owned(), "a".to_owned().into())];
        let recipient = Recipient::try_new(SignatureScheme::StandardV1, format, &[secret], &headers);
        recipient.ok().unwrap().write(&event(), "dlv_1", AT).unwrap()
    }

    async fn deliver(act: Act) -> (Attempted, Loopback) {
        let receiver = Loopback::start([act]).await;
        let url = receiver.url("/hook").to_string();
        let attempted = destinations("http://127.0.0.1:*").deliver(&url, envelope(PayloadFormat::Thin)).await;
        (attempted, receiver)
    }

    #[tokio::test]
    async fn a_2xx_answer_is_a_delivery_of_exactly_what_was_signed() {
        let (attempted, receiver) = deliver(Act::status(204, "", b"")).await;

        assert_eq!((attempted.outcome, attempted.status), (Outcome::Delivered, Some(204)));
        assert_eq!((attempted.body, attempted.error, attempted.gone), (None, None, false));
        let seen = &receiver.seen()[0];
        assert!(seen.head.starts_with("POST /hook HTTP/1.1"));
        assert_eq!(seen.header("webhook-id"), Some(event().id.to_string().as_str()));
        assert_eq!(seen.header("webhook-timestamp"), Some("1795341600"));
        assert!(seen.header("webhook-signature").unwrap().starts_with("v1,"));
        assert_eq!(seen.header("content-type"), Some("application/json"));
        assert_eq!(seen.header("user-agent"), Some(concat!("Postern/", env!("CARGO_PKG_VERSION"))));
        assert_eq!(seen.header("x-tenant"), Some("a"));
        assert_eq!(seen.header("accept-encoding"), None);
        assert!(seen.body.starts_with(b"{") && seen.body.ends_with(b"}"));
    }

    #[tokio::test]
    async fn every_other_answer_is_a_failure_with_its_status_and_the_beginning_of_its_body() {
        for status in [301, 302, 307, 400, 401, 404, 429, 500, 503] {
            let act = Act::status(status, "location: http://127.0.0.1/\r\n", &[b'x'; 9_000]);
            let (attempted, receiver) = deliver(act).await;

            assert_eq!((attempted.outcome, attempted.status), (Outcome::HttpError, Some(status)));
            assert_eq!(attempted.body.unwrap().len(), MAX_BODY);
            assert_eq!((attempted.gone, receiver.seen().len()), (false, 1));
        }
    }

    #[tokio::test]
    async fn a_410_says_that_the_endpoint_is_gone() {
        let (attempted, _) = deliver(Act::status(410, "", b"")).await;

        assert_eq!((attempted.outcome, attempted.gone), (Outcome::HttpError, true));
    }

    #[tokio::test]
    async fn what_the_receiver_asks_to_wait_is_read_in_both_forms() {
        let seconds = deliver(Act::status(429, "retry-after: 120\r\n", b"")).await.0;
        let date = deliver(Act::status(503, "retry-after: Sun, 22 Nov 2026 10:05:00 GMT\r\n", b"")).await.0;
        let delivered = deliver(Act::status(200, "retry-after: 120\r\n", b"")).await.0;

        assert_eq!(seconds.retry_after, Some(Duration::from_mins(2)));
        assert_eq!(date.retry_after, Some(Duration::from_mins(5)));
        assert_eq!(delivered.retry_after, None);
    }

    #[tokio::test]
    async fn a_compressed_answer_is_kept_as_it_came() {
        let (attempted, _) = deliver(Act::status(500, "content-encoding: gzip\r\n", b"not gzip")).await;

        assert_eq!((attempted.status, attempted.body.as_deref()), (Some(500), Some("not gzip")));
    }

    #[tokio::test]
    async fn what_brings_no_answer_is_told_apart() {
        let endless = Act::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"x".to_vec(), Duration::from_millis(20));
        let hanging = deliver(endless).await.0;
        let broken = deliver(Act::Close(b"nonsense\r\n\r\n".to_vec())).await.0;
        let refused = destinations("").deliver("https://127.0.0.1/", envelope(PayloadFormat::Thin)).await;

        assert_eq!(hanging.outcome, Outcome::Timeout);
        assert!(
            hanging.duration >= Duration::from_millis(300) && hanging.duration < Duration::from_millis(550)
        );
        assert_eq!(broken.outcome, Outcome::ConnectionError);
        assert_eq!(refused.outcome, Outcome::RefusedByPolicy);
        assert!(broken.error.is_some() && refused.error.is_some() && refused.status.is_none());
    }

    #[tokio::test]
    async fn a_cloud_event_says_so_in_its_content_type() {
        let receiver = Loopback::start([Act::status(200, "", b"")]).await;
        let url = receiver.url("/").to_string();

        destinations("http://127.0.0.1:*").deliver(&url, envelope(PayloadFormat::CloudEvents)).await;

        assert_eq!(receiver.seen()[0].header("content-type"), Some("application/cloudevents+json"));
    }

    #[tokio::test]
    async fn an_address_is_refused_when_registered_as_it_would_be_when_sent_to() {
        let destinations = destinations("");
        for address in [
            "",
            "file:///etc/passwd",
            "nats:main/x",
            "http://example.com/",
            "https://10.0.0.1/",
            "https://a:b@c.example/",
        ] {
            let vetted = destinations.vet(address).await;
            let sent = destinations.deliver(address, envelope(PayloadFormat::Thin)).await;

            assert!(matches!(vetted, Err(Unfit::Refused(_))), "{address}");
            assert_eq!(sent.outcome, Outcome::RefusedByPolicy, "{address}");
        }
    }
}
