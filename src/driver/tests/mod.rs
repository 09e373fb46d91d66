//! The detector and the machine on pages of our own, through the real parser and real HTTP.

mod after;
mod agreement;
mod bytes;
mod corpus;
mod first;
mod fuzz;
mod house;
mod outcomes;
mod pages;
mod processes;
mod recipe;
mod save;
mod scripts;
mod site;
mod stage;
mod stroll;
mod workflow;

use std::fmt::Write as _;

use url::Url;

use crate::domain::detector::{Before, Context, Question, Seen, Sent, Step, detect};
use crate::domain::snapshot::PageSnapshot;
use crate::driver::page::loaded::{Fetched, Loaded, load};

/// The page as the driver would load it from `https://site.example/login`.
fn loaded(html: &str) -> Loaded {
    at("https://site.example/login", 200, html)
}

fn at(url: &str, status: u16, html: &str) -> Loaded {
    load(Fetched { url: Url::parse(url).unwrap(), status, challenge: None, html: html.to_owned() })
}

/// What the detector makes of the first page of a login.
fn first(html: &str) -> Seen {
    look(&loaded(html).snapshot, None)
}

/// What it makes of a page that comes after a password was sent from a plain form.
fn after_password(page: &PageSnapshot) -> Seen {
    after(LOGIN, Sent::Password, page)
}

fn after(before: &str, sent: Sent, page: &PageSnapshot) -> Seen {
    let before = loaded(before).snapshot;
    look(page, Some(&Before { page: &before, sent, complaints: &[] }))
}

fn look(page: &PageSnapshot, before: Option<&Before<'_>>) -> Seen {
    let login_url = Url::parse("https://site.example/login").unwrap();
    let password_sent = before.is_some_and(|before| matches!(before.sent, Sent::Password | Sent::Code));
    let context =
        Context { login_url: &login_url, before, password_sent, probed: false, runs_scripts: false };
    detect(page, &context)
}

/// A step in one line: its kind, the roles of its fields, how many choices and other ways it has.
fn told(step: &Step) -> String {
    match step {
        Step::Ask(question) => told_question(question),
        Step::HttpAuth { .. } => "http auth".to_owned(),
        Step::SignedIn => "signed in".to_owned(),
        Step::PerhapsSignedIn => "perhaps signed in".to_owned(),
        Step::GoTo(_) => "go to".to_owned(),
        Step::Refused(code) => code.as_str().to_owned(),
        Step::Unknown => "unknown".to_owned(),
    }
}

fn told_question(question: &Question) -> String {
    let mut text = question.kind.as_str().to_ascii_lowercase();
    for typed in &question.fields {
        let _ = write!(text, " {:?}", typed.field.role).map(|()| text.make_ascii_lowercase());
    }
    for (name, ways) in [("choices", &question.choices), ("other ways", &question.alternatives)] {
        if !ways.is_empty() {
            let _ = write!(text, " +{} {name}", ways.len());
        }
    }
    text + if question.resend.is_some() { " +resend" } else { "" }
}

const LOGIN: &str = "<title>Shop</title><h1>Sign in</h1><form method=post action=/login>\
    <label>User name <input name=user></label><label>Password <input type=password name=pw></label>\
    <button>Sign in</button></form>";
