//! What the site looks like: the bank's frame, and the pages of the book put into it.

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::scenario::{self, Scenario, scenarios};

/// The start page: the table of scenarios.
#[derive(Template)]
#[template(path = "start.html")]
pub(super) struct Start {
    scenarios: &'static [Scenario],
}

/// A page of the book in the bank's frame. Its text is the site's own, markup included.
#[derive(Template)]
#[template(path = "told.html")]
struct Told<'a> {
    lang: &'a str,
    title: &'a str,
    html: &'a str,
}

/// A page that only says something.
#[derive(Template)]
#[template(path = "notice.html")]
pub(super) struct Notice {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
}

/// The account of a signed-in visitor.
#[derive(Template)]
#[template(path = "account.html")]
pub(super) struct Account {
    pub(super) username: &'static str,
    pub(super) movements: &'static [Movement],
}

/// The statements of a signed-in visitor.
#[derive(Template)]
#[template(path = "statements.html")]
pub(super) struct Statements {
    pub(super) statements: &'static [Statement],
}

/// One line of the account.
pub(super) struct Movement {
    pub(super) on: &'static str,
    pub(super) text: &'static str,
    pub(super) amount: &'static str,
}

/// One month's statement.
pub(super) struct Statement {
    pub(super) month: &'static str,
    pub(super) number: &'static str,
    pub(super) closing: &'static str,
}

impl Start {
    /// The start page with the whole table.
    pub(super) fn new() -> Self {
        Self { scenarios: scenarios() }
    }
}

/// What a page of the book is filled in with.
#[derive(Clone, Default)]
pub(super) struct Filling {
    /// The visitor's token against forgery.
    pub(super) csrf: String,
    /// The visitor's own id, for forms that come from the other host.
    pub(super) visitor: String,
    /// Where the form goes.
    pub(super) action: String,
    /// What was typed as user name.
    pub(super) username: String,
    /// What the site complains about.
    pub(super) error: String,
    /// This host, and the same site by its other name.
    pub(super) hosts: (String, String),
}

impl Filling {
    /// Puts what is known into the braces of a text.
    pub(super) fn fill(&self, text: &str) -> String {
        let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        [
            ("{csrf}", self.csrf.as_str()),
            ("{visitor}", &self.visitor),
            ("{action}", &self.action),
            ("{username}", &escaped(&self.username)),
            ("{here}", &self.hosts.0),
            ("{there}", &self.hosts.1),
        ]
        .into_iter()
        .fold(text.to_owned(), |text, (place, value)| text.replace(place, value))
    }
}

/// The usual way to say what is wrong.
const ERROR: &str = r#"<p class="error" role="alert" id="error">{text}</p>"#;

/// A page of the book as a response.
pub(super) fn told(page: &scenario::Page, filling: &Filling) -> Response {
    let error = page.error.as_deref().unwrap_or(ERROR);
    let error =
        if filling.error.is_empty() { String::new() } else { error.replace("{text}", &filling.error) };
    let filler = page.filler.as_ref().map(|(text, times)| text.repeat(*times)).unwrap_or_default();
    let html = filling.fill(&page.html.replace("{error}", &error)).replace("{filler}", &filler);
    let whole = page.html.starts_with("<!doctype") || page.headers.contains_key("content-type");
    let told = Told { lang: page.lang.as_deref().unwrap_or("en"), title: &page.title, html: &html };
    let text = if whole { html } else { told.render().unwrap_or_default() };
    let status = if filling.error.is_empty() { page.status } else { page.wrong_status.or(page.status) };
    let status = status.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::OK);
    let mut response = (status, Html(Body::from(bytes(page, text)))).into_response();
    for (name, value) in &page.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    if page.scripts {
        let policy = "default-src 'self' 'unsafe-inline' data:; frame-ancestors 'self'";
        let policy = HeaderValue::from_static(policy);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn bytes(page: &scenario::Page, text: String) -> Vec<u8> {
    if let Some(picture) = &page.base64 {
        return STANDARD.decode(picture).unwrap_or_default();
    }
    if page.latin1 {
        text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect()
    } else {
        text.into_bytes()
    }
}

/// Renders a page with a status.
pub(super) fn show(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
