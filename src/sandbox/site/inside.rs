//! What a signed-in visitor finds.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::Site;
use super::known::Known;
use crate::sandbox::download;
use crate::sandbox::page::{self, Account, Movement, Statement, Statements};

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

pub(super) async fn account(known: Known) -> Response {
    match known.signed_in() {
        Some(scenario) => {
            let account = Account { username: &scenario.username, movements: MOVEMENTS };
            page::show(StatusCode::OK, &account)
        }
        None => Redirect::to("/login").into_response(),
    }
}

pub(super) async fn statements(known: Known) -> Response {
    match known.signed_in() {
        Some(_) => page::show(StatusCode::OK, &Statements { statements: STATEMENTS }),
        None => Redirect::to("/login").into_response(),
    }
}

pub(super) async fn statement(known: Known, Path(file): Path<String>) -> Response {
    if known.signed_in().is_none() {
        return Redirect::to("/login").into_response();
    }
    let pdf = |statement: &&Statement| file.strip_suffix(".pdf") == Some(statement.number);
    match STATEMENTS.iter().find(pdf) {
        Some(statement) => download::one(statement),
        None if file == "list.csv" => download::list(STATEMENTS),
        None => super::lost().await,
    }
}

pub(super) async fn logout(State(site): State<Site>, known: Known) -> Response {
    if let Some(visitor) = known.visitor {
        site.forget(&visitor.id);
    }
    Redirect::to("/login").into_response()
}
