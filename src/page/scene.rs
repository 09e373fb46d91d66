//! The page of one login: the current prompt, progress, or how it ended; and the answers to prompts.

use std::time::Duration;

use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use entity::{FailureCode, LoginId};

use super::Door;
use super::asking::{self, Remark};
use super::body::FormBytes;
use super::error::translate;
use super::form::{self, Reply};
use super::language::Language;
use super::trouble::Trouble;
use super::view::{self, Frame, Mood, Sentence};
use super::words::{Words, fill};
use crate::domain::Secret;
use crate::domain::failure::Failure;
use crate::service::{Error, visit};
use visit::{Answered, Scene, SceneState, Shown};

/// How long an answer's request waits for what comes next: most sites are done by then, and no proxy
/// has given up yet.
const WAIT: Duration = Duration::from_secs(8);

/// One login, and the cookie this browser holds for it.
pub(super) struct Visit {
    pub(super) login: LoginId,
    pub(super) cookie: Secret,
}

impl FromRequestParts<Door> for Visit {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Trouble> {
        let Ok(Path(id)) = Path::<String>::from_request_parts(parts, door).await else {
            return Err(Trouble::Login);
        };
        let login = id.parse().map_err(|_| Trouble::Login)?;
        let cookie = super::cookie::read(&door.settings, login, &parts.headers).ok_or(Trouble::Login)?;
        Ok(Self { login, cookie })
    }
}

/// Shows where the login stands.
pub(super) async fn show(
    State(door): State<Door>,
    language: Language,
    visit: Visit,
) -> Result<Response, Trouble> {
    let scene = visit::scene(&door.app, visit.login, &visit.cookie).await.map_err(lost)?;
    page(&scene, visit.login, language.words(scene.locale.as_deref()), &Remark::None)
}

/// Takes the answer to one prompt, waits a moment for what it leads to, and goes there.
pub(super) async fn answer(
    State(door): State<Door>,
    language: Language,
    visit: Visit,
    FormBytes(bytes): FormBytes,
) -> Result<Response, Trouble> {
    let Reply { number, answer } = form::reply(&bytes)?;
    drop(bytes);
    let Visit { login, cookie } = &visit;
    match visit::answer(&door.app, *login, cookie, number, answer).await {
        Ok(Answered::Taken | Answered::Repeated) => {
            // Whatever the wait ends with, an error included, is told by the page that follows.
            let shown = Shown { prompt: number, place: None };
            let _ = visit::next_scene(&door.app, *login, cookie, shown, WAIT).await;
            Ok(Redirect::to(&format!("/s/{login}")).into_response())
        }
        Ok(Answered::Superseded) => remark(&door, &language, &visit, &Remark::OldPrompt).await,
        Err(Error::Invalid { field, message, .. }) => {
            remark(&door, &language, &visit, &Remark::Refused { field, message }).await
        }
        Err(error) => Err(lost(error)),
    }
}

/// Nothing was taken: the page as it stands now, and why.
async fn remark(
    door: &Door,
    language: &Language,
    visit: &Visit,
    remark: &Remark,
) -> Result<Response, Trouble> {
    let scene = visit::scene(&door.app, visit.login, &visit.cookie).await.map_err(lost)?;
    page(&scene, visit.login, language.words(scene.locale.as_deref()), remark)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn lost(error: Error) -> Trouble {
    translate(&error, Trouble::Login)
}

fn page(scene: &Scene, login: LoginId, words: &'static Words, remark: &Remark) -> Result<Response, Trouble> {
    let status = remark.status();
    match &scene.state {
        SceneState::Working { seen } => view::page(status, &progress(scene, login, words, *seen)),
        SceneState::InLine { seen, place } => {
            view::page(status, &in_line(scene, login, words, (*seen, *place)))
        }
        SceneState::Asking { number, prompt } => {
            let frame = frame(scene, words, String::new()).at(2).watching(login, *number);
            view::page(status, &asking::question(frame, scene, *number, prompt, remark))
        }
        SceneState::Done { return_url } => view::page(status, &done(scene, words, return_url.as_deref())),
        SceneState::Superseded { again } => {
            let title = words.superseded.title.to_owned();
            let frame = frame(scene, words, title.clone());
            let told = Sentence::new(frame, Mood::Still, title, words.superseded.text.to_owned());
            view::page(status, &told.again_at(again.as_deref()))
        }
        SceneState::Ended { failure, again } => {
            let next = if again.is_some() { words.ended_retry } else { words.ended_final };
            view::page(status, &ended(scene, words, failure, next).again_at(again.as_deref()))
        }
    }
}

fn progress(scene: &Scene, login: LoginId, words: &'static Words, seen: i32) -> view::Progress {
    let told = if seen == 0 { &words.opening } else { &words.checking };
    let title = fill(told.title, &names(scene));
    let frame = frame(scene, words, title.clone()).at(2).watching(login, seen);
    let frame = frame.refreshed_after(2);
    view::Progress { frame, title, text: told.text.to_owned(), slow: Some(words.slow) }
}

fn in_line(
    scene: &Scene,
    login: LoginId,
    words: &'static Words,
    (seen, place): (i32, u64),
) -> view::Progress {
    let title = fill(words.in_line.title, &[("place", &place.to_string())]);
    let text = fill(words.in_line.text, &names(scene));
    let frame = frame(scene, words, title.clone()).at(2).watching(login, seen).standing_at(place);
    view::Progress { frame: frame.refreshed_after(2), title, text, slow: None }
}

fn done(scene: &Scene, words: &'static Words, return_url: Option<&str>) -> Sentence {
    let frame = frame(scene, words, words.done.title.to_owned()).at(3);
    let text = fill(words.done.text, &names(scene));
    Sentence::new(frame, Mood::Good, words.done.title.to_owned(), text).back_to(return_url)
}

fn ended(scene: &Scene, words: &'static Words, failure: &Failure, next: &str) -> Sentence {
    let cancelled = failure.code == FailureCode::CustomerCancelled;
    let title = if cancelled { words.cancelled } else { words.ended };
    let prefix = if cancelled { "" } else { words.error_prefix };
    let frame = frame(scene, words, format!("{prefix}{title}"));
    let mood = if cancelled { Mood::Still } else { Mood::Trouble };
    // The site says itself that it has locked an account; without its words it was us who held back.
    let held_back = failure.code == FailureCode::AccountLocked && failure.site_message.is_none();
    let text = if held_back { words.locked_before } else { (words.failure)(failure.code) };
    Sentence::new(frame, mood, title.to_owned(), text.to_owned())
        .quoting(&scene.site_origin, failure.site_message.as_deref())
        .advising(fill(next, &names(scene)))
}

fn frame(scene: &Scene, words: &'static Words, title: String) -> Frame {
    Frame::signed(words, title, &names(scene)).dressed(&scene.branding, &scene.workspace)
}

/// What our sentences name.
pub(super) fn names(scene: &Scene) -> [(&'static str, &str); 3] {
    [("workspace", &scene.workspace), ("site", &scene.site), ("origin", &scene.site_origin)]
}

impl Remark {
    const fn status(&self) -> StatusCode {
        match self {
            Self::None => StatusCode::OK,
            Self::OldPrompt => StatusCode::CONFLICT,
            Self::Refused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}
