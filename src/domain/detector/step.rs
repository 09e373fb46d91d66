//! What a page wants, in a form that can be asked and answered.

use entity::FailureCode;

use crate::domain::prompt::{CodeDelivery, Field, PromptKind, Purpose};
use crate::domain::snapshot::Uid;

/// What the detector made of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// What the page wants.
    pub step: Step,
    /// What the site said since the last submit, if it complained.
    pub error: Option<SiteError>,
    /// The signals that fired, for people who debug a site.
    pub reasons: Vec<String>,
}

/// What a page wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// An answer.
    Ask(Box<Question>),
    /// A name and a password on the HTTP layer.
    HttpAuth {
        /// What the site calls the protected area.
        realm: Option<String>,
    },
    /// Nothing: two independent signs say that the customer is in.
    SignedIn,
    /// Nothing that can be seen, but fewer than two signs: worth a probe.
    PerhapsSignedIn,
    /// A click on the way to the form.
    GoTo(Uid),
    /// The login cannot go on.
    Refused(FailureCode),
    /// It is not understood.
    Unknown,
}

/// A complaint of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteError {
    /// Verbatim.
    pub text: String,
    /// What it means; `None` if the words are not understood.
    pub meaning: Option<FailureCode>,
}

/// A question of the site and how to answer it.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What it asks for.
    pub kind: PromptKind,
    /// The heading.
    pub title: Option<String>,
    /// The explanation.
    pub message: Option<String>,
    /// What is to be typed and where.
    pub fields: Vec<Typed>,
    /// How what was typed is sent.
    pub submit: Option<Press>,
    /// What is to be chosen from.
    pub choices: Vec<Way>,
    /// How a notice is refused.
    pub decline: Option<Press>,
    /// How a code is sent again.
    pub resend: Option<Press>,
    /// Other ways to go on.
    pub alternatives: Vec<Way>,
    /// How a code is delivered.
    pub delivery: Option<CodeDelivery>,
    /// Where it went.
    pub masked_target: Option<String>,
    /// A number to compare.
    pub number: Option<String>,
    /// What a choice is about.
    pub purpose: Option<Purpose>,
    /// Seconds until a code can be sent again.
    pub resend_wait: Option<u32>,
    /// A picture that belongs to the question.
    pub picture: Option<Uid>,
}

impl Question {
    /// A question of `kind` that asks nothing yet.
    #[must_use]
    pub const fn new(kind: PromptKind) -> Self {
        Self {
            kind,
            title: None,
            message: None,
            fields: Vec::new(),
            submit: None,
            choices: Vec::new(),
            decline: None,
            resend: None,
            alternatives: Vec::new(),
            delivery: None,
            masked_target: None,
            number: None,
            purpose: None,
            resend_wait: None,
            picture: None,
        }
    }

    /// Nothing on the page can be pressed any more: it is another page now.
    pub fn forget_ways(&mut self) {
        (self.submit, self.resend, self.decline) = (None, None, None);
        self.alternatives.clear();
    }
}

/// A field of a question and the inputs it is typed into; several for one character each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// The field as the customer sees it.
    pub field: Field,
    /// Where it is typed.
    pub inputs: Vec<Uid>,
}

/// Something to press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// A button of a form, or the form's default way if there is no button to name.
    Submit {
        /// The form; `None` for controls outside of any.
        form: Option<Uid>,
        /// The button.
        button: Option<Uid>,
    },
    /// A link.
    Follow(Uid),
}

/// One way among several.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// The site's words for it.
    pub label: String,
    /// How it is taken.
    pub act: Act,
}

/// How a way is taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// By pressing.
    Press(Press),
    /// By picking a radio button or a box, then pressing.
    Pick(Uid, Press),
    /// By picking a value of a list, then pressing.
    Select(Uid, String, Press),
    /// By asking for something else on the same page.
    Ask(Box<Question>),
}
