//! How often one client may try links: guessing tokens, or wearing out the database with old ones.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;

use super::trouble::Trouble;
use crate::domain::client;

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
}

/// Refuses a client that asks too often, in words.
pub(super) async fn links(State(limit): State<Arc<Limit>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let Some(peer) = peer else { return next.run(request).await };
    let forwarded = request.headers().get_all("x-forwarded-for").iter();
    let client = client::address(peer, forwarded.filter_map(|value| value.to_str().ok()), &limit.trusted);
    if limit.clients.len() > CLIENTS {
        limit.clients.retain_recent();
    }
    match limit.clients.check_key(&client) {
        Ok(()) => next.run(request).await,
        Err(later) => Trouble::Limited(later.wait_time_from(DefaultClock::default().now())).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_held_back_after_its_burst_and_others_are_not() {
        let limit = Limit::new(Vec::new());
        let [one, other] = ["203.0.113.9", "2001:db8::"].map(|text| text.parse().unwrap());

        let refused = (0..1_000).filter(|_| limit.clients.check_key(&one).is_err()).count();

        assert!(refused > 500);
        assert!(limit.clients.check_key(&other).is_ok());
    }
}
