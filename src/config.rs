//! Settings: a file, the environment, then flags; the later one wins.
//!
//! Only this file reads the environment. An unknown key or a bad value is refused with the key and
//! where it came from, before anything is started.

mod age;
mod api;
mod browser;
mod limits;
mod list;
mod nats;
mod runs;
mod told;
mod webhooks;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use url::Url;

use age::Age;
pub use api::Api;
use list::List;
use told::{origin, refused};

use crate::domain::{FileLimits, Secret};
use crate::driver::browser::Settings as BrowserSettings;
use crate::egress::Allow;
use crate::egress::nats::Settings as BrokerSettings;

/// Where the environment's settings begin; `__` stands between levels.
const PREFIX: &str = "POSTERN_";
/// The file that is read if there is one and no other is named.
const FILE: &str = "postern.toml";

/// How the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A setting that keeps the server from starting.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {problem} (from {origin})")]
pub struct BadSetting {
    key: String,
    problem: String,
    origin: String,
}

/// Everything an operator can set.
pub struct Settings {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// How customers and partners reach it.
    pub public_url: Url,
    /// `sqlite://…` or `postgres://…`
    pub database_url: String,
    /// Where the database file and the master key are.
    pub data_dir: PathBuf,
    /// The master keys, if they are not to come from a file.
    pub master_key: Option<Secret>,
    /// Certificate chain and key, if the server speaks TLS itself.
    pub tls: Option<Tls>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The API.
    pub api: Api,
    /// How the log looks.
    pub log_format: LogFormat,
    /// Where metrics are told, if anywhere: an address that only operators reach.
    pub metrics_listen: Option<SocketAddr>,
    /// How long events, and deliveries with their attempts, are kept; `None` = for ever.
    pub retention: Option<Duration>,
    /// Further addresses of source systems.
    pub sources_allow: Allow,
    /// Further addresses of webhook receivers.
    pub webhooks_allow: Allow,
    /// How long one attempt at a delivery may take.
    pub webhooks_timeout: Duration,
    /// How many refused passwords for one account of a site may leave in an hour, over all workspaces.
    pub passwords_per_account: Option<u64>,
    /// Chromium.
    pub browser: BrowserSettings,
    /// Which files runs take.
    pub files: FileLimits,
    /// Broker connections by name.
    pub nats: BTreeMap<String, BrokerSettings>,
}

/// PEM files.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate chain.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Settings as flags give them; only what is there overrides.
#[derive(Clone, Debug, Default, Serialize, clap::Args)]
pub struct Flags {
    /// Read settings from this file instead of postern.toml.
    #[arg(long, global = true)]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Listen here [default: 127.0.0.1:8080].
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// How customers reach the server [default: http:// and the address it listens on].
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// <sqlite://FILE> or postgres://… [default: a file in the data directory].
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// Where the database file and the master key are [default: ./postern-data].
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// Tell metrics here, at /metrics, for operators only [default: nowhere].
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_listen: Option<String>,
    /// How the log looks [default: text].
    #[arg(long, global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    listen: String,
    public_url: Option<String>,
    database_url: Option<String>,
    data_dir: PathBuf,
    master_key: Option<String>,
    #[serde(default)]
    tls: RawTls,
    #[serde(default)]
    trusted_proxies: List,
    #[serde(default)]
    api: api::Raw,
    log_format: LogFormat,
    metrics_listen: Option<String>,
    #[serde(default)]
    retention: RawRetention,
    #[serde(default)]
    egress: RawEgress,
    #[serde(default)]
    webhooks: webhooks::Raw,
    #[serde(default)]
    runs: runs::Raw,
    #[serde(default)]
    limits: limits::Raw,
    #[serde(default)]
    browser: browser::Raw,
    #[serde(default)]
    nats: BTreeMap<String, nats::Raw>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTls {
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl RawTls {
    fn settled(self) -> Result<Option<Tls>, (&'static str, &'static str)> {
        match (self.cert, self.key) {
            (Some(cert), Some(key)) => Ok(Some(Tls { cert, key })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(("tls.cert", "tls.key is needed as well")),
            (None, Some(_)) => Err(("tls.key", "tls.cert is needed as well")),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRetention {
    events: Option<Age>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEgress {
    #[serde(default)]
    sources: RawAllow,
    #[serde(default)]
    webhooks: RawAllow,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAllow {
    #[serde(default)]
    allow: List,
}

#[derive(Serialize)]
struct Defaults {
    listen: &'static str,
    data_dir: &'static str,
    log_format: LogFormat,
}

const DEFAULTS: Defaults =
    Defaults { listen: "127.0.0.1:8080", data_dir: "postern-data", log_format: LogFormat::Text };

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`BadSetting`] for the first key that is unknown or has a bad value.
    pub fn read(flags: &Flags) -> Result<Self, BadSetting> {
        let file = match &flags.config {
            Some(path) => Toml::file_exact(path),
            None => Toml::file(FILE),
        };
        let sources = Figment::from(Serialized::defaults(DEFAULTS))
            .merge(file)
            .merge(Env::prefixed(PREFIX).split("__"))
            .merge(Serialized::defaults(flags));
        let raw: Raw = sources.extract().map_err(|error| refused(&error))?;
        settled(&sources, raw)
    }

    /// Whether the server speaks plain HTTP to its customers.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.public_url.scheme() == "http"
    }
}

/// How this program can be called again.
#[must_use]
pub fn program() -> String {
    std::env::current_exe().map_or_else(|_| "postern".to_owned(), |path| path.display().to_string())
}

fn settled(sources: &Figment, raw: Raw) -> Result<Settings, BadSetting> {
    let bad = |key: &str, problem: String| BadSetting {
        key: key.to_owned(),
        problem,
        origin: origin(sources, key),
    };
    let listen: SocketAddr = raw
        .listen
        .parse()
        .map_err(|_| bad("listen", "must be an address and a port such as 127.0.0.1:8080".to_owned()))?;
    let tls = raw.tls.settled().map_err(|(key, problem)| bad(key, problem.to_owned()))?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let public_url = raw.public_url.unwrap_or_else(|| format!("{scheme}://{listen}"));
    let public_url = public(&public_url).map_err(|problem| bad("public_url", problem))?;
    let database_url =
        raw.database_url.unwrap_or_else(|| format!("sqlite://{}", raw.data_dir.join("postern.db").display()));
    if !["sqlite://", "postgres://", "postgresql://"].iter().any(|scheme| database_url.starts_with(scheme)) {
        return Err(bad("database_url", "must start with sqlite:// or postgres://".to_owned()));
    }
    let allow = |key: &str, list: &List| -> Result<Allow, BadSetting> {
        list.text().parse().map_err(|error| bad(key, format!("{error}")))
    };
    let metrics_listen = raw.metrics_listen.map(|text| {
        text.parse().map_err(|_| {
            bad("metrics_listen", "must be an address and a port such as 127.0.0.1:9464".to_owned())
        })
    });
    let retention = raw.retention.events.unwrap_or_default().read();
    let retention = retention.map_err(|problem| bad("retention.events", problem))?;
    let network = |text: String| text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let trusted_proxies = raw.trusted_proxies.items().map(network).collect::<Result<_, _>>();
    let browser = browser::settled(raw.browser, &raw.data_dir).map_err(|(key, problem)| bad(key, problem))?;
    Ok(Settings {
        listen,
        public_url,
        database_url,
        data_dir: raw.data_dir,
        master_key: raw.master_key.map(Secret::new),
        tls,
        trusted_proxies: trusted_proxies.map_err(|_| {
            bad("trusted_proxies", "must be addresses or networks such as 10.0.0.0/8".to_owned())
        })?,
        api: raw.api.settled().map_err(|(key, problem)| bad(key, problem))?,
        log_format: raw.log_format,
        metrics_listen: metrics_listen.transpose()?,
        retention,
        sources_allow: allow("egress.sources.allow", &raw.egress.sources.allow)?,
        webhooks_allow: allow("egress.webhooks.allow", &raw.egress.webhooks.allow)?,
        webhooks_timeout: raw
            .webhooks
            .timeout()
            .map_err(|problem| bad("webhooks.timeout", problem.to_owned()))?,
        passwords_per_account: raw.limits.passwords_per_account.map(NonZeroU64::get),
        browser,
        files: raw.runs.settled().map_err(|(key, problem)| bad(key, problem))?,
        nats: nats::settled(raw.nats).map_err(|(key, problem)| bad(&key, problem))?,
    })
}

/// Customers type passwords there: https, or a loopback address for trying things out.
fn public(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("must be an absolute URL: {error}"))?;
    let is_loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        _ => return Err("must be https:// (http:// only on a loopback address)".to_owned()),
    }
    let is_root = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !is_root || !url.username().is_empty() || url.password().is_some() {
        return Err("must be a scheme, a host and a port, nothing more".to_owned());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(flags: &Flags) -> Result<Settings, String> {
        Settings::read(flags).map_err(|error| error.to_string())
    }

    pub(super) fn with_file(text: &str) -> Result<Settings, String> {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("settings.toml");
        std::fs::write(&path, text).expect("a file");
        let named = path.display().to_string();
        read(&Flags { config: Some(path), ..Flags::default() }).map_err(|error| error.replace(&named, "F"))
    }

    #[test]
    fn a_file_sets_and_a_flag_overrides() {
        let settings = with_file("listen = '127.0.0.1:1'\negress.webhooks.allow = ['http://127.0.0.0/8:*']");
        assert_eq!(settings.expect("good").listen.port(), 1);
        let flags = Flags { listen: Some("127.0.0.1:2".into()), ..Flags::default() };
        let settings = read(&flags).expect("good");
        assert_eq!(settings.public_url.as_str(), "http://127.0.0.1:2/");
    }

    #[test]
    fn what_is_unknown_or_bad_is_refused_with_its_key_and_origin() {
        let bad = [
            "lisen = 'x'",
            "listen = 'x'",
            "public_url = 'http://example.com'",
            "public_url = 'https://u:p@example.com'",
            "database_url = 'mysql://x'",
            "egress.sources.alow = ''",
            "egress.sources.allow = 'gopher://x:1'",
            "trusted_proxies = ['x']",
            "log_format = 'xml'",
            "metrics_listen = 'localhost'",
            "retention.events = 'PT23H'",
            "retention.events = [1]",
            "master_key = 7",
            "tls.cert = 'x'",
            "webhooks.timeout = 'PT61S'",
            "webhooks.timeout = '0.5s'",
            "webhooks.timeot = 'PT15S'",
            "limits.passwords_per_account = 0",
        ];
        let told: Vec<_> = bad.map(|text| with_file(text).err().unwrap_or_else(|| "taken".into())).into();
        insta::assert_snapshot!(told.join("\n"));
    }
}
