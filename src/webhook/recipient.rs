//! An endpoint as far as writing to it goes: format, live secrets and static headers, ready for use.

use entity::{EventId, PayloadFormat, SignatureScheme, Timestamp};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};

use super::EventView;
use super::format::{self, Format};
use super::header::{self, HeaderError};
use super::scheme::{self, BadSecret, Message, Signer};
use crate::domain::Secret;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");

/// Why nothing can be written to an endpoint.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A stored secret is not of the endpoint's scheme.
    #[error("a secret {0}")]
    Secret(#[from] BadSecret),
    /// A stored header cannot be sent.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// What was written cannot stand in a header or a body.
    #[error("the payload cannot be written")]
    Payload,
}

impl From<InvalidHeaderValue> for Error {
    fn from(_: InvalidHeaderValue) -> Self {
        Self::Payload
    }
}

impl From<serde_json::Error> for Error {
    fn from(_: serde_json::Error) -> Self {
        Self::Payload
    }
}

/// What is handed over in one attempt, whatever the destination.
pub struct Envelope {
    /// The event's id: by it receivers know a repetition.
    pub id: EventId,
    /// The same for all tries of one schedule, and another for any other delivery or resend: what tells a
    /// repetition that nobody wants from one that somebody asked for.
    pub series: String,
    /// When the attempt is made.
    pub at: Timestamp,
    /// All headers, the signature among them.
    pub headers: HeaderMap,
    /// The body, as it was signed.
    pub body: Vec<u8>,
}

/// Everything needed to write to one endpoint. Made once and used for many deliveries. Has no `Debug`.
pub struct Recipient {
    format: &'static dyn Format,
    signer: Box<dyn Signer>,
    /// The static ones and the content type.
    headers: HeaderMap,
}

impl Recipient {
    /// Readies an endpoint; `secrets` are its live ones, newest first.
    ///
    /// # Errors
    /// [`Error`] if a secret or a header is not what the endpoint's rules allow.
    pub fn try_new(
        signature: SignatureScheme,
        format: PayloadFormat,
        secrets: &[Secret],
        headers: &[(String, Secret)],
    ) -> Result<Self, Error> {
        let format = format::of(format);
        let mut headers = header::read(headers)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
        Ok(Self { format, signer: scheme::of(signature).signer(secrets)?, headers })
    }

    /// Writes and signs `event` for an attempt of `series` that is made at `now`.
    ///
    /// # Errors
    /// [`Error::Payload`], which only a damaged event can cause.
    pub fn write(&self, event: &EventView, series: &str, now: Timestamp) -> Result<Envelope, Error> {
        let body = self.format.render(event)?;
        let (id, timestamp) = (event.id.to_string(), now.seconds());
        let signature = self.signer.sign(Message { id: &id, timestamp, body: &body });
        let mut headers = self.headers.clone();
        headers.insert(ID, HeaderValue::try_from(id)?);
        headers.insert(TIMESTAMP, HeaderValue::from(timestamp));
        headers.insert(HeaderName::from_static(self.signer.header()), HeaderValue::try_from(signature)?);
        Ok(Envelope { id: event.id, series: series.to_owned(), at: now, headers, body })
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::tests::event;
    use super::*;

    fn fresh() -> Secret {
        scheme::of(SignatureScheme::StandardV1).generate()
    }

    fn recipient(secrets: &[Secret], headers: &[(String, Secret)]) -> Result<Recipient, Error> {
        Recipient::try_new(SignatureScheme::StandardV1, PayloadFormat::Thin, secrets, headers)
    }

    fn now() -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the published verifier looks at the real clock")]
        let now = chrono::Utc::now();
        Timestamp(now.timestamp_millis())
    }

    #[test]
    fn during_a_rotation_the_published_verifier_accepts_old_and_new_secret_and_no_other() {
        let (new, old) = (fresh(), fresh());
        let envelope = recipient(&[new.clone(), old.clone()], &[])
            .ok()
            .unwrap()
            .write(&event(), "dlv_1", now())
            .unwrap();
        let verifies = |secret: &Secret| {
            let theirs = standardwebhooks::Webhook::new(secret.expose()).unwrap();
            theirs.verify(&envelope.body, &envelope.headers).is_ok()
        };

        assert!(verifies(&new) && verifies(&old));
        assert!(!verifies(&fresh()));
    }

    #[test]
    fn the_headers_say_what_it_is_and_carry_the_static_ones() {
        let static_headers = [("x-tenant".to_owned(), Secret::new("a".to_owned()))];
        let at = Timestamp(1_795_341_600_999);

        let envelope =
            recipient(&[fresh()], &static_headers).ok().unwrap().write(&event(), "dlv_1", at).unwrap();

        assert_eq!(envelope.headers["webhook-id"], event().id.to_string());
        assert_eq!(envelope.headers["webhook-timestamp"], "1795341600");
        assert_eq!(envelope.headers["content-type"], "application/json");
        assert_eq!(envelope.headers["x-tenant"], "a");
    }

    #[test]
    fn an_endpoint_with_a_wrong_secret_or_header_cannot_be_readied() {
        let reserved = [("webhook-id".to_owned(), Secret::new("a".to_owned()))];
        let wrong = Secret::new("whsec_x".to_owned());

        assert!(matches!(recipient(&[wrong], &[]), Err(Error::Secret(_))));
        assert!(matches!(recipient(&[fresh()], &reserved), Err(Error::Header(_))));
    }
}
