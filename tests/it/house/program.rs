//! The real program in a process of its own, for stories in which it is killed.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{PATIENCE, Partner};

/// A running `postern serve`; it is killed with the story.
pub(crate) struct Program {
    child: Child,
    /// Where it listens.
    pub(crate) address: String,
    /// Where it tells its metrics.
    pub(crate) metrics: String,
}

/// How the program is started: on this data, and nothing else from around the test.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) data_dir: String,
    pub(crate) database_url: String,
    authorities: Option<PathBuf>,
}

impl Setup {
    pub(crate) fn new(data_dir: &Path, database_url: &str) -> Self {
        let (data_dir, database_url) = (data_dir.display().to_string(), database_url.to_owned());
        Self { data_dir, database_url, authorities: None }
    }

    /// As on a system that trusts the certificate authorities in `file` and no others.
    pub(crate) fn trusting(self, file: &Path) -> Self {
        Self { authorities: Some(file.to_owned()), ..self }
    }

    /// The operator's part: a workspace and a key.
    pub(crate) fn key(&self) -> String {
        let workspace = self.json(&["workspace", "create", "--name", "Acme", "--json"]);
        let id = workspace["id"].as_str().unwrap();
        let arguments = ["key", "create", "--workspace", id, "--name", "k", "--scopes", "all", "--json"];
        self.json(&arguments)["api_key"].as_str().unwrap().to_owned()
    }

    /// A command line with the settings of the story.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
        command
            .args(arguments)
            .args(["--data-dir", &self.data_dir, "--database-url", &self.database_url])
            .args(["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--log-format", "json"])
            .current_dir(&self.data_dir)
            .env("POSTERN_EGRESS__WEBHOOKS__ALLOW", "http://127.0.0.1:*, https://127.0.0.1:*")
            .env("POSTERN_EGRESS__SOURCES__ALLOW", "http://127.0.0.1:*, https://127.0.0.1:*")
            .env("RUST_LOG", "info")
            .envs(self.authorities.iter().map(|file| ("SSL_CERT_FILE", file)));
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        ended(&mut self.command(arguments))
    }

    /// Runs a command that prints one line of JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Starts the server and waits until it listens.
    pub(crate) fn serve(&self) -> Program {
        let mut child = self.command(&["serve"]).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let (mut told, mut metrics) = (String::new(), String::new());
        let address = loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "the server does not start: {told}");
            told += &line;
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(url) = event["fields"]["metrics_url"].as_str() {
                url.clone_into(&mut metrics);
            }
            if let Some(address) = event["fields"]["address"].as_str() {
                break address.to_owned();
            }
        };
        // Read on, so that the server is never kept from writing.
        std::thread::spawn(move || drop(log.read_to_end(&mut Vec::new())));
        Program { child, address, metrics }
    }
}

/// What a command printed until it ended; one that does not end is killed, and has failed.
pub(crate) fn ended(command: &mut Command) -> Output {
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{command:?} does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

impl Program {
    /// A partner of this server, with a key the operator has made.
    pub(crate) fn partner(&self, key: &str) -> Partner {
        Partner::new(format!("http://{}/graphql", self.address).parse().unwrap(), key)
    }

    /// SIGKILL: it has no chance to do anything more.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// How much time the processor has spent on it so far, in hundredths of a second.
    pub(crate) fn processor_time(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
