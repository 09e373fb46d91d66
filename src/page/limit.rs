//! How often one client may try links: guessing tokens, or wearing out the database with old ones.
//!
//! Who a client is: the peer's address, or the one a trusted proxy names. An IPv6 client is its /64.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;

use super::trouble::Trouble;

/// Requests for links a client may make a second, in the long run.
const A_SECOND: NonZeroU32 = NonZeroU32::new(50).expect("not zero");
/// Requests for links a client may make at once: an office behind one address.
const AT_ONCE: NonZeroU32 = NonZeroU32::new(300).expect("not zero");
/// After so many clients, those that have been quiet are forgotten.
const CLIENTS: usize = 10_000;

/// The limit of one server.
pub(super) struct Limit {
    clients: DefaultKeyedRateLimiter<IpAddr>,
    trusted: Vec<IpNet>,
}

impl Limit {
    pub(super) fn new(trusted: Vec<IpNet>) -> Self {
        let quota = Quota::per_second(A_SECOND).allow_burst(AT_ONCE);
        Self { clients: RateLimiter::keyed(quota), trusted }
    }

    /// The client behind `peer`: the last address in the list that is not one of our proxies.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let is_proxy = |address: &IpAddr| self.trusted.iter().any(|network| network.contains(address));
        if !is_proxy(&peer) {
            return peer;
        }
        let lists = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let named: Vec<IpAddr> =
            lists.flat_map(|list| list.split(',')).filter_map(|text| text.trim().parse().ok()).collect();
        named.into_iter().rev().find(|address| !is_proxy(address)).unwrap_or(peer)
    }
}

/// Refuses a client that asks too often, in words.
pub(super) async fn links(State(limit): State<Arc<Limit>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let Some(peer) = peer else { return next.run(request).await };
    let client = network(limit.client(peer, request.headers()));
    if limit.clients.len() > CLIENTS {
        limit.clients.retain_recent();
    }
    match limit.clients.check_key(&client) {
        Ok(()) => next.run(request).await,
        Err(later) => Trouble::Limited(later.wait_time_from(DefaultClock::default().now())).into_response(),
    }
}

/// One customer of an IPv6 provider has a whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        other => other.to_canonical(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit() -> Limit {
        Limit::new(vec!["10.0.0.0/8".parse().unwrap()])
    }

    fn forwarded(list: &'static str) -> HeaderMap {
        HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), list.parse().unwrap())])
    }

    #[test]
    fn only_a_trusted_proxy_says_who_the_client_is() {
        let [stranger, proxy] = ["203.0.113.9", "10.1.2.3"].map(|text| text.parse().unwrap());
        let said = forwarded("198.51.100.7, 198.51.100.8, 10.9.9.9");

        assert_eq!(limit().client(stranger, &said), stranger);
        assert_eq!(limit().client(proxy, &said).to_string(), "198.51.100.8");
        assert_eq!(limit().client(proxy, &HeaderMap::new()), proxy);
        assert_eq!(limit().client(proxy, &forwarded("nonsense")), proxy);
    }

    #[test]
    fn a_client_is_held_back_after_its_burst_and_others_are_not() {
        let limit = limit();
        let [one, other] = ["203.0.113.9", "2001:db8:1:2:3::4"].map(|text| network(text.parse().unwrap()));

        let refused = (0..1_000).filter(|_| limit.clients.check_key(&one).is_err()).count();

        assert!(refused > 500);
        assert!(limit.clients.check_key(&other).is_ok());
        assert_eq!(other.to_string(), "2001:db8:1:2::");
    }
}
