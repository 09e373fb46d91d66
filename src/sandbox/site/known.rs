//! Who asks: the visitor behind a cookie, and the names of the host that was asked.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use super::Site;
use crate::sandbox::desk::{Place, Standing, Visitor};
use crate::sandbox::page::Filling;
use crate::sandbox::scenario::Scenario;

const COOKIE: &str = "mill_lane_session";

/// The browser behind a request, if it has been here before.
pub(super) struct Known {
    pub(super) visitor: Option<Visitor>,
    /// The host that was asked, and the same site by its other name.
    hosts: (String, String),
}

impl FromRequestParts<Site> for Known {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Self::Rejection> {
        let jar = CookieJar::from_headers(&parts.headers);
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
        Ok(Self { visitor: jar.get(COOKIE).and_then(|cookie| site.find(cookie.value())), hosts: names(host) })
    }
}

/// The site has two names on a machine of one's own: to a browser they are two sites.
fn names(host: &str) -> (String, String) {
    let (name, port) = host.split_once(':').unwrap_or((host, "80"));
    let other = if name == "localhost" { "127.0.0.1" } else { "localhost" };
    (format!("http://{host}"), format!("http://{other}:{port}"))
}

impl Known {
    pub(super) fn signed_in(&self) -> Option<&'static Scenario> {
        match self.visitor.as_ref()?.standing {
            Standing::SignedIn(scenario) => Some(scenario),
            Standing::Stranger | Standing::Signing(..) => None,
        }
    }

    /// Where the visitor is in the middle of signing in.
    pub(super) fn place(&self) -> Option<Place> {
        match self.visitor.as_ref()?.standing {
            Standing::Signing(place) => Some(place),
            Standing::Stranger | Standing::SignedIn(..) => None,
        }
    }

    /// What pages are filled in with for this visitor.
    pub(super) fn filling(&self, action: String) -> Filling {
        let own =
            |of: fn(&Visitor) -> &String| self.visitor.as_ref().map(|v| of(v).clone()).unwrap_or_default();
        Filling {
            csrf: own(|visitor| &visitor.csrf),
            visitor: own(|visitor| &visitor.id),
            action,
            hosts: self.hosts.clone(),
            ..Filling::default()
        }
    }
}

/// The visitor's cookie, to be set.
pub(super) fn cookie(visitor: &Visitor) -> CookieJar {
    let cookie =
        Cookie::build((COOKIE, visitor.id.clone())).path("/").http_only(true).same_site(SameSite::Lax);
    CookieJar::new().add(cookie)
}
