//! What the site makes of a form.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Form, FromRequest, Request};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use super::known::{Known, cookie};
use super::look::address;
use super::{Site, lost, stale};
use crate::sandbox::desk::{Count, Place, Standing};
use crate::sandbox::page;
use crate::sandbox::scenario::{self, Page, Scenario};

/// A form as it arrived.
pub(super) struct Sent {
    fields: BTreeMap<String, String>,
    /// Whether a script asks, who wants to read the answer itself.
    by_script: bool,
}

impl FromRequest<Site> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Response> {
        let accepted = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let by_script = accepted.is_some_and(|accepted| accepted.starts_with("application/json"));
        let form = Form::<Vec<(String, String)>>::from_request(request, site).await;
        let Form(pairs) = form.map_err(IntoResponse::into_response)?;
        Ok(Self { fields: pairs.into_iter().collect(), by_script })
    }
}

impl Sent {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    fn count(&self, page: &Page) -> Count {
        let filled = |name: Option<&String>, usual: &str| {
            u64::from(!self.field(name.map_or(usual, String::as_str)).is_empty())
        };
        Count {
            submits: 1,
            passwords: filled(page.password.as_ref(), "password"),
            codes: filled(page.code.as_ref(), "code"),
            let_in: 0,
        }
    }
}

/// Takes an answer to a page at an address that several scenarios share.
pub(super) async fn shared(site: &Site, known: Known, sent: Sent, name: &'static str) -> Response {
    let Some((name, page)) = scenario::page(name) else { return lost().await };
    if !matches!(name, "sign_in" | "name") {
        let place = known.place().filter(|place| place.page == name);
        site.count(place.map(|place| place.scenario), sent.count(page));
        return match place.filter(|_| is_own(&known, &sent)) {
            Some(place) => take(site, &known, place, &sent).await,
            None => stale(),
        };
    }
    let scenario = scenario::find(sent.field("username"));
    site.count(scenario, sent.count(page));
    if !is_own(&known, &sent) {
        return stale();
    }
    if let Some(scenario) = scenario {
        return begin(site, &known, (scenario, name), &sent).await;
    }
    let nameless = sent.field("username").trim().is_empty();
    let error = if nameless { "Please enter your user name." } else { &page.wrong };
    again(&known, page, (page.path.clone().unwrap_or_default(), error), &sent)
}

/// The user name picks the scenario; asked for alone, the password comes on a page of its own.
async fn begin(
    site: &Site,
    known: &Known,
    (scenario, name): (&'static Scenario, &str),
    sent: &Sent,
) -> Response {
    let first = scenario.pages.first().map_or("", String::as_str);
    let place = |page| Place { scenario, behind: 0, page };
    if name == "name" && first != "name" {
        return go(site, known, place("password"), sent.by_script);
    }
    match scenario::page(first) {
        Some((page, _)) => take(site, known, place(page), sent).await,
        None => lost().await,
    }
}

/// Takes an answer to a page at an address of one scenario alone.
pub(super) async fn own(
    site: &Site,
    mut known: Known,
    (username, name): (&str, Option<&str>),
    sent: Sent,
) -> Response {
    let Some(scenario) = scenario::find(username) else { return lost().await };
    let first = scenario.pages.first().map_or("", String::as_str);
    let Some((name, page)) = scenario::page(name.unwrap_or(first)) else { return lost().await };
    let count = sent.count(page);
    // A form that sends itself is nobody's submit.
    if !page.foreign || count.passwords + count.codes > 0 {
        site.count(Some(scenario), count);
    }
    if page.foreign {
        // From the other host no cookie comes along.
        known.visitor = site.find(sent.field("visitor")).or(known.visitor);
    } else if !is_own(&known, &sent) {
        return stale();
    }
    let begins = page.foreign || page.open || name == first;
    let place = known.place().filter(|place| place.page == name && place.scenario.username == username);
    match place.or_else(|| begins.then_some(Place { scenario, behind: 0, page: name })) {
        Some(place) => take(site, &known, place, &sent).await,
        None => stale(),
    }
}

fn is_own(known: &Known, sent: &Sent) -> bool {
    known.visitor.as_ref().is_some_and(|visitor| visitor.csrf == sent.field("csrf"))
}

/// Weighs an answer by the rules of its page.
async fn take(site: &Site, known: &Known, place: Place, sent: &Sent) -> Response {
    let scenario = place.scenario;
    tokio::time::sleep(scenario.pause()).await;
    let Some((_, page)) = scenario::page(place.page) else { return lost().await };
    let id = known.visitor.as_ref().map_or("", |visitor| visitor.id.as_str());
    let nth = site.answered(id, place.page);
    let fit = |wanted: &BTreeMap<String, String>| {
        wanted.iter().all(|(name, wanted)| scenario.fits(wanted, sent.field(name)))
    };
    let rule = page.on.iter().find(|rule| nth >= rule.nth && fit(&rule.when));
    let (then, say) = match rule {
        Some(rule) => (rule.then.as_str(), rule.say.as_str()),
        None if !page.takes.is_empty() && fit(&page.takes) => ("next", ""),
        None => ("again", page.wrong.as_str()),
    };
    match then {
        "again" if sent.by_script => Json(json!({ "error": say })).into_response(),
        "again" => again(known, page, (address(scenario, place.page), say), sent),
        "token" => {
            site.count(Some(scenario), Count { let_in: 1, ..Count::default() });
            Json(json!({ "token": scenario.username })).into_response()
        }
        _ if sent.by_script => told_to_script(&react(site, known, place, (then, say))),
        _ => react(site, known, place, (then, say)),
    }
}

/// Carries out what a rule says.
pub(super) fn react(site: &Site, known: &Known, place: Place, (then, say): (&str, &str)) -> Response {
    let scenario = place.scenario;
    let (verb, object) = then.split_once(' ').unwrap_or((then, ""));
    match (verb, scenario::page(object)) {
        ("in", _) => enter(site, known, scenario),
        ("show", Some((name, page))) => show(site, known, (scenario, name, page), say),
        ("go", Some((page, _))) => {
            let behind = scenario.pages.iter().position(|name| name == page).unwrap_or(place.behind);
            go(site, known, Place { scenario, behind, page }, false)
        }
        ("to", _) => Redirect::to(&known.filling(String::new()).fill(object)).into_response(),
        _ => match scenario.pages.get(place.behind + 1).and_then(|name| scenario::page(name)) {
            Some((page, _)) => go(site, known, Place { scenario, behind: place.behind + 1, page }, false),
            None => match scenario.end.as_ref().and_then(|name| scenario::page(name)) {
                Some((name, page)) => show(site, known, (scenario, name, page), say),
                None => enter(site, known, scenario),
            },
        },
    }
}

fn go(site: &Site, known: &Known, place: Place, by_script: bool) -> Response {
    if let Some(visitor) = &known.visitor {
        site.advance(&visitor.id, Standing::Signing(place));
    }
    let next = address(place.scenario, place.page);
    if by_script {
        Json(json!({ "next": next })).into_response()
    } else {
        Redirect::to(&next).into_response()
    }
}

/// A page on which the story ends.
fn show(site: &Site, known: &Known, (scenario, name, page): (&Scenario, &str, &Page), say: &str) -> Response {
    if let Some(visitor) = &known.visitor {
        site.forget(&visitor.id);
    }
    let filling = page::Filling {
        error: say.to_owned(),
        username: scenario.username.clone(),
        ..known.filling(address(scenario, name))
    };
    page::told(page, &filling)
}

fn again(known: &Known, page: &Page, (address, error): (String, &str), sent: &Sent) -> Response {
    let filling = page::Filling {
        error: error.to_owned(),
        username: sent.field("username").trim().to_owned(),
        ..known.filling(address)
    };
    page::told(page, &filling)
}

fn enter(site: &Site, known: &Known, scenario: &'static Scenario) -> Response {
    if let Some(visitor) = &known.visitor {
        site.forget(&visitor.id);
    }
    let_in(site, scenario)
}

/// A new session begins.
pub(super) fn let_in(site: &Site, scenario: &'static Scenario) -> Response {
    site.count(Some(scenario), Count { let_in: 1, ..Count::default() });
    let visitor = site.welcome(Standing::SignedIn(scenario));
    (cookie(&visitor), Redirect::to("/account")).into_response()
}

/// A script follows no redirect: it is told where to go.
fn told_to_script(response: &Response) -> Response {
    let next = response.headers().get(header::LOCATION).and_then(|next| next.to_str().ok());
    let cookies = response.headers().get(header::SET_COOKIE).cloned();
    let mut told = Json(json!({ "next": next })).into_response();
    if let Some(cookies) = cookies {
        told.headers_mut().insert(header::SET_COOKIE, cookies);
    }
    told
}
