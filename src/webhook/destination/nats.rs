//! A subject on a broker connection that the operator has configured by name: `nats:<name>/<subject>`.
//!
//! The same headers and body as over HTTPS, and delivered is what a stream has acknowledged: a
//! subscriber alone is nobody who keeps anything. The message's id is that of the attempt's series, not
//! the event's: an acknowledgement that was lost does not put the event into the stream twice, and neither
//! a resend nor another endpoint on the same stream is taken for a repetition.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use entity::AttemptOutcome;

use super::{Destination, Unfit};
use crate::domain::subject::{self, Pattern};
use crate::egress::nats::{Connection, Error, Message, Settings};
use crate::webhook::{Attempted, Envelope};

/// How an address begins.
const SCHEME: &str = "nats:";
const FORM: &str = "must be nats:<connection name>/<subject>";

/// Publishes to subjects through the operator's connections.
pub struct Nats {
    connections: BTreeMap<String, (Connection, Vec<Pattern>)>,
    deadline: Duration,
}

impl Nats {
    /// Publishes on these connections, none of which is made before it is needed; connecting and waiting
    /// for the acknowledgement end by `deadline`.
    #[must_use]
    pub fn new(connections: BTreeMap<String, Settings>, deadline: Duration) -> Self {
        let ready = |(name, settings): (String, Settings)| {
            let subjects = settings.subjects.clone();
            (name.clone(), (Connection::new(name, settings), subjects))
        };
        Self { connections: connections.into_iter().map(ready).collect(), deadline }
    }

    /// The connection and the subject that an address means, if both may be used.
    fn route<'a>(&self, address: &'a str) -> Result<(&Connection, &'a str), String> {
        let rest = address.get(SCHEME.len()..).unwrap_or_default();
        let (name, subject) = rest.split_once('/').ok_or(FORM)?;
        let (connection, subjects) = self.connections.get(name).ok_or_else(|| self.unknown())?;
        subject::check(subject).map_err(|why| why.to_string())?;
        if subjects.iter().any(|pattern| pattern.lets_through(subject)) {
            return Ok((connection, subject));
        }
        let offered: Vec<_> = subjects.iter().map(ToString::to_string).collect();
        Err(format!("must name a subject that the operator allows there: {}", offered.join(", ")))
    }

    fn unknown(&self) -> String {
        let names: Vec<_> = self.connections.keys().map(String::as_str).collect();
        match names.as_slice() {
            [] => format!("{FORM}, and the operator of this server has configured no connection"),
            names => {
                format!("{FORM} with a connection that the operator has configured: {}", names.join(", "))
            }
        }
    }
}

#[async_trait]
impl Destination for Nats {
    fn takes(&self, address: &str) -> bool {
        address.get(..SCHEME.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME))
    }

    async fn vet(&self, address: &str) -> Result<(), Unfit> {
        self.route(address).map(drop).map_err(Unfit::Refused)
    }

    async fn deliver(&self, address: &str, envelope: Envelope) -> Attempted {
        let (connection, subject) = match self.route(address) {
            Ok(route) => route,
            Err(why) => return Attempted::refused(&why),
        };
        let message = Message {
            subject: subject.to_owned(),
            id: envelope.series,
            headers: envelope.headers,
            body: envelope.body,
            deadline: self.deadline,
        };
        match connection.publish(message).await {
            Ok(words) => Attempted::acknowledged(&words),
            Err(error) => Attempted::failed(outcome_of(&error), &error.to_string()),
        }
    }
}

fn outcome_of(error: &Error) -> AttemptOutcome {
    match error {
        Error::Timeout => AttemptOutcome::Timeout,
        Error::Connect(_) | Error::Broken => AttemptOutcome::ConnectionError,
        Error::Tls(_) => AttemptOutcome::TlsError,
        Error::NoStream | Error::Refused(_) => AttemptOutcome::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use entity::{PayloadFormat, SignatureScheme, Timestamp};

    use super::*;
    use crate::egress::nats::Login;
    use crate::webhook::format::tests::event;
    use crate::webhook::{Destinations, Recipient, scheme};

    fn destinations(names: &[&str]) -> Destinations {
        let settings = Settings {
            servers: vec!["nats://127.0.0.1:1".parse().unwrap()],
            login: Login::Nobody,
            ca: None,
            subjects: vec!["events.>".parse().unwrap()],
        };
        let connections = names.iter().map(|name| ((*name).to_owned(), settings.clone())).collect();
        Destinations::new(vec![Box::new(Nats::new(connections, Duration::from_secs(15)))])
    }

    fn envelope() -> Envelope {
        let secret = scheme::of(SignatureScheme::StandardV1).generate();
        let recipient = Recipient::try_new(SignatureScheme::StandardV1, PayloadFormat::Thin, &[secret], &[]);
        recipient.ok().unwrap().write(&event(), "dlv_1", Timestamp(0)).unwrap()
    }

    async fn refusal(names: &[&str], address: &str) -> String {
        let destinations = destinations(names);
        let sent = destinations.deliver(address, envelope()).await;
        assert_eq!(sent.outcome, AttemptOutcome::RefusedByPolicy, "{address}");
        match destinations.vet(address).await {
            Err(Unfit::Refused(why)) if Some(&why) == sent.error.as_ref() => why,
            other => panic!("{address}: {other:?}, but {:?} when sent to", sent.error),
        }
    }

    #[tokio::test]
    async fn an_address_is_refused_when_registered_as_it_would_be_when_sent_to() {
        for (address, why) in [
            ("nats:", "must be nats:<connection name>/<subject>"),
            ("nats:main", "must be nats:<connection name>/<subject>"),
            ("nats://main/events.a", "must be nats:<connection name>/<subject> with a connection"),
            ("nats:other/events.a", "must be nats:<connection name>/<subject> with a connection"),
            ("nats:MAIN/events.a", "must be nats:<connection name>/<subject> with a connection"),
            ("nats:main/", "must name a subject of 1 to 255 characters"),
            ("nats:main/events.*", "must name a subject of printable ASCII"),
            ("nats:main/events..a", "must name a subject without empty parts"),
            ("nats:main/$JS.API.INFO", "must name a subject that does not begin with $"),
            ("nats:main/orders.a", "must name a subject that the operator allows there: events.>"),
            ("nats", "must start with https:// or nats:"),
        ] {
            assert!(refusal(&["main"], address).await.starts_with(why), "{address}");
        }
        assert!(refusal(&["b", "a"], "nats:c/x").await.ends_with("has configured: a, b"));
        assert!(refusal(&[], "nats:main/x").await.ends_with("configured no connection"));
    }

    #[tokio::test]
    async fn a_subject_that_is_offered_may_be_registered_while_the_broker_is_away() {
        let destinations = destinations(&["main"]);

        assert_eq!(destinations.vet("nats:main/events.a.b").await, Ok(()));
        assert_eq!(destinations.vet("NATS:main/events.a").await, Ok(()));
        let attempted = destinations.deliver("nats:main/events.a", envelope()).await;
        assert_eq!(attempted.outcome, AttemptOutcome::ConnectionError);
    }
}
