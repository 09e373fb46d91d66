//! The settings of the API: how much a partner may ask for at a time.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::domain::duration;

/// Operations a second of one key, unless the operator says otherwise: far above what one partner needs, and
/// below what keeps everybody else waiting.
const RATE: NonZeroU32 = NonZeroU32::new(10_000).expect("not zero");
/// Sockets and event streams of one key, unless the operator says otherwise.
const CONNECTIONS: usize = 20_000;
/// How many times as many all keys of a workspace may have open together, unless the operator says otherwise.
const KEYS: usize = 4;
/// What an operation may cost, unless the operator says otherwise.
const COST: usize = 100_000;
/// What the operator may say.
const COSTS: RangeInclusive<usize> = 100..=10_000_000;
/// How long a query or mutation may take, unless the operator says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);
/// What the operator may say.
const TIMEOUTS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(5);

/// What the operator says about the API.
#[derive(Clone, Debug)]
pub struct Api {
    /// How many operations a second one key may ask for, and how many at once; `None` = any number.
    pub rate: Option<(NonZeroU32, NonZeroU32)>,
    /// How many sockets and event streams one key may have open.
    pub connections: usize,
    /// How many all keys of one workspace may have open together.
    pub workspace_connections: usize,
    /// What one operation may cost.
    pub cost: usize,
    /// How long a query or mutation may take.
    pub timeout: Duration,
    /// Whether GraphiQL is served.
    pub graphiql: bool,
    /// The list of documents that clients may name, if there is one.
    pub documents: Option<PathBuf>,
    /// Whether nothing but these is carried out.
    pub documents_only: bool,
}

impl Default for Api {
    fn default() -> Self {
        Self {
            rate: Some((RATE, RATE)),
            connections: CONNECTIONS,
            workspace_connections: KEYS * CONNECTIONS,
            cost: COST,
            timeout: TIMEOUT,
            graphiql: false,
            documents: None,
            documents_only: false,
        }
    }
}

/// `[api]` as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    rate: Option<u32>,
    burst: Option<NonZeroU32>,
    connections: Option<NonZeroU32>,
    workspace_connections: Option<NonZeroU32>,
    cost: Option<usize>,
    timeout: Option<String>,
    #[serde(default)]
    graphiql: bool,
    #[serde(default)]
    documents: RawDocuments,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDocuments {
    file: Option<PathBuf>,
    #[serde(default)]
    only: bool,
}

impl Raw {
    /// The settings, or the key that is wrong and what is allowed.
    pub(super) fn settled(self) -> Result<Api, (&'static str, String)> {
        let usual = Api::default();
        let rate = NonZeroU32::new(self.rate.unwrap_or(RATE.get()));
        if rate.is_none() && self.burst.is_some() {
            return Err(("api.burst", "means nothing where api.rate is 0, which is no limit".to_owned()));
        }
        let cost = self.cost.unwrap_or(usual.cost);
        if !COSTS.contains(&cost) {
            return Err(("api.cost", format!("must be {} to {}", COSTS.start(), COSTS.end())));
        }
        let timeout = self.timeout.as_deref().map_or(Ok(TIMEOUT), duration::parse);
        let timeout = timeout.ok().filter(|given| TIMEOUTS.contains(given));
        let timeout =
            timeout.ok_or_else(|| ("api.timeout", "must be PT1S to PT5M, such as PT30S".to_owned()))?;
        if self.documents.only && self.documents.file.is_none() {
            return Err(("api.documents.only", "needs api.documents.file, the list of documents".to_owned()));
        }
        let count = |given: Option<NonZeroU32>| given.and_then(|count| usize::try_from(count.get()).ok());
        let connections = count(self.connections).unwrap_or(usual.connections);
        let together = count(self.workspace_connections).unwrap_or(connections.saturating_mul(KEYS));
        Ok(Api {
            rate: rate.map(|rate| (rate, self.burst.unwrap_or(rate))),
            connections,
            workspace_connections: together,
            cost,
            timeout,
            graphiql: self.graphiql,
            documents: self.documents.file,
            documents_only: self.documents.only,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::with_file;

    #[test]
    fn what_is_said_about_the_api_is_read_and_bad_values_are_told_by_their_key() {
        let text = "api = { rate = 50, cost = 500, timeout = 'PT2S', documents = { file = 'list.json', only = true } }";
        let api = with_file(text).unwrap().api;
        assert_eq!(api.rate.map(|(rate, burst)| (rate.get(), burst.get())), Some((50, 50)));
        assert_eq!((api.cost, api.timeout.as_secs(), api.documents_only), (500, 2, true));
        assert_eq!(with_file("api.rate = 0").unwrap().api.rate, None);
        let connections =
            |text| with_file(text).map(|said| (said.api.connections, said.api.workspace_connections));
        assert_eq!(connections("api.connections = 10").unwrap(), (10, 40));
        assert_eq!(connections("api.workspace_connections = 50").unwrap(), (20_000, 50));

        for (text, key) in [
            ("api = { rate = 0, burst = 5 }", "api.burst"),
            ("api.burst = 0", "api.burst"),
            ("api.connections = 0", "api.connections"),
            ("api.workspace_connections = 0", "api.workspace_connections"),
            ("api.cost = 99", "api.cost"),
            ("api.timeout = 'PT0.5S'", "api.timeout"),
            ("api.documents.only = true", "api.documents.only"),
            ("api.documents.files = 'x'", "api.documents.files"),
        ] {
            let told = with_file(text).err().unwrap();
            assert!(told.starts_with(&format!("{key}: ")), "{told}");
        }
    }
}
