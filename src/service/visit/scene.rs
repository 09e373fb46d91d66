//! What a customer sees of a login.

use entity::Branding;

use crate::domain::failure::Failure;
use crate::domain::prompt::Prompt;

/// What the page of a login shows now.
pub struct Scene {
    /// Who asks, as the customer knows it.
    pub workspace: String,
    /// What the workspace shows of itself besides.
    pub branding: Branding,
    /// Which site.
    pub site: String,
    /// Its origin.
    pub site_origin: String,
    /// The language the partner wishes.
    pub locale: Option<String>,
    /// What there is to do.
    pub state: SceneState,
}

/// What a customer sees of a login.
pub enum SceneState {
    /// The engine is at work.
    Working {
        /// The number of the last prompt.
        seen: i32,
    },
    /// Everything that could work on it is busy.
    InLine {
        /// The number of the last prompt.
        seen: i32,
        /// Whose turn it is: 1 is the next one's.
        place: u64,
    },
    /// The site asks something.
    Asking {
        /// The prompt's number.
        number: i32,
        /// What it asks.
        prompt: Box<Prompt>,
    },
    /// Signed in.
    Done {
        /// Where to go back to.
        return_url: Option<String>,
    },
    /// The link was opened again elsewhere.
    Superseded {
        /// The link, if opening it once more begins a new login.
        again: Option<String>,
    },
    /// Ended without a session.
    Ended {
        /// Why.
        failure: Failure,
        /// The link, if opening it once more begins a new login.
        again: Option<String>,
    },
}

/// What an open page already shows.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// The number of the last prompt.
    pub prompt: i32,
    /// The place in the line, if it tells of one.
    pub place: Option<u64>,
}

impl Scene {
    /// Whether there is something else to see than what is shown.
    #[must_use]
    pub fn is_news(&self, shown: Shown) -> bool {
        match &self.state {
            SceneState::Working { .. } => shown.place.is_some(),
            SceneState::InLine { place, .. } => shown.place != Some(*place),
            SceneState::Asking { number, .. } => *number > shown.prompt,
            SceneState::Done { .. } | SceneState::Superseded { .. } | SceneState::Ended { .. } => true,
        }
    }
}
