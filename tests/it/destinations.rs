//! Destinations: what each of them must be able to bear, whatever it speaks.
//!
//! One set of sentences. A new destination joins by an [`End`] of its own in `ends`, who is the receiver there, and a
//! line in the list below.

mod ends;

use std::time::Duration;

use entity::{AttemptOutcome, EventId, PayloadFormat, SignatureScheme, Timestamp, WorkspaceId};
use postern::domain::Secret;
use postern::webhook::{Attempted, Destinations, Envelope, EventView, Recipient, scheme};
use reqwest::header::HeaderMap;
use serde_json::json;
use standardwebhooks::Webhook;

use ends::{End, Subject, Taken, Web};

/// Makes one test of each sentence for each destination.
macro_rules! destinations {
    ($($name:ident: $end:ty,)+) => {$(
        mod $name {
            use super::{End, $end as Receiver};

            sentences! {
                Receiver:
                what_is_taken_is_acknowledged_once,
                headers_and_body_arrive_as_they_were_signed,
                what_is_refused_is_told_and_not_kept,
                who_never_answers_is_given_up_at_the_deadline,
                who_falls_silent_is_given_up_at_the_deadline,
                who_is_not_there_is_not_waited_for,
                what_failed_is_not_sent_later,
                who_took_it_and_could_not_say_so_is_asked_again,
                who_dies_while_asked_gets_it_when_back,
                many_at_a_time_arrive_once_each,
            }
        }
    )+};
}

macro_rules! sentences {
    ($end:ident: $($sentence:ident,)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $sentence() {
            super::$sentence($end::start().await).await;
        }
    )+};
}

destinations! {
    https: Web,
    nats: Subject,
}

/// Long enough for whatever answers.
const ENOUGH: Duration = Duration::from_secs(15);
/// Short enough to wait for.
const SHORT: Duration = Duration::from_secs(2);
/// Less than the deadline itself, so that one that is twice as long is seen.
const SLACK: Duration = Duration::from_secs(1);

fn ids(taken: &[Taken]) -> Vec<&str> {
    taken.iter().map(|taken| taken.header("webhook-id")).collect()
}

/// The hub's part: writes an event and hands it over.
struct Sender {
    kinds: Destinations,
    secret: Secret,
}

impl Sender {
    fn to(end: &impl End, deadline: Duration) -> Self {
        let secret = scheme::of(SignatureScheme::StandardV1).generate();
        Self { kinds: Destinations::new(vec![end.destination(deadline)]), secret }
    }

    fn write(&self, event: &EventView) -> Envelope {
        let headers = [("x-tenant".to_owned(), Secret::new("a; b=\"c  d\", e".to_owned()))];
        let secrets = std::slice::from_ref(&self.secret);
        let recipient =
            Recipient::try_new(SignatureScheme::StandardV1, PayloadFormat::Thin, secrets, &headers);
        recipient
            .unwrap_or_else(|error| panic!("{error}"))
            .write(event, &format!("dlv of {}", event.id), now())
            .unwrap()
    }

    async fn send(&self, end: &impl End, event: &EventView) -> Attempted {
        self.kinds.deliver(&end.address(), self.write(event)).await
    }
}

fn now() -> Timestamp {
    Timestamp(chrono::Utc::now().timestamp_millis())
}

fn event() -> EventView {
    EventView {
        id: EventId::new(now()),
        kind: "link.created".to_owned(),
        occurred_at: now(),
        workspace: WorkspaceId::new(now()),
        subject: None,
        data: json!({ "text": "Grüße,\n\"quoted\" \u{1f512} \u{0}", "long": "x".repeat(20_000) }),
    }
}

async fn what_is_taken_is_acknowledged_once(mut end: impl End) {
    let (sender, event) = (Sender::to(&end, ENOUGH), event());

    let attempted = sender.send(&end, &event).await;

    assert_eq!((attempted.outcome, &attempted.error), (AttemptOutcome::Delivered, &None));
    assert_eq!(ids(&end.taken().await), [event.id.to_string()]);
    assert_eq!(end.asked().await, 1);
}

async fn headers_and_body_arrive_as_they_were_signed(mut end: impl End) {
    let sender = Sender::to(&end, ENOUGH);
    let sent = sender.write(&event());
    let (headers, body) = (sent.headers.clone(), sent.body.clone());

    sender.kinds.deliver(&end.address(), sent).await;

    let taken = end.taken().await.pop().unwrap();
    assert_eq!(taken.body, body);
    for (name, value) in &headers {
        assert_eq!(taken.header(name.as_str()), value.to_str().unwrap(), "{name}");
    }
    let pair = |(name, value): &(String, String)| (name.parse().unwrap(), value.parse().unwrap());
    let received: HeaderMap = taken.headers.iter().map(pair).collect();
    Webhook::new(sender.secret.expose()).unwrap().verify(&taken.body, &received).expect("a valid signature");
}

async fn what_is_refused_is_told_and_not_kept(mut end: impl End) {
    let sender = Sender::to(&end, ENOUGH);
    end.refuse().await;

    let attempted = sender.send(&end, &event()).await;

    assert!(
        matches!(attempted.outcome, AttemptOutcome::HttpError | AttemptOutcome::Rejected),
        "{attempted:?}"
    );
    assert!(attempted.status.is_some() || attempted.error.is_some(), "{attempted:?}");
    assert!(end.taken().await.is_empty());
}

#[track_caller]
fn assert_given_up(attempted: &Attempted) {
    assert_eq!(attempted.outcome, AttemptOutcome::Timeout, "{attempted:?}");
    assert!(attempted.duration >= SHORT && attempted.duration < SHORT + SLACK, "{attempted:?}");
}

async fn who_never_answers_is_given_up_at_the_deadline(mut end: impl End) {
    let sender = Sender::to(&end, SHORT);
    end.fall_silent().await;

    assert_given_up(&sender.send(&end, &event()).await);
}

async fn who_falls_silent_is_given_up_at_the_deadline(mut end: impl End) {
    let sender = Sender::to(&end, SHORT);
    sender.send(&end, &event()).await;
    end.fall_silent().await;

    assert_given_up(&sender.send(&end, &event()).await);
}

async fn who_is_not_there_is_not_waited_for(mut end: impl End) {
    let sender = Sender::to(&end, ENOUGH);
    end.die().await;

    let attempted = sender.send(&end, &event()).await;

    assert_eq!(attempted.outcome, AttemptOutcome::ConnectionError, "{attempted:?}");
    assert!(attempted.error.is_some() && attempted.duration < ENOUGH / 2, "{attempted:?}");
}

async fn what_failed_is_not_sent_later(mut end: impl End) {
    let (sender, [before, failed, after]) = (Sender::to(&end, ENOUGH), [event(), event(), event()]);
    sender.send(&end, &before).await;
    end.die().await;

    let attempted = sender.send(&end, &failed).await;
    end.come_back().await;
    let later = sender.send(&end, &after).await;

    assert_eq!(attempted.outcome, AttemptOutcome::ConnectionError, "{attempted:?}");
    assert_eq!(later.outcome, AttemptOutcome::Delivered, "{later:?}");
    assert_eq!(ids(&end.taken().await), [before.id.to_string(), after.id.to_string()]);
}

async fn who_took_it_and_could_not_say_so_is_asked_again(mut end: impl End) {
    let (sender, [before, lost]) = (Sender::to(&end, ENOUGH), [event(), event()]);
    sender.send(&end, &before).await;
    end.lose_the_next_answer().await;

    let attempted = sender.send(&end, &lost).await;
    let both = [before.id.to_string(), lost.id.to_string()];
    assert_eq!(attempted.outcome, AttemptOutcome::ConnectionError, "{attempted:?}");
    assert_eq!((ids(&end.taken().await), end.asked().await), (both.iter().map(String::as_str).collect(), 2));
    let again = sender.send(&end, &lost).await;

    assert_eq!(again.outcome, AttemptOutcome::Delivered, "{again:?}");
    let taken = end.taken().await;
    let mut known = ids(&taken);
    known.dedup();
    assert_eq!(known, both);
}

async fn who_dies_while_asked_gets_it_when_back(mut end: impl End) {
    let (sender, [before, lost]) = (Sender::to(&end, ENOUGH), [event(), event()]);
    sender.send(&end, &before).await;
    end.fall_silent().await;

    let address = end.address();
    let asked = sender.kinds.deliver(&address, sender.write(&lost));
    let (attempted, ()) = tokio::join!(asked, async {
        tokio::time::sleep(SHORT).await;
        end.die().await;
    });
    end.come_back().await;
    let again = sender.send(&end, &lost).await;

    assert_eq!(attempted.outcome, AttemptOutcome::ConnectionError, "{attempted:?}");
    assert!(attempted.duration < ENOUGH / 2, "it was waited for in vain: {attempted:?}");
    assert_eq!(again.outcome, AttemptOutcome::Delivered, "{again:?}");
    assert_eq!(ids(&end.taken().await), [before.id.to_string(), lost.id.to_string()]);
}

async fn many_at_a_time_arrive_once_each(mut end: impl End) {
    let sender = Sender::to(&end, ENOUGH);
    let events: Vec<_> = (0..50).map(|_| event()).collect();

    let sent = futures_util::future::join_all(events.iter().map(|event| sender.send(&end, event))).await;

    assert!(sent.iter().all(|attempted| attempted.outcome == AttemptOutcome::Delivered));
    let taken = end.taken().await;
    let (mut arrived, mut wanted) =
        (ids(&taken), events.iter().map(|event| event.id.to_string()).collect::<Vec<_>>());
    arrived.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(arrived, wanted);
    assert_eq!(end.asked().await, 50);
}
