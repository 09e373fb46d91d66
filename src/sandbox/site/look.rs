//! Looking at the pages of a scenario.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answer::{self, react};
use super::known::{Known, cookie};
use super::{Site, lost};
use crate::sandbox::desk::{Count, Place, Standing};
use crate::sandbox::page;
use crate::sandbox::scenario::{self, Page, Scenario};

/// Where a page of a scenario is.
pub(super) fn address(scenario: &Scenario, name: &str) -> String {
    let own = || format!("/at/{}/{name}", scenario.username);
    scenario::page(name).and_then(|(_, page)| page.path.clone()).unwrap_or_else(own)
}

/// A page at an address that several scenarios share.
pub(super) async fn shared(site: &Site, mut known: Known, name: &'static str) -> Response {
    if known.signed_in().is_some() {
        return Redirect::to("/account").into_response();
    }
    let Some((name, page)) = scenario::page(name) else { return lost().await };
    if matches!(name, "sign_in" | "name") {
        let visitor = known.visitor.get_or_insert_with(|| site.welcome(Standing::Stranger));
        let cookie = cookie(visitor);
        let filling = known.filling(page.path.clone().unwrap_or_default());
        return (cookie, page::told(page, &filling)).into_response();
    }
    match known.place() {
        Some(place) if place.page == name => see(site, &known, place, page).await,
        Some(place) => Redirect::to(&address(place.scenario, place.page)).into_response(),
        None => Redirect::to("/login").into_response(),
    }
}

/// A page at an address of one scenario alone.
pub(super) async fn own(
    site: &Site,
    mut known: Known,
    (username, name): (&str, Option<&str>),
    headers: &HeaderMap,
) -> Response {
    let Some(scenario) = scenario::find(username) else { return lost().await };
    let first = scenario.pages.first().map_or("", String::as_str);
    let Some((name, page)) = scenario::page(name.unwrap_or(first)) else { return lost().await };
    if known.signed_in().is_some() && !page.open {
        return Redirect::to("/account").into_response();
    }
    if page.basic {
        return basic(site, scenario, page, headers);
    }
    let place = Place { scenario, behind: 0, page: name };
    if page.open || name == first {
        let visitor = known.visitor.get_or_insert_with(|| site.welcome(Standing::Stranger));
        if !page.open {
            site.advance(&visitor.id, Standing::Signing(place));
        }
        let cookie = cookie(visitor);
        return (cookie, see(site, &known, place, page).await).into_response();
    }
    match known.place() {
        Some(place) if place.page == name => see(site, &known, place, page).await,
        Some(place) if page.follows && is_next(place, name) => {
            see(site, &known, Place { behind: place.behind + 1, page: name, ..place }, page).await
        }
        Some(place) => Redirect::to(&address(place.scenario, place.page)).into_response(),
        None => Redirect::to(&scenario.login_path).into_response(),
    }
}

fn is_next(place: Place, name: &str) -> bool {
    place.scenario.pages.get(place.behind + 1).is_some_and(|next| next == name)
}

/// Shows the page, unless looking at it so often makes something happen.
async fn see(site: &Site, known: &Known, place: Place, page: &'static Page) -> Response {
    tokio::time::sleep(Duration::from_millis(page.pause_ms)).await;
    let filling = known.filling(address(place.scenario, place.page));
    if let Some(target) = &page.redirect {
        return Redirect::to(&filling.fill(target)).into_response();
    }
    let id = known.visitor.as_ref().map_or("", |visitor| visitor.id.as_str());
    let looks = site.looked(id, place.page);
    match page.looks.iter().rev().find(|rule| looks >= rule.nth) {
        Some(rule) => react(site, known, place, (&rule.then, &rule.say)),
        None => page::told(page, &filling),
    }
}

/// The HTTP layer's own question (RFC 7617).
fn basic(site: &Site, scenario: &'static Scenario, page: &Page, headers: &HeaderMap) -> Response {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let pair = given.and_then(|text| STANDARD.decode(text.strip_prefix("Basic ")?).ok());
    let wanted = format!("{}:{}", scenario.username, scenario.password);
    if pair.is_some() {
        site.count(Some(scenario), Count { submits: 1, passwords: 1, ..Count::default() });
    }
    if pair.as_deref() == Some(wanted.as_bytes()) {
        return answer::let_in(site, scenario);
    }
    let mut response = page::told(page, &page::Filling::default());
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let asks = HeaderValue::from_static("Basic realm=\"The archive\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, asks);
    response
}
