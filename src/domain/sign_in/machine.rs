//! The machine's memory and what it makes of a page.

use entity::FailureCode;

use super::asking;
use super::moves::{Action, Move, Outcome, Perform, Target};
use crate::domain::Secret;
use crate::domain::detector::{self, Before, Context, Question, Seen, Sent, SiteError, Step};
use crate::domain::failure::Failure;
use crate::domain::prompt::{FieldRole, Prompt};
use crate::domain::snapshot::{PageSnapshot, Uid};

/// Prompts in one login; a site that asks more is asking in circles.
const MOST_STEPS: u32 = 12;
/// Passwords in one login: below what locks an account at most sites.
pub(super) const MOST_PASSWORDS: u32 = 3;
/// Codes in one login.
pub(super) const MOST_CODES: u32 = 5;
/// The same question so often, without a reason to ask again, is a loop.
const SAME_STEP: usize = 3;
/// Clicks from the login URL to the form.
const MOST_ENTRANCES: u32 = 2;

/// One login from its first page to its outcome.
pub struct Machine {
    pub(super) target: Target,
    /// The question that waits for an answer; an answer takes it, so that none counts twice.
    pub(super) asked: Option<Asked>,
    /// The question that was answered last.
    pub(super) answered: Option<Answered>,
    pub(super) before: Option<PageSnapshot>,
    pub(super) sent: Sent,
    /// Whether the last answer typed something, so that the same form again is a verdict on it.
    pub(super) typed: bool,
    pub(super) identifier: Option<Secret>,
    pub(super) password_sent: bool,
    pub(super) passwords: u32,
    pub(super) codes: u32,
    pub(super) rejected: Option<FailureCode>,
    /// The customer wanted the same thing again: not a loop.
    pub(super) repeated_on_wish: bool,
    complaints: Vec<String>,
    carried: Option<SiteError>,
    reopened: bool,
    probed: bool,
    steps: u32,
    uncertain: u32,
    entrances: u32,
    shapes: Vec<String>,
    reasons: Vec<String>,
}

/// The question that waits for an answer.
pub(super) struct Asked {
    pub(super) question: Box<Question>,
    pub(super) prompt: Prompt,
    pub(super) page: PageSnapshot,
    /// Whether the HTTP layer asks, not a form.
    pub(super) by_http: bool,
    pub(super) shape: String,
}

/// What is compared with the next question.
pub(super) struct Answered {
    pub(super) shape: String,
    pub(super) by_http: bool,
}

impl Machine {
    /// A login that has not begun.
    #[must_use]
    pub const fn new(target: Target) -> Self {
        Self {
            target,
            asked: None,
            answered: None,
            before: None,
            sent: Sent::Nothing,
            typed: false,
            identifier: None,
            password_sent: false,
            passwords: 0,
            codes: 0,
            rejected: None,
            repeated_on_wish: false,
            complaints: Vec::new(),
            carried: None,
            reopened: false,
            probed: false,
            steps: 0,
            uncertain: 0,
            entrances: 0,
            shapes: Vec::new(),
            reasons: Vec::new(),
        }
    }

    /// The first move.
    #[must_use]
    pub fn start(&self) -> Move {
        act(vec![Action::Open(self.target.login_url.clone())])
    }

    /// Whether a password or a code of this login may have reached the site: then nothing is retried.
    #[must_use]
    pub const fn has_sent_secret(&self) -> bool {
        self.passwords + self.codes > 0
    }

    /// What the site made of the last secret: the code of its refusal, if it refused.
    #[must_use]
    pub const fn rejected(&self) -> Option<FailureCode> {
        self.rejected
    }

    /// Why the last page was taken for what it was.
    #[must_use]
    pub fn reasons(&self) -> &[String] {
        &self.reasons
    }

    /// Takes the page the driver has settled on and says what to do next.
    pub fn observe(&mut self, page: &PageSnapshot) -> Move {
        let probed = std::mem::take(&mut self.probed);
        let Seen { step, error, reasons } = self.look(page, probed);
        self.reasons = reasons;
        if let Some(error) = &error {
            self.complaints.push(error.text.clone());
        }
        match step {
            Step::Ask(question) => self.ask(page, question, (error, probed)),
            Step::HttpAuth { realm } => self.ask_for_http(page, realm),
            Step::SignedIn => self.end(Outcome::SignedIn),
            Step::PerhapsSignedIn => self.probe(),
            Step::GoTo(link) => self.enter(page, link),
            Step::Refused(code) => self.fail(code, error.map(|error| error.text)),
            Step::Unknown => self.unknown(page, error, probed),
        }
    }

    fn look(&self, page: &PageSnapshot, probed: bool) -> Seen {
        let before = self.before.as_ref().filter(|_| !self.reopened);
        let before = before.map(|page| Before { page, sent: self.sent, complaints: &self.complaints });
        let context = Context {
            login_url: &self.target.login_url,
            before: before.as_ref(),
            password_sent: self.password_sent,
            probed,
            runs_scripts: self.target.runs_scripts,
        };
        detector::detect(page, &context)
    }

    /// Asks for the login page again, once: what a signed-in customer gets there is a sign.
    fn probe(&mut self) -> Move {
        self.probed = true;
        Move::Probe(self.target.login_url.clone())
    }

    fn enter(&mut self, page: &PageSnapshot, link: Uid) -> Move {
        self.entrances += 1;
        let inside =
            page.links.iter().find(|l| l.uid == link).is_some_and(|l| self.target.origins.allow(&l.href));
        if self.entrances > MOST_ENTRANCES || !inside {
            return self.fail(FailureCode::LoginFormNotFound, None);
        }
        act(vec![Action::Follow(link)])
    }

    /// A page that is not understood. Before anything was sent there is no form here; after it, the form
    /// may be a page away: it is opened once to tell the customer what the site said.
    fn unknown(&mut self, page: &PageSnapshot, error: Option<SiteError>, probed: bool) -> Move {
        let words = error.as_ref().map(|error| error.text.clone());
        if self.sent == Sent::Nothing || self.reopened {
            let sent = self.has_sent_secret();
            let code = if sent { FailureCode::UnknownPage } else { FailureCode::LoginFormNotFound };
            let carried = self.carried.take().map(|error| error.text);
            return self.fail(code, words.or(carried));
        }
        let complaint = error.or_else(|| refused_silently(page));
        match complaint {
            Some(error) if !probed => {
                self.carried = Some(error);
                self.reopened = true;
                act(vec![Action::Open(self.target.login_url.clone())])
            }
            _ => self.fail(FailureCode::UnknownPage, words),
        }
    }

    fn ask(
        &mut self,
        page: &PageSnapshot,
        question: Box<Question>,
        (error, probed): (Option<SiteError>, bool),
    ) -> Move {
        let shape = shape(page, &question);
        let reopened = std::mem::take(&mut self.reopened);
        let same = self.answered.as_ref().is_some_and(|answered| answered.shape == shape);
        let back = (probed || self.password_sent) && asks_for_name_or_password(&question);
        let complaint = if reopened { self.carried.take() } else { error };
        let verdict = self.verdict(page, (same, back || reopened), complaint.as_ref());
        let words = complaint.map(|error| error.text).filter(|_| verdict.is_some());
        let wanted = std::mem::take(&mut self.repeated_on_wish);
        self.rejected = verdict;
        if let Some(code) = self.guard(&question, &shape, (verdict, words.is_some(), wanted)) {
            return self.fail(code, words);
        }
        if !self.may_type(page, &question) {
            return self.fail(FailureCode::OriginNotAllowed, None);
        }
        let mut prompt = asking::prompt(&question, page);
        prompt.site_error = asking::site_words(words.as_deref());
        self.pose(Asked { question, prompt, page: page.clone(), by_http: false, shape })
    }

    /// What the site made of the last answer. Another question is progress; the same one, or an earlier
    /// one, is a refusal only if the site says so in words we know, and uncertain otherwise.
    fn verdict(
        &self,
        page: &PageSnapshot,
        (same, back): (bool, bool),
        complaint: Option<&SiteError>,
    ) -> Option<FailureCode> {
        if self.sent == Sent::Nothing || !(same || back) {
            return None;
        }
        match complaint {
            Some(error) => Some(error.meaning.unwrap_or(FailureCode::Uncertain)),
            None if page.status == 401 => {
                Some(detector::rejection(self.sent).unwrap_or(FailureCode::Uncertain))
            }
            None if self.typed || back => Some(FailureCode::Uncertain),
            None => None,
        }
    }

    /// The budgets and the guards against loops.
    fn guard(
        &mut self,
        question: &Question,
        shape: &str,
        (verdict, told, wanted): (Option<FailureCode>, bool, bool),
    ) -> Option<FailureCode> {
        self.steps += 1;
        if verdict == Some(FailureCode::Uncertain) && !told {
            self.uncertain += 1;
        }
        if verdict.is_none() && !wanted {
            self.shapes.push(shape.to_owned());
        }
        let spent_passwords = asks_for_name_or_password(question) && self.passwords >= MOST_PASSWORDS;
        let spent_codes = asks_code(question) && self.codes >= MOST_CODES;
        if self.uncertain > 1 {
            Some(FailureCode::UnknownPage)
        } else if spent_passwords || spent_codes {
            Some(FailureCode::AttemptsExhausted)
        } else if self.steps > MOST_STEPS
            || self.shapes.iter().filter(|old| *old == shape).count() >= SAME_STEP
        {
            Some(FailureCode::StuckLoop)
        } else {
            None
        }
    }

    fn ask_for_http(&mut self, page: &PageSnapshot, realm: Option<String>) -> Move {
        if !self.target.origins.allow(&page.url) {
            return self.fail(FailureCode::OriginNotAllowed, None);
        }
        // There are no words on this layer: asking again is the refusal.
        let again = self.answered.as_ref().is_some_and(|answered| answered.by_http);
        self.rejected = again.then_some(FailureCode::CredentialsRejected);
        self.steps += 1;
        if self.passwords >= MOST_PASSWORDS {
            return self.fail(FailureCode::AttemptsExhausted, None);
        }
        let question = Box::new(asking::http_question(realm));
        let prompt = asking::prompt(&question, page);
        self.pose(Asked { question, prompt, page: page.clone(), by_http: true, shape: "http".to_owned() })
    }

    /// Puts the machine's own numbers into the prompt and keeps it until the answer.
    pub(super) fn pose(&mut self, mut asked: Asked) -> Move {
        let (used, most) = match asked.question.as_ref() {
            question if asks_code(question) => (self.codes, Some(MOST_CODES)),
            question if asks_for_name_or_password(question) => (self.passwords, Some(MOST_PASSWORDS)),
            _ => (0, None),
        };
        asked.prompt.rejected = self.rejected;
        asked.prompt.attempts_used = used;
        asked.prompt.attempts_max = most;
        let prompt = Box::new(asked.prompt.clone());
        self.asked = Some(asked);
        Move::Ask(prompt)
    }

    /// Whether everything that would be typed stays inside the allowed origins.
    pub(super) fn may_type(&self, page: &PageSnapshot, question: &Question) -> bool {
        let goes = asking::target(page, question);
        question.fields.is_empty()
            || (self.target.origins.allow(&page.url) && self.target.origins.allow(&goes))
    }

    pub(super) fn fail(&mut self, code: FailureCode, words: Option<String>) -> Move {
        let refused = matches!(self.rejected, Some(code) if code != FailureCode::Uncertain);
        self.rejected = self.rejected.filter(|_| refused);
        let words = asking::site_words(words.as_deref());
        self.end(Outcome::Failed(Failure::new(code).with_site_message(words)))
    }

    fn end(&mut self, outcome: Outcome) -> Move {
        self.asked = None;
        self.identifier = None;
        Move::End(outcome)
    }
}

pub(super) const fn act(actions: Vec<Action>) -> Move {
    Move::Perform(Perform { actions, submit: None })
}

/// An error page without words about what was typed, such as a form token that was too old.
fn refused_silently(page: &PageSnapshot) -> Option<SiteError> {
    let text = page.headings.first().map(|heading| heading.text.clone()).or_else(|| page.title.clone());
    (page.status >= 400)
        .then(|| SiteError { text: text.unwrap_or_default(), meaning: Some(FailureCode::Uncertain) })
}

fn asks_for_name_or_password(question: &Question) -> bool {
    let roles = [FieldRole::Identifier, FieldRole::Email, FieldRole::Password, FieldRole::NewPassword];
    question.fields.iter().any(|typed| roles.contains(&typed.field.role))
}

fn asks_code(question: &Question) -> bool {
    question.kind == entity::PromptKind::Code
}

/// What makes a question the same as another: its kind and the names of its fields, or its choices.
fn shape(page: &PageSnapshot, question: &Question) -> String {
    let uids = question.fields.iter().flat_map(|typed| &typed.inputs);
    let inputs = uids.filter_map(|uid| page.inputs.iter().find(|input| input.uid == *uid));
    let names: Vec<&str> = inputs.map(|input| input.name.as_deref().unwrap_or("-")).collect();
    let choices: Vec<&str> = question.choices.iter().map(|way| way.label.as_str()).collect();
    let title = if names.is_empty() { question.title.as_deref().unwrap_or_default() } else { "" };
    format!("{} {} {} {title}", question.kind.as_str(), names.join(","), choices.join(","))
}
