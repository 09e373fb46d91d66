//! What the site looks like: the templates and what each of them is given.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::scenario::{Scenario, scenarios};

/// The start page: the table of scenarios.
#[derive(Template)]
#[template(path = "start.html")]
pub(super) struct Start {
    pub(super) scenarios: &'static [Scenario],
}

/// A form that asks for something.
#[derive(Template)]
#[template(path = "form.html")]
pub(super) struct Form<'a> {
    pub(super) kind: FormKind,
    pub(super) csrf: &'a str,
    pub(super) username: &'a str,
    pub(super) error: Option<&'static str>,
}

/// What a form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FormKind {
    /// User name and password.
    SignIn,
    /// The user name alone.
    Name,
    /// The password of a known user name.
    Password,
    /// The code of the authenticator app.
    AppCode,
}

impl FormKind {
    /// Where the form is shown, and sent to.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::SignIn => "/login",
            Self::Name => "/login/name",
            Self::Password => "/login/password",
            Self::AppCode => "/login/code",
        }
    }
}

/// A page that only says something.
#[derive(Template)]
#[template(path = "notice.html")]
pub(super) struct Notice {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) back: bool,
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

/// Renders a page with a status.
pub(super) fn show(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
