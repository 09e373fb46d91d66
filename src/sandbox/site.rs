//! The requests that the site answers.
//!
//! Every form carries the visitor's token against forgery and is counted before anything is checked.
//! A visitor who signs in gets a new session cookie; so does a browser that comes without one.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Form, FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use serde::Deserialize;

use super::desk::{Count, Desk, Standing, Visitor};
use super::download;
use super::page::{self, Account, FormKind, Movement, Notice, Start, Statement, Statements};
use super::scenario::{self, Ask, Ending, Scenario};

/// Bytes of a form; the longest honest one has a few hundred.
const MAX_FORM: usize = 16 * 1024;
const COOKIE: &str = "mill_lane_session";

const WRONG_NAME_OR_PASSWORD: &str =
    "That user name and password do not match. Please check both and try again.";
const WRONG_CODE: &str = "That code is not right. Wait for the next one in your app and try again.";
const NAME_MISSING: &str = "Please enter your user name.";

const MOVEMENTS: &[Movement] = &[
    Movement { on: "2026-11-17", text: "Rail ticket", amount: "-42.80" },
    Movement { on: "2026-11-14", text: "Salary, Aldgate Instruments", amount: "+2,310.00" },
    Movement { on: "2026-11-09", text: "Greengrocer", amount: "-18.35" },
    Movement { on: "2026-11-02", text: "Rent", amount: "-925.00" },
];

const STATEMENTS: &[Statement] = &[
    Statement { month: "October 2026", number: "ML-2026-10", closing: "2,150.60" },
    Statement { month: "September 2026", number: "ML-2026-09", closing: "1,987.12" },
    Statement { month: "August 2026", number: "ML-2026-08", closing: "2,044.95" },
];

type Site = Arc<Desk>;

/// Builds the site, with a memory of its own.
pub fn router() -> Router {
    Router::new()
        .route("/", get(start))
        .route("/style.css", get(style))
        .route("/_counts", get(counts))
        .route("/login", get(sign_in_form).post(sign_in))
        .route("/login/name", get(name_form).post(name))
        .route("/login/password", get(password_form).post(password))
        .route("/login/code", get(code_form).post(code))
        .route("/account", get(account))
        .route("/statements", get(statements))
        .route("/statements/{file}", get(statement))
        .route("/logout", get(logout))
        .fallback(lost)
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(map_response(guard))
        .with_state(Arc::new(Desk::new()))
}

/// What a visitor may send; each form uses some of it.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    username: String,
    password: Option<String>,
    code: Option<String>,
}

impl Answer {
    fn as_count(&self) -> Count {
        let filled = |field: &Option<String>| u64::from(field.as_ref().is_some_and(|text| !text.is_empty()));
        Count { submits: 1, passwords: filled(&self.password), codes: filled(&self.code) }
    }
}

/// The browser behind a request, if it has been here before.
struct Known(Option<Visitor>);

impl FromRequestParts<Site> for Known {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Self::Rejection> {
        let jar = CookieJar::from_headers(&parts.headers);
        Ok(Self(jar.get(COOKIE).and_then(|cookie| site.find(cookie.value()))))
    }
}

impl Known {
    fn signed_in(&self) -> Option<&'static Scenario> {
        match self.0.as_ref()?.standing {
            Standing::SignedIn(scenario) => Some(scenario),
            Standing::Stranger | Standing::Signing(..) => None,
        }
    }

    /// The visitor in the middle of signing in, and what is asked now.
    fn asked(&self) -> Option<(&Visitor, &'static Scenario, usize, Ask)> {
        let visitor = self.0.as_ref()?;
        let Standing::Signing(scenario, answered) = visitor.standing else { return None };
        Some((visitor, scenario, answered, *scenario.plot.asks.get(answered)?))
    }
}

async fn start() -> Response {
    page::show(StatusCode::OK, &Start::new())
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("templates/style.css"))
}

async fn counts(State(site): State<Site>) -> impl IntoResponse {
    Json(site.counts())
}

async fn sign_in_form(State(site): State<Site>, known: Known) -> Response {
    first_form(&site, known, FormKind::SignIn)
}

async fn name_form(State(site): State<Site>, known: Known) -> Response {
    first_form(&site, known, FormKind::Name)
}

fn first_form(site: &Site, known: Known, kind: FormKind) -> Response {
    if known.signed_in().is_some() {
        return Redirect::to("/account").into_response();
    }
    let visitor = known.0.unwrap_or_else(|| site.welcome(Standing::Stranger));
    let form = page::Form { kind, csrf: &visitor.csrf, username: "", error: None };
    (cookie(&visitor), page::show(StatusCode::OK, &form)).into_response()
}

async fn sign_in(State(site): State<Site>, known: Known, Form(answer): Form<Answer>) -> Response {
    first_answer(&site, known, answer, FormKind::SignIn).await
}

async fn name(State(site): State<Site>, known: Known, Form(answer): Form<Answer>) -> Response {
    first_answer(&site, known, answer, FormKind::Name).await
}

/// Takes the user name, which picks the scenario, and the password if it came along.
async fn first_answer(site: &Site, known: Known, answer: Answer, kind: FormKind) -> Response {
    let scenario = scenario::find(&answer.username);
    site.count(scenario, answer.as_count());
    let Some(visitor) = known.0.filter(|visitor| visitor.csrf == answer.csrf) else { return stale() };
    let again = |error| {
        let form =
            page::Form { kind, csrf: &visitor.csrf, username: answer.username.trim(), error: Some(error) };
        page::show(StatusCode::OK, &form)
    };
    let Some(scenario) = scenario else {
        let nameless = answer.username.trim().is_empty();
        return again(if nameless { NAME_MISSING } else { WRONG_NAME_OR_PASSWORD });
    };
    tokio::time::sleep(scenario.plot.pause).await;
    let asks_password = scenario.plot.asks.first() == Some(&Ask::Password);
    match answer.password {
        Some(password) if asks_password && password != scenario.password => again(WRONG_NAME_OR_PASSWORD),
        Some(_) if asks_password => go_on(site, &visitor, scenario, 1),
        // A password that is not asked for here is not looked at.
        Some(_) | None => go_on(site, &visitor, scenario, 0),
    }
}

async fn password_form(known: Known) -> Response {
    next_form(&known, FormKind::Password)
}

async fn code_form(known: Known) -> Response {
    next_form(&known, FormKind::AppCode)
}

fn next_form(known: &Known, kind: FormKind) -> Response {
    match known.asked() {
        Some((visitor, scenario, _, ask)) if form_of(ask) == kind => {
            let form = page::Form { kind, csrf: &visitor.csrf, username: scenario.username, error: None };
            page::show(StatusCode::OK, &form)
        }
        Some((.., ask)) => Redirect::to(form_of(ask).path()).into_response(),
        None => Redirect::to("/login").into_response(),
    }
}

async fn password(State(site): State<Site>, known: Known, Form(answer): Form<Answer>) -> Response {
    next_answer(&site, &known, &answer, FormKind::Password).await
}

async fn code(State(site): State<Site>, known: Known, Form(answer): Form<Answer>) -> Response {
    next_answer(&site, &known, &answer, FormKind::AppCode).await
}

/// Takes the answer to what is asked after the user name.
async fn next_answer(site: &Site, known: &Known, answer: &Answer, kind: FormKind) -> Response {
    let asked = known.asked().filter(|(.., ask)| form_of(*ask) == kind);
    site.count(asked.map(|(_, scenario, ..)| scenario), answer.as_count());
    let Some((visitor, scenario, answered, ask)) = asked.filter(|(visitor, ..)| visitor.csrf == answer.csrf)
    else {
        return stale();
    };
    tokio::time::sleep(scenario.plot.pause).await;
    let (right, error) = match ask {
        Ask::Password | Ask::PasswordNext => {
            (answer.password.as_deref() == Some(scenario.password), WRONG_NAME_OR_PASSWORD)
        }
        Ask::AppCode => (scenario.accepts_code(answer.code.as_deref().unwrap_or_default()), WRONG_CODE),
    };
    if right {
        return go_on(site, visitor, scenario, answered + 1);
    }
    let form = page::Form { kind, csrf: &visitor.csrf, username: scenario.username, error: Some(error) };
    page::show(StatusCode::OK, &form)
}

/// Leads to the next ask, or tells the ending when everything is answered.
fn go_on(site: &Site, visitor: &Visitor, scenario: &'static Scenario, answered: usize) -> Response {
    if let Some(ask) = scenario.plot.asks.get(answered) {
        site.advance(&visitor.id, Standing::Signing(scenario, answered));
        return Redirect::to(form_of(*ask).path()).into_response();
    }
    site.forget(&visitor.id);
    match scenario.plot.ending {
        Ending::SignedIn => {
            let visitor = site.welcome(Standing::SignedIn(scenario));
            (cookie(&visitor), Redirect::to("/account")).into_response()
        }
        Ending::Locked => locked(),
        Ending::OutOfOrder => out_of_order(),
    }
}

async fn account(known: Known) -> Response {
    match known.signed_in() {
        Some(scenario) => {
            let account = Account { username: scenario.username, movements: MOVEMENTS };
            page::show(StatusCode::OK, &account)
        }
        None => Redirect::to("/login").into_response(),
    }
}

async fn statements(known: Known) -> Response {
    match known.signed_in() {
        Some(_) => page::show(StatusCode::OK, &Statements { statements: STATEMENTS }),
        None => Redirect::to("/login").into_response(),
    }
}

async fn statement(known: Known, Path(file): Path<String>) -> Response {
    if known.signed_in().is_none() {
        return Redirect::to("/login").into_response();
    }
    let pdf = |statement: &&Statement| file.strip_suffix(".pdf") == Some(statement.number);
    match STATEMENTS.iter().find(pdf) {
        Some(statement) => download::one(statement),
        None if file == "list.csv" => download::list(STATEMENTS),
        None => lost().await,
    }
}

async fn logout(State(site): State<Site>, known: Known) -> Response {
    if let Some(visitor) = known.0 {
        site.forget(&visitor.id);
    }
    Redirect::to("/login").into_response()
}

async fn lost() -> Response {
    let text = "There is nothing at this address.";
    page::show(StatusCode::NOT_FOUND, &Notice { title: "Page not found", text, back: true })
}

fn stale() -> Response {
    let text = "This form is no longer valid. Please start again.";
    page::show(StatusCode::FORBIDDEN, &Notice { title: "Please start again", text, back: true })
}

fn locked() -> Response {
    let text = "Your account is locked. To unlock it, visit a branch with your passport.";
    page::show(StatusCode::OK, &Notice { title: "Account locked", text, back: false })
}

fn out_of_order() -> Response {
    let text = "Online banking is out of order at the moment. Please come back later.";
    page::show(StatusCode::SERVICE_UNAVAILABLE, &Notice { title: "Out of order", text, back: false })
}

fn form_of(ask: Ask) -> FormKind {
    match ask {
        Ask::Password | Ask::PasswordNext => FormKind::Password,
        Ask::AppCode => FormKind::AppCode,
    }
}

fn cookie(visitor: &Visitor) -> CookieJar {
    let cookie =
        Cookie::build((COOKIE, visitor.id.clone())).path("/").http_only(true).same_site(SameSite::Lax);
    CookieJar::new().add(cookie)
}

/// Keeps pages out of caches and frames, and scripts out of pages.
async fn guard(mut response: Response) -> Response {
    let policy = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'";
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
