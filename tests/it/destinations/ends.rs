//! The other ends of destinations: one kind of receiver each, who behaves as a sentence wants.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt};
use postern::egress::{Client, Policy, Purpose};
use postern::webhook::Destination;
use postern::webhook::destination::https::Https;
use postern::webhook::destination::nats::Nats;

use crate::house::{Act, Broker, Cable, Peer, http};

/// A receiver at the other end of a destination, who behaves as a sentence wants.
#[async_trait]
pub(super) trait End: Send + Sync + Sized {
    /// One who takes everything.
    async fn start() -> Self;
    /// What leads there.
    fn destination(&self, deadline: Duration) -> Box<dyn Destination>;
    fn address(&self) -> String;
    /// Says no from now on.
    async fn refuse(&mut self);
    /// Stays and says nothing from now on.
    async fn fall_silent(&mut self);
    /// Takes the next one, and the line breaks before that is said.
    async fn lose_the_next_answer(&mut self);
    /// Is dead from now on.
    async fn die(&mut self);
    /// Takes everything again, at the same address.
    async fn come_back(&mut self);
    /// How many times it was asked to take something, whatever it kept of that.
    async fn asked(&mut self) -> usize;
    /// What was taken, the oldest first.
    async fn taken(&mut self) -> Vec<Taken>;
}

pub(super) struct Taken {
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Taken {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value)
    }
}

/// A receiver of webhooks over HTTP, at the end of a cable.
pub(super) struct Web {
    cable: Cable,
    taking: Peer,
}

#[async_trait]
impl End for Web {
    async fn start() -> Self {
        drop(http());
        let taking = Peer::start([Act::Status(204)]).await;
        Self { cable: Cable::to(taking.address).await, taking }
    }

    fn destination(&self, deadline: Duration) -> Box<dyn Destination> {
        let policy = Policy::new("http://127.0.0.1:*".parse().unwrap());
        Box::new(Https::new(Client::try_new(policy, Purpose::Webhooks).unwrap(), deadline))
    }

    fn address(&self) -> String {
        format!("http://{}/hook", self.cable.address)
    }

    async fn refuse(&mut self) {
        self.cable.lead_to(Peer::start([Act::Status(500)]).await.address);
    }

    async fn fall_silent(&mut self) {
        self.cable.lead_to(Peer::start([Act::Hang]).await.address);
    }

    async fn lose_the_next_answer(&mut self) {
        self.cable.break_at(b"HTTP/1.1");
    }

    async fn die(&mut self) {
        self.cable.pull().await;
    }

    async fn come_back(&mut self) {
        self.cable.lead_to(self.taking.address);
        self.cable.plug_in().await;
    }

    async fn asked(&mut self) -> usize {
        self.taking.seen().len()
    }

    async fn taken(&mut self) -> Vec<Taken> {
        let pair =
            |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
        let requests = self.taking.seen().into_iter();
        requests
            .map(|request| Taken {
                headers: request.head.lines().skip(1).filter_map(pair).collect(),
                body: request.body,
            })
            .collect()
    }
}

/// A stream that keeps a subject, on a broker at the end of a cable.
pub(super) struct Subject {
    cable: Cable,
    broker: Broker,
    /// Hears what the stream knows as a repetition, too.
    ear: async_nats::Client,
    overheard: async_nats::Subscriber,
}

#[async_trait]
impl End for Subject {
    async fn start() -> Self {
        let broker = Broker::start().await;
        let ear = async_nats::connect(broker.url()).await.unwrap();
        let overheard = ear.subscribe("postern.>").await.unwrap();
        Self { cable: Cable::to(([127, 0, 0, 1], broker.port).into()).await, broker, ear, overheard }
    }

    fn destination(&self, deadline: Duration) -> Box<dyn Destination> {
        let mut settings = self.broker.settings();
        settings.servers = vec![format!("nats://{}", self.cable.address).parse().unwrap()];
        Box::new(Nats::new([("main".to_owned(), settings)].into(), deadline))
    }

    fn address(&self) -> String {
        "nats:main/postern.events".to_owned()
    }

    async fn refuse(&mut self) {
        self.broker.change(|stream| stream.max_message_size = 1).await;
    }

    async fn fall_silent(&mut self) {
        self.broker.fall_silent();
    }

    async fn lose_the_next_answer(&mut self) {
        self.cable.break_at(b"MSG ");
    }

    async fn die(&mut self) {
        self.broker.kill();
    }

    async fn come_back(&mut self) {
        self.broker.come_back().await;
        self.broker.kept().await;
    }

    async fn asked(&mut self) -> usize {
        // Whatever came before this on the same connection has come as well.
        let mut end = self.ear.subscribe("end").await.unwrap();
        self.ear.publish("end", "".into()).await.unwrap();
        end.next().await.unwrap();
        let mut asked = 0;
        while self.overheard.next().now_or_never().is_some() {
            asked += 1;
        }
        asked
    }

    async fn taken(&mut self) -> Vec<Taken> {
        let kept = self.broker.kept().await.into_iter();
        kept.map(|kept| Taken { headers: kept.headers.into_iter().collect(), body: kept.body }).collect()
    }
}
