//! What an earlier link keeps, for a login that takes its place: it answers before the customer is asked.

use entity::{PromptKind, RunId, Timestamp, login};

use crate::domain::prompt::{Answer, Prompt};
use crate::domain::sign_in::Credentials;
use crate::service::{App, Error, kept};
use crate::worker::patiently;

/// What a link keeps whose place this login's link takes.
pub(super) enum Kept {
    /// It has been used, or there is none.
    Nothing,
    /// Of this run's link; not looked at yet.
    Of(RunId),
    /// It has been sent, and the customer had agreed to it then.
    Sent(RunId, Timestamp),
}

impl Kept {
    /// What the link of `run` keeps, if there is such a run.
    pub(super) fn of(run: Option<RunId>) -> Self {
        run.map_or(Self::Nothing, Self::Of)
    }

    /// When the customer agreed to what was sent.
    pub(super) const fn agreed_at(&self) -> Option<Timestamp> {
        match self {
            Self::Sent(_, at) => Some(*at),
            Self::Nothing | Self::Of(_) => None,
        }
    }

    /// The answer to a question for credentials; a password is sent once, and forgotten if the site asks for
    /// it again.
    pub(super) async fn answer(
        &mut self,
        (app, login): (&App, &login::Model),
        prompt: &Prompt,
        sent: bool,
    ) -> Result<Option<Answer>, Error> {
        if prompt.kind != PromptKind::Credentials {
            return Ok(None);
        }
        match *self {
            Self::Sent(run, _) if sent => {
                *self = Self::Nothing;
                patiently(|| kept::refused(app, login.workspace_id, run)).await?;
                Ok(None)
            }
            Self::Of(run) | Self::Sent(run, _) => {
                let found = patiently(|| kept::for_login(app, login, run)).await?;
                let answer =
                    found.as_ref().and_then(|found| Credentials::from_bytes(&found.plain)?.answer(prompt));
                let consent = found.filter(|_| answer.is_some()).map(|found| found.consented_at);
                *self = consent.map_or(Self::Nothing, |at| Self::Sent(run, at));
                Ok(answer)
            }
            Self::Nothing => Ok(None),
        }
    }
}
