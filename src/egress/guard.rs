//! Resolves a name and lets through only the addresses the policy permits.
//!
//! The HTTP clients connect to exactly what comes out here, without a second lookup, so a name that
//! changes its mind after it was vetted gains nothing. Their hooks get the bare name, but the
//! rule also needs scheme and port: these travel beside the request in a task-local. Without them
//! nothing is let through.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec;

use hyper_util::client::legacy::connect::dns::Name;
use reqwest::dns::{Addrs, Name as SourceName, Resolve, Resolving};
use tower::Service;
use url::Host;

use super::Policy;
use super::policy::{Destination, Refusal};

tokio::task_local! {
    /// Where the request that is being connected goes.
    pub(super) static DESTINATION: Arc<Destination>;
}

type Found = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// The permitted addresses of a name, on their way.
type Guarded = Pin<Box<dyn Future<Output = Result<vec::IntoIter<SocketAddr>, Stop>> + Send>>;

/// How names are looked up: the system's resolver, or a test's.
pub(super) type Lookup = Arc<dyn Fn(String) -> Found + Send + Sync>;

/// Why a name led to no address.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    /// It leads to forbidden addresses only.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It leads nowhere.
    #[error("the name does not resolve")]
    Unresolved,
    /// A connection was asked for outside of an exchange.
    #[error("nobody said where the request goes")]
    Unannounced,
}

/// Lookup and rule in one.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) policy: Arc<Policy>,
    pub(super) lookup: Lookup,
}

impl Guard {
    /// Resolves the destination's name and keeps the permitted addresses.
    ///
    /// Refused only if no address is permitted: a name with a public and a private address is reached
    /// at the public one.
    pub(super) async fn addresses(&self, to: &Destination) -> Result<Vec<SocketAddr>, Stop> {
        let found = match &to.host {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => (self.lookup)(name.clone()).await.map_err(|_| Stop::Unresolved)?,
        };
        let mut refusal = None;
        let mut permitted = Vec::with_capacity(found.len());
        for address in found {
            match self.policy.judge(to, address) {
                Ok(()) => permitted.push(SocketAddr::new(address, to.port)),
                Err(why) => refusal = refusal.or(Some(why)),
            }
        }
        match refusal {
            _ if !permitted.is_empty() => Ok(permitted),
            Some(why) => Err(why.into()),
            None => Err(Stop::Unresolved),
        }
    }

    /// Resolves `name` for the exchange this is called in, if that is where it goes.
    fn guarded(&self, name: String) -> Guarded {
        let guard = self.clone();
        let announced = DESTINATION.try_with(Arc::clone).ok();
        Box::pin(async move {
            // Hosts are compared without case: the client lower-cases, the URL parser did so before.
            let same = |to: &Arc<Destination>| matches!(&to.host, Host::Domain(host) if host.eq_ignore_ascii_case(&name));
            let to = announced.filter(same).ok_or(Stop::Unannounced)?;
            Ok(guard.addresses(&to).await?.into_iter())
        })
    }
}

/// The hook of the client for source systems.
impl Resolve for Guard {
    fn resolve(&self, name: SourceName) -> Resolving {
        let guarded = self.guarded(name.as_str().to_owned());
        Box::pin(async move {
            let addresses: Addrs = Box::new(guarded.await?);
            Ok(addresses)
        })
    }
}

/// The hook of the client for webhooks.
impl Service<Name> for Guard {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = Stop;
    type Future = Guarded;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Stop>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Guarded {
        self.guarded(name.as_str().to_owned())
    }
}

/// The system's resolver.
pub(super) fn system() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            // The port is a formality of the interface; only the addresses are used.
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}
