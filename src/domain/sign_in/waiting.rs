//! What happens while the customer acts somewhere else: in an app, in a mailbox, at the site itself.
//!
//! The worker looks at the page every few seconds and shows it to the machine; what still waits changes
//! nothing, so that one question stays one prompt.

use entity::{FailureCode, PromptKind};

use super::asking;
use super::asking::shape;
use super::machine::{Asked, Detour, Last, Machine};
use super::moves::Move;
use crate::domain::detector::{self, Before, Question, Seen, Sent, SiteError, Step};
use crate::domain::snapshot::{PageSnapshot, Uid};

impl Machine {
    /// The picture that belongs to the question that waits, to be shown with it.
    #[must_use]
    pub fn picture(&self) -> Option<Uid> {
        self.asked.as_ref().and_then(|asked| asked.question.picture)
    }

    /// The question cannot be asked because its picture cannot be had.
    pub fn without_picture(&mut self) -> Move {
        self.fail(FailureCode::CaptchaUnsolvable, None)
    }

    /// Takes the page that was looked at while an approval is waited for; `None` if it still waits.
    pub fn look_again(&mut self, page: &PageSnapshot) -> Option<Move> {
        let mut asked = self.asked.take()?;
        let before = Before { page: &asked.page, sent: Sent::Approval, complaints: &self.complaints };
        let seen = detector::detect(page, &self.context(Some(&before), &Detour::None));
        if still_waits(&asked, page, &seen) {
            // What is pressed from now on stands on the page that is open now.
            match seen.step {
                Step::Ask(question) if question.kind == asked.question.kind => asked.question = question,
                _ => asked.question.forget_ways(),
            }
            asked.page = page.clone();
            self.asked = Some(asked);
            return None;
        }
        self.given.factor |= asked.question.kind == PromptKind::Approval;
        self.remember(asked, Sent::Approval);
        self.last = Last::Wished;
        Some(self.observe(page))
    }

    /// The approval was waited for long enough.
    pub fn waited_enough(&mut self) -> Move {
        let code = self.asked.as_ref().and_then(|asked| asked.handed_off);
        self.fail(code.unwrap_or(FailureCode::ApprovalTimeout), None)
    }

    /// What keeps the customer out; something to do at the site is a question, once.
    pub(super) fn refused(
        &mut self,
        page: &PageSnapshot,
        code: FailureCode,
        error: Option<SiteError>,
    ) -> Move {
        let words = error.map(|error| error.text);
        // A captcha before anything was sent is for everybody; later it is about this account, and may go away
        // when its owner signs in.
        let is_for_customer = match code {
            FailureCode::ActionRequired => true,
            FailureCode::CaptchaUnsolvable => self.sent != Sent::Nothing,
            _ => false,
        };
        if !is_for_customer || self.handed_off {
            return self.fail(code, words);
        }
        self.handed_off = true;
        self.steps += 1;
        let mut question = Box::new(Question::new(PromptKind::Handoff));
        question.title = page.headings.first().map(|heading| heading.text.clone());
        question.message = words;
        let mut prompt = asking::prompt(&question, page);
        prompt.because = Some(code);
        let (page, shape) = (page.clone(), "handoff".to_owned());
        self.rejected = None;
        self.pose(Asked { question, prompt, page, by_http: false, shape, handed_off: Some(code) })
    }
}

/// Whether nothing has come of it yet. A site that shows its first form again, or nothing that can be
/// understood, has said nothing about the approval.
fn still_waits(asked: &Asked, page: &PageSnapshot, seen: &Seen) -> bool {
    match &seen.step {
        Step::Ask(question) if question.kind == PromptKind::Credentials => true,
        Step::Ask(question) => {
            shape(page, question) == asked.shape && question.number == asked.question.number
        }
        Step::Refused(FailureCode::SiteUnavailable | FailureCode::SiteError) => true,
        Step::Refused(code) => asked.handed_off == Some(*code),
        Step::Unknown => seen.error.is_none(),
        _ => false,
    }
}
