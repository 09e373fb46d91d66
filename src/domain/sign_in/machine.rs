//! The machine's memory and what it makes of a page.

use entity::{FailureCode, PromptKind};

use super::asking;
use super::given::{Credentials, Given};
use super::moves::{Action, Move, Outcome, Perform, Target};
use crate::domain::Secret;
use crate::domain::detector::{self, Before, Context, Guide, Question, Seen, Sent, SiteError, Step};
use crate::domain::failure::Failure;
use crate::domain::prompt::{FieldRole, Prompt};
use crate::domain::recipe::{self, Marks, Recipe};
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

/// How the customer's last answer was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// By typing: the same form again is a verdict on what was typed.
    Typed,
    /// By pressing what the question was about.
    Pressed,
    /// By asking for another code or another way: the same question again is no loop.
    Wished,
}

/// A page that was opened for another reason than the customer's answer.
pub(super) enum Detour {
    /// None.
    None,
    /// The login page, to learn whether it still asks.
    Probe,
    /// The login page, to ask again; with what the site had said on a page without a form.
    Again(SiteError),
}

/// One login from its first page to its outcome.
pub struct Machine {
    pub(super) target: Target,
    /// The question that waits for an answer; an answer takes it, so that none counts twice.
    pub(super) asked: Option<Asked>,
    /// The question that was answered last.
    pub(super) answered: Option<Answered>,
    pub(super) before: Option<PageSnapshot>,
    pub(super) sent: Sent,
    pub(super) last: Last,
    pub(super) identifier: Option<Secret>,
    pub(super) passwords: u32,
    pub(super) codes: u32,
    pub(super) misfits: u32,
    pub(super) rejected: Option<FailureCode>,
    pub(super) given: Given,
    pub(super) complaints: Vec<String>,
    detour: Detour,
    pub(super) steps: u32,
    uncertain: u32,
    entrances: u32,
    pub(super) handed_off: bool,
    shapes: Vec<String>,
    reasons: Vec<String>,
    pub(super) recipe: Option<Box<Recipe>>,
    /// What the last page shows of the recipe.
    marks: Marks,
    /// The steps that were gone, as a recipe would tell them.
    pub(super) gone: Vec<recipe::Step>,
}

/// The question that waits for an answer.
pub(super) struct Asked {
    pub(super) question: Box<Question>,
    pub(super) prompt: Prompt,
    pub(super) page: PageSnapshot,
    /// Whether the HTTP layer asks, not a form.
    pub(super) by_http: bool,
    pub(super) shape: String,
    /// Why the login ends if the customer does not do at the site what it wants.
    pub(super) handed_off: Option<FailureCode>,
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
            last: Last::Pressed,
            identifier: None,
            passwords: 0,
            codes: 0,
            misfits: 0,
            rejected: None,
            given: Given::new(),
            complaints: Vec::new(),
            detour: Detour::None,
            steps: 0,
            uncertain: 0,
            entrances: 0,
            handed_off: false,
            shapes: Vec::new(),
            reasons: Vec::new(),
            recipe: None,
            marks: Marks::new(),
            gone: Vec::new(),
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

    /// What may be kept of what the customer signed in with, by the customer's consent.
    #[must_use]
    pub fn kept(&self) -> Option<Credentials> {
        self.given.kept()
    }

    /// Whether a second factor was given in this login.
    #[must_use]
    pub const fn had_factor(&self) -> bool {
        self.given.factor
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

    /// Takes the page the driver has settled on, and what the recipe's selectors match on it, and says what
    /// to do next.
    pub fn observe_marked(&mut self, page: &PageSnapshot, marks: Marks) -> Move {
        self.marks = marks;
        self.observe(page)
    }

    /// Takes the page the driver has settled on and says what to do next.
    pub fn observe(&mut self, page: &PageSnapshot) -> Move {
        let detour = std::mem::replace(&mut self.detour, Detour::None);
        let Seen { step, error, reasons } = self.look(page, &detour);
        self.reasons = reasons;
        match step {
            Step::Ask(question) => self.ask(page, question, (error, detour)),
            Step::HttpAuth { realm } => self.ask_for_http(page, realm),
            Step::SignedIn => self.end(Outcome::SignedIn),
            Step::PerhapsSignedIn => self.probe(),
            Step::GoTo(link) => self.enter(page, link),
            Step::Refused(code) => self.refused(page, code, error),
            Step::Unknown => self.unknown(page, error, detour),
        }
    }

    /// Whether the page says nothing yet that a login could go on with: a script may be about to, and a captcha
    /// may be content with what it sees of the browser.
    #[must_use]
    pub fn is_lost(&self, page: &PageSnapshot) -> bool {
        let step = self.look(page, &self.detour).step;
        matches!(step, Step::Unknown | Step::Refused(FailureCode::CaptchaUnsolvable))
    }

    fn look(&self, page: &PageSnapshot, detour: &Detour) -> Seen {
        let before = self.before.as_ref().filter(|_| !matches!(detour, Detour::Again(_)));
        let before = before.map(|page| Before { page, sent: self.sent, complaints: &self.complaints });
        let guide = self.recipe.as_deref().map(|recipe| Guide { recipe, marks: &self.marks });
        detector::detect_with(page, &self.context(before.as_ref(), detour), guide)
    }

    pub(super) fn context<'a>(&'a self, before: Option<&'a Before<'a>>, detour: &Detour) -> Context<'a> {
        Context {
            login_url: &self.target.login_url,
            before,
            password_sent: self.passwords > 0,
            probed: matches!(detour, Detour::Probe),
            runs_scripts: self.target.runs_scripts,
        }
    }

    /// Asks for the login page again, once: what a signed-in customer gets there is a sign.
    fn probe(&mut self) -> Move {
        self.detour = Detour::Probe;
        Move::Probe(self.probe_url().clone())
    }

    fn enter(&mut self, page: &PageSnapshot, link: Uid) -> Move {
        self.entrances += 1;
        let href = page.links.iter().find(|known| known.uid == link).map(|known| &known.href);
        if self.entrances > MOST_ENTRANCES || !href.is_some_and(|href| self.target.origins.allow(href)) {
            return self.fail(FailureCode::LoginFormNotFound, None);
        }
        act(vec![Action::Follow(link)])
    }

    /// A page that is not understood. Before anything was sent there is no form here; after it, the form
    /// may be a page away: it is opened once to tell the customer what the site said.
    fn unknown(&mut self, page: &PageSnapshot, error: Option<SiteError>, detour: Detour) -> Move {
        let said = error.or_else(|| refused_silently(page));
        match (said, detour) {
            (said, Detour::None) if self.sent == Sent::Nothing => {
                self.fail(FailureCode::LoginFormNotFound, said.map(|said| said.text))
            }
            (Some(said), Detour::None) => {
                self.detour = Detour::Again(said);
                act(vec![Action::Open(self.target.login_url.clone())])
            }
            (_, Detour::Again(said)) => self.fail(FailureCode::UnknownPage, Some(said.text)),
            (said, _) => self.fail(FailureCode::UnknownPage, said.map(|said| said.text)),
        }
    }

    fn ask(
        &mut self,
        page: &PageSnapshot,
        question: Box<Question>,
        (error, detour): (Option<SiteError>, Detour),
    ) -> Move {
        let shape = asking::shape(page, &question);
        let same = self.answered.as_ref().is_some_and(|answered| answered.shape == shape);
        let away = !matches!(detour, Detour::None) || self.passwords > 0;
        let back = away && question.kind == PromptKind::Credentials && self.sent != Sent::Nothing;
        let complaint = match detour {
            Detour::Again(said) => Some(said),
            Detour::None | Detour::Probe => error,
        };
        let verdict = self.verdict(page, (same, back), complaint.as_ref());
        let words = complaint.map(|error| error.text).filter(|_| verdict.is_some());
        // Only what was a complaint may be one again: a second page has its own decoration.
        self.complaints.extend(words.clone());
        self.rejected = verdict;
        if let Some(code) = self.guard(&question, &shape, (verdict, words.as_deref())) {
            return self.fail(code, words);
        }
        if !self.may_type(page, &question) {
            return self.fail(FailureCode::OriginNotAllowed, None);
        }
        let mut prompt = asking::prompt(&question, page);
        prompt.site_error = asking::site_words(words.as_deref());
        self.pose_or_decide(Asked {
            question,
            prompt,
            page: page.clone(),
            by_http: false,
            shape,
            handed_off: None,
        })
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
        let silent = (self.last == Last::Typed || back).then_some(FailureCode::Uncertain);
        match complaint {
            Some(error) => Some(error.meaning.unwrap_or(FailureCode::Uncertain)),
            None if page.status == 401 => detector::rejection(self.sent).or(silent),
            None => silent,
        }
    }

    /// The budgets and the guards against loops.
    fn guard(
        &mut self,
        question: &Question,
        shape: &str,
        (verdict, words): (Option<FailureCode>, Option<&str>),
    ) -> Option<FailureCode> {
        self.steps += 1;
        if verdict == Some(FailureCode::Uncertain) && words.is_none_or(str::is_empty) {
            self.uncertain += 1;
        }
        if verdict.is_none() && self.last != Last::Wished {
            self.shapes.push(shape.to_owned());
        }
        let spent_passwords = asks_for_name_or_password(question) && self.passwords >= self.most_passwords();
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
        if self.passwords >= self.most_passwords() {
            return self.fail(FailureCode::AttemptsExhausted, None);
        }
        let question = Box::new(asking::http_question(realm));
        let prompt = asking::prompt(&question, page);
        let shape = "http".to_owned();
        self.pose(Asked { question, prompt, page: page.clone(), by_http: true, shape, handed_off: None })
    }

    /// Puts the machine's own numbers into the prompt and keeps it until the answer.
    pub(super) fn pose(&mut self, mut asked: Asked) -> Move {
        let (used, most) = match asked.question.as_ref() {
            question if asks_code(question) => (self.codes, Some(MOST_CODES)),
            question if asks_for_name_or_password(question) => (self.passwords, Some(self.most_passwords())),
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
        let words = words.and_then(|words| asking::site_words(Some(&words)));
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
    question.kind == PromptKind::Code
}
