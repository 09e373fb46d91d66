//! A NATS broker with a stream: the real server, on a port and in a folder of its own.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use async_nats::jetstream::{self, consumer, stream};
use futures_util::StreamExt;
use postern::egress::nats::{Login, Settings};
use tempfile::TempDir;
use tokio::time::timeout;

use super::PATIENCE;

/// The stream's name.
pub(crate) const STREAM: &str = "POSTERN";
/// What the stream keeps.
pub(crate) const SUBJECTS: &str = "postern.>";

pub(crate) struct Broker {
    pub(crate) port: u16,
    server: Option<Child>,
    options: Vec<String>,
    dir: TempDir,
}

/// One message as a consumer gets it.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) subject: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Broker {
    /// A broker with a stream that keeps [`SUBJECTS`].
    pub(crate) async fn start() -> Self {
        let broker = Self::start_with(&[]).await;
        let (name, subjects) = (STREAM.to_owned(), vec![SUBJECTS.to_owned()]);
        broker
            .streams()
            .await
            .create_stream(stream::Config { name, subjects, ..Default::default() })
            .await
            .unwrap();
        broker
    }

    /// A broker that was given these options, without a stream.
    pub(crate) async fn start_with(options: &[&str]) -> Self {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let mut broker = Self { port: 0, server: None, options, dir: TempDir::new().unwrap() };
        broker.come_back().await;
        broker
    }

    /// As an operator would configure it.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            servers: vec![self.url().parse().unwrap()],
            login: Login::Nobody,
            ca: None,
            subjects: vec!["postern.>".parse().unwrap(), "elsewhere.>".parse().unwrap()],
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// SIGKILL: what it has kept is on disk, what waits in its sockets is lost.
    pub(crate) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Starts again on the same data and at the same port, and returns when it listens.
    pub(crate) async fn come_back(&mut self) {
        let port = if self.port == 0 { "-1".to_owned() } else { self.port.to_string() };
        let mut server = program();
        server.args(["-js", "-a", "127.0.0.1", "-p", &port, "-sd"]).arg(self.dir.path()).args(&self.options);
        let spawned = server.stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut server = spawned.unwrap_or_else(|error| {
            panic!("nats-server does not start ({error}): run scripts/test, or apt-get install nats-server")
        });
        let log = server.stderr.take().unwrap();
        self.server = Some(server);
        self.port = tokio::task::spawn_blocking(|| listens_at(log)).await.unwrap();
    }

    /// It goes on being there and does nothing any more.
    pub(crate) fn fall_silent(&self) {
        let server = self.server.as_ref().expect("the broker runs").id().to_string();
        assert!(Command::new("kill").args(["-STOP", &server]).status().unwrap().success());
    }

    /// The way to its streams, beside everything that is tried out.
    pub(crate) async fn streams(&self) -> jetstream::Context {
        jetstream::new(async_nats::connect(self.url()).await.unwrap())
    }

    /// Changes the stream.
    pub(crate) async fn change(&self, change: impl FnOnce(&mut stream::Config)) {
        let streams = self.streams().await;
        let mut config = streams.get_stream(STREAM).await.unwrap().cached_info().config.clone();
        change(&mut config);
        streams.update_stream(config).await.unwrap();
    }

    /// Everything that is in the stream, read as a consumer does.
    pub(crate) async fn kept(&self) -> Vec<Kept> {
        let stream = self.stream().await;
        let count = usize::try_from(stream.cached_info().state.messages).unwrap();
        read(&stream, count).await
    }

    /// The first `count` messages that come into the stream, as soon as they are there.
    pub(crate) async fn receives(&self, count: usize) -> Vec<Kept> {
        read(&self.stream().await, count).await
    }

    async fn stream(&self) -> stream::Stream {
        let asked = timeout(PATIENCE, async {
            // A broker that has just come back knows its streams a moment later.
            loop {
                if let Ok(stream) = self.streams().await.get_stream(STREAM).await {
                    return stream;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        asked.await.expect("the stream is there")
    }
}

async fn read(stream: &stream::Stream, count: usize) -> Vec<Kept> {
    let consumer = stream.create_consumer(consumer::pull::Config::default()).await.unwrap();
    let messages = consumer.messages().await.unwrap().take(count).map(|message| kept(&message.unwrap()));
    timeout(PATIENCE, messages.collect()).await.expect("the stream has so much")
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Kept {
    /// The value of a header; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

fn kept(message: &jetstream::Message) -> Kept {
    let headers = message.headers.iter().flat_map(|headers| headers.iter());
    let headers = headers.map(|(name, values)| (name.to_string(), values[0].to_string()));
    Kept { subject: message.subject.to_string(), headers: headers.collect(), body: message.payload.to_vec() }
}

/// Debian puts it where only root looks.
fn program() -> Command {
    let in_path = Command::new("nats-server").arg("--version").stdout(Stdio::null()).status().is_ok();
    Command::new(if in_path { "nats-server" } else { "/usr/sbin/nats-server" })
}

/// Reads the log until the broker is ready; returns its port.
fn listens_at(log: std::process::ChildStderr) -> u16 {
    let (mut log, mut told, mut port) = (BufReader::new(log), String::new(), None);
    while !told.ends_with("Server is ready\n") {
        let before = told.len();
        assert_ne!(log.read_line(&mut told).unwrap(), 0, "the broker does not start: {told}");
        let line = told[before..].trim_end();
        if line.contains("Listening for client connections") {
            port = line.rsplit(':').next().map(str::to_owned);
        }
    }
    // Read on, so that the broker is never kept from writing.
    std::thread::spawn(move || drop(log.read_to_end(&mut Vec::new())));
    port.expect("it told its port").parse().unwrap()
}
