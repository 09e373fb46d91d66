//! The page behind a link, and the human's click on it.
//!
//! Mail scanners open links, so only the click changes anything.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};

use super::Door;
use super::error::translate;
use super::language::Language;
use super::trouble::Trouble;
use super::view::{self, Frame, Mood, Sentence};
use super::words::{Words, fill};
use crate::domain::failure::Failure;
use crate::service::{Error, visit};
use entity::KeepCredentials;
use visit::{Landing, LandingState};

/// Ours are at most 80 characters; anything beyond twice that is not worth a signature check.
const LONGEST_TOKEN: usize = 160;

/// A link's token, of any shape but bounded.
pub(super) struct Token(String);

impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Trouble> {
        let path: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, state).await;
        let Path(token) = path.map_err(|_| Trouble::Link)?;
        if token.len() > LONGEST_TOKEN { Err(Trouble::Link) } else { Ok(Self(token)) }
    }
}

/// Shows who asks, for which site, and what happens with the data.
pub(super) async fn show(
    State(door): State<Door>,
    language: Language,
    Token(token): Token,
) -> Result<Response, Trouble> {
    let landing = visit::landing(&door.app, &token).await.map_err(|e| translate(&e, Trouble::Link))?;
    page(&landing, language.words(landing.locale.as_deref()))
}

/// Begins a login in this browser and leaves the token behind.
pub(super) async fn click(
    State(door): State<Door>,
    language: Language,
    Token(token): Token,
) -> Result<Response, Trouble> {
    match visit::begin(&door.app, &token).await {
        Ok(begun) => {
            let cookie = super::cookie::bake(&door.settings, begun.login, &begun.cookie, begun.keep_for);
            Ok((cookie, Redirect::to(&format!("/s/{}", begun.login))).into_response())
        }
        Err(error @ (Error::Gone | Error::Conflict(_))) => refused(&door, &language, &token, &error).await,
        Err(error) => Err(translate(&error, Trouble::Link)),
    }
}

/// The link moved on between the page and the click: its page says so better than a bare refusal.
async fn refused(door: &Door, language: &Language, token: &str, error: &Error) -> Result<Response, Trouble> {
    match visit::landing(&door.app, token).await {
        Ok(landing) if !matches!(landing.state, LandingState::Open) => {
            let mut response = page(&landing, language.words(landing.locale.as_deref()))?;
            if response.status().is_success() {
                *response.status_mut() = StatusCode::CONFLICT;
            }
            Ok(response)
        }
        _ => Err(translate(error, Trouble::Link)),
    }
}

fn page(landing: &Landing, words: &'static Words) -> Result<Response, Trouble> {
    match &landing.state {
        LandingState::Open => view::page(StatusCode::OK, &invitation(landing, words)),
        LandingState::Working => view::page(StatusCode::OK, &already(landing, words, None)),
        LandingState::Done { return_url } => {
            view::page(StatusCode::OK, &already(landing, words, return_url.as_deref()))
        }
        LandingState::Expired => view::page(StatusCode::GONE, &expired(landing, words)),
        LandingState::Failed(failure) => view::page(StatusCode::GONE, &finished(landing, words, failure)),
    }
}

fn invitation(landing: &Landing, words: &'static Words) -> view::Invitation {
    let names = names(landing);
    let keep = match landing.keep {
        KeepCredentials::Never => words.keep_never,
        KeepCredentials::Session => words.keep_session,
        KeepCredentials::Vault => words.keep_vault,
    };
    view::Invitation {
        frame: frame(landing, words, fill(words.landing_title, &names)).at(1),
        workspace: landing.workspace.clone(),
        site: landing.site.clone(),
        origin: landing.site_origin.clone(),
        title: fill(words.landing.title, &names),
        asks: fill(words.landing.text, &names),
        points: [words.landing_here, words.landing_hidden, keep].map(|text| fill(text, &names)),
    }
}

fn already(landing: &Landing, words: &'static Words, return_url: Option<&str>) -> Sentence {
    let frame = frame(landing, words, words.already.title.to_owned()).at(3);
    Sentence::new(frame, Mood::Good, words.already.title.to_owned(), words.already.text.to_owned())
        .back_to(return_url)
}

fn expired(landing: &Landing, words: &'static Words) -> Sentence {
    let text = fill(words.expired.text, &names(landing));
    let frame = frame(landing, words, words.expired.title.to_owned());
    Sentence::new(frame, Mood::Still, words.expired.title.to_owned(), text)
}

fn finished(landing: &Landing, words: &'static Words, failure: &Failure) -> Sentence {
    let frame = frame(landing, words, words.finished.to_owned());
    let text = (words.failure)(failure.code).to_owned();
    Sentence::new(frame, Mood::Still, words.finished.to_owned(), text)
        .quoting(&landing.site_origin, failure.site_message.as_deref())
        .advising(fill(words.finished_told, &names(landing)))
}

fn frame(landing: &Landing, words: &'static Words, title: String) -> Frame {
    Frame::signed(words, title, &names(landing)).dressed(&landing.branding, &landing.workspace)
}

fn names(landing: &Landing) -> [(&'static str, &str); 3] {
    [("workspace", &landing.workspace), ("site", &landing.site), ("origin", &landing.site_origin)]
}
