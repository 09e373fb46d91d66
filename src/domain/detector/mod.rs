//! The detector: a pure function from a page to what the page wants, with its reasons.
//!
//! It knows no driver, no site and no customer. Signals are looked for in a fixed order: what the browser
//! itself would be told (HTTP status, autocomplete), then structure, then words. Two rules stand above
//! all: what is uncertain is never called a rejection, and a success needs two independent signs.

mod buttons;
mod captcha;
mod code;
mod credentials;
mod errors;
mod fields;
mod guide;
mod interstitial;
mod learn;
mod notes;
mod page;
mod refusal;
mod step;
mod success;
mod ways;
mod words;

use entity::{FailureCode, PromptKind};
use url::Url;

pub use code::masked;
pub use errors::rejection;
pub use guide::Guide;
pub use learn::{is_about_trust, step_of};
pub use notes::{means, uses};
pub use step::{Act, Press, Question, Seen, SiteError, Step, Typed, Way};

use self::page::Group;
use self::words::{Folded, controls};
use super::snapshot::{PageSnapshot, Uid};

/// What the customer's last answer sent to the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Nothing yet.
    Nothing,
    /// A name without a password.
    Identifier,
    /// A password.
    Password,
    /// A one-time code.
    Code,
    /// Word that an approval was given elsewhere.
    Approval,
    /// A choice, an answer or agreement.
    Other,
}

/// The page before the last submit.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// The page.
    pub page: &'a PageSnapshot,
    /// What was sent from it.
    pub sent: Sent,
    /// What the site complained about on it: may be said again.
    pub complaints: &'a [String],
}

impl Before<'_> {
    fn complained(&self, text: &str) -> bool {
        self.complaints.iter().any(|complaint| complaint == text)
    }
}

/// What is known about the login beyond the page.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Where the login began.
    pub login_url: &'a Url,
    /// The page before, once there was a submit.
    pub before: Option<&'a Before<'a>>,
    /// Whether a password has been sent in this login.
    pub password_sent: bool,
    /// Whether this page is the answer to asking for the login page again.
    pub probed: bool,
    /// Whether the driver runs the page's scripts.
    pub runs_scripts: bool,
}

impl Context<'_> {
    fn complaints(&self) -> &[String] {
        self.before.map_or(&[], |before| before.complaints)
    }
}

/// Says what `page` wants, with a recipe's help if there is one.
#[must_use]
pub fn detect_with(page: &PageSnapshot, context: &Context<'_>, guide: Option<Guide<'_>>) -> Seen {
    match guide {
        Some(guide) => guide.detect(page, context),
        None => detect(page, context),
    }
}

/// Says what `page` wants.
#[must_use]
pub fn detect(page: &PageSnapshot, context: &Context<'_>) -> Seen {
    let error = context.before.and_then(|before| errors::find(page, before));
    let mut reasons: Vec<String> =
        error.iter().map(|error| format!("the site complains, understood as {:?}", error.meaning)).collect();
    let ending = error.as_ref().and_then(|error| error.meaning).filter(|code| refusal::ends_a_login(*code));
    let groups = page::groups(page);
    let question = question(page, &groups, context);
    // A notice about another session that can be agreed with is a question, not the end.
    let asks = question.as_ref().is_some_and(|(question, _)| question.kind == PromptKind::Notice);
    let ending = ending.filter(|code| !(asks && *code == FailureCode::OtherSessionActive));
    if question.is_none() && signed_in(page, &groups, context, &mut reasons) {
        return Seen { step: Step::SignedIn, error: None, reasons };
    }
    if let Some(code) = ending {
        return Seen { step: Step::Refused(code), error, reasons };
    }
    if let Some((mut question, why)) = question {
        reasons.extend(why);
        if let Some(error) = &error {
            question.message = page::without_line(question.message.take(), &error.text);
        }
        return Seen { step: guarded(page, question, context, &mut reasons), error, reasons };
    }
    // On a page full of other things, "failed" in a table says nothing about the login.
    let error = error.filter(|_| page.text_length < 1_500);
    without_question(page, &groups, context, (error, reasons))
}

/// Signs so clear that no word on the page speaks against them.
fn signed_in(
    page: &PageSnapshot,
    groups: &[Group<'_>],
    context: &Context<'_>,
    reasons: &mut Vec<String>,
) -> bool {
    let Some(before) = context.before.filter(|before| before.sent != Sent::Nothing) else { return false };
    let (verdict, signs) = success::judge(page, groups, (before, context));
    let sure = matches!(verdict, success::Verdict::In) && success::is_clear(page, &signs);
    if sure {
        reasons.extend(signs.iter().map(|sign| format!("a sign of success: {sign:?}")));
    }
    sure
}

/// Whether a page of a signed-in session is a form to sign in with again.
#[must_use]
pub fn is_sign_in(page: &PageSnapshot) -> bool {
    let asks_http = page.status == 401 && page.challenge.is_some();
    let groups = page::groups(page);
    asks_http
        || (!page::has_log_out(page) && !matches!(credentials::find(page, &groups), credentials::Found::No))
}

type Found = Option<(Box<Question>, Vec<String>)>;

fn question(page: &PageSnapshot, groups: &[Group<'_>], context: &Context<'_>) -> Found {
    let sent = context.before.is_some_and(|before| before.sent != Sent::Nothing);
    let code = || code::find(page, groups, context);
    let sign_in = || match credentials::find(page, groups) {
        credentials::Found::One(question, why) => Some((question, why)),
        _ => None,
    };
    if !sent {
        return sign_in();
    }
    if context.password_sent {
        let renewed = Some(page).filter(|page| !page::looks_inside(page));
        return renewed
            .and_then(|page| interstitial::new_password(page, groups, context))
            .or_else(code)
            .or_else(sign_in)
            .or_else(|| later(page, groups, context));
    }
    sign_in().or_else(code).or_else(|| later(page, groups, context))
}

fn later(page: &PageSnapshot, groups: &[Group<'_>], context: &Context<'_>) -> Found {
    if page::looks_inside(page) {
        return None;
    }
    captcha::find(page, groups, context)
        .or_else(|| ways::choice(page, groups, context))
        .or_else(|| interstitial::questions(page, groups, context))
        .or_else(|| interstitial::phone(page, groups, context))
        .or_else(|| interstitial::approval(page, groups, context))
        .or_else(|| interstitial::notice(page, groups, context))
}

/// A question that can be asked: what it needs is there, and nothing stands in its way.
fn guarded(
    page: &PageSnapshot,
    mut question: Box<Question>,
    context: &Context<'_>,
    reasons: &mut Vec<String>,
) -> Step {
    if captcha::stands_in_the_way(page, &mut question) {
        reasons.push("a captcha stands beside the form".to_owned());
        return Step::Refused(FailureCode::CaptchaUnsolvable);
    }
    let typed = question.fields.iter().flat_map(|typed| &typed.inputs);
    let mut inputs = typed.filter_map(|uid| page.inputs.iter().find(|input| input.uid == *uid));
    let unsent = inputs.any(|input| input.name.is_none() || input.form.is_none());
    if unsent && !context.runs_scripts {
        reasons.push("the form has fields that only scripts send".to_owned());
        return Step::Refused(FailureCode::MethodUnsupported);
    }
    Step::Ask(question)
}

fn without_question(
    page: &PageSnapshot,
    groups: &[Group<'_>],
    context: &Context<'_>,
    (error, mut reasons): (Option<SiteError>, Vec<String>),
) -> Seen {
    let step = match (&page.challenge, context.before) {
        (Some(challenge), _) if page.status == 401 && challenge.supported => {
            reasons.push("the HTTP layer asks for a name and a password".to_owned());
            Step::HttpAuth { realm: challenge.realm.clone() }
        }
        (Some(_), _) if page.status == 401 => {
            reasons.push("the HTTP layer asks for a sign-in that the driver does not know".to_owned());
            Step::Refused(FailureCode::MethodUnsupported)
        }
        (_, before) => {
            if let Some((code, words)) = refusal::find(page, before, context) {
                reasons.push(format!("status {} or words mean {}", page.status, code.as_str()));
                let error = error.or_else(|| words.map(|text| SiteError { text, meaning: Some(code) }));
                return Seen { step: Step::Refused(code), error, reasons };
            }
            silent(page, groups, context, (error.is_some(), &mut reasons))
        }
    };
    Seen { step, error, reasons }
}

/// A page that asks nothing and refuses nothing.
fn silent(
    page: &PageSnapshot,
    groups: &[Group<'_>],
    context: &Context<'_>,
    (complains, reasons): (bool, &mut Vec<String>),
) -> Step {
    if let Some(why) = refusal::needs_scripts(page, context) {
        reasons.push(why.to_owned());
        return behind_scripts(page, groups, context, reasons);
    }
    let Some(before) = context.before.filter(|before| before.sent != Sent::Nothing) else {
        if matches!(credentials::find(page, groups), credentials::Found::Several) {
            reasons.push("more than one form to sign in with".to_owned());
            return Step::Refused(FailureCode::LoginFormNotFound);
        }
        let Some(link) = entrance(page) else {
            if captcha::is_there(page) {
                reasons.push("nothing but a captcha".to_owned());
                return Step::Refused(FailureCode::CaptchaUnsolvable);
            }
            reasons.extend(credentials::near(page, groups));
            reasons.push("no form to sign in with, and no link to one".to_owned());
            return Step::Unknown;
        };
        reasons.push(format!("no form to sign in with; link {link} is called like one"));
        return Step::GoTo(link);
    };
    if complains {
        reasons.push("no form to ask again with".to_owned());
        return Step::Unknown;
    }
    let (verdict, signs) = success::judge(page, groups, (before, context));
    reasons.extend(signs.iter().map(|sign| format!("a sign of success: {sign:?}")));
    match verdict {
        success::Verdict::In => Step::SignedIn,
        success::Verdict::Perhaps => Step::PerhapsSignedIn,
        success::Verdict::No if captcha::is_there(page) => {
            reasons.push("nothing but a captcha".to_owned());
            Step::Refused(FailureCode::CaptchaUnsolvable)
        }
        success::Verdict::No => {
            reasons.push("no question that is known, and not enough signs of success".to_owned());
            Step::Unknown
        }
    }
}

/// A page that its scripts would fill. After a password it may be the inside of a site whose door needs
/// none: then asking for the login page again leads away from it, and a cookie has changed.
fn behind_scripts(
    page: &PageSnapshot,
    groups: &[Group<'_>],
    context: &Context<'_>,
    reasons: &mut Vec<String>,
) -> Step {
    let before = context.before.filter(|before| matches!(before.sent, Sent::Password | Sent::Code));
    let signs = before.map(|before| success::judge(page, groups, (before, context)).1).unwrap_or_default();
    if page.status >= 400 || !success::left_for_good(&signs) {
        return Step::Refused(FailureCode::MethodUnsupported);
    }
    reasons.extend(signs.iter().map(|sign| format!("a sign of success: {sign:?}")));
    match (success::probed(&signs), context.probed) {
        (true, _) => Step::SignedIn,
        (false, false) => Step::PerhapsSignedIn,
        (false, true) => Step::Refused(FailureCode::MethodUnsupported),
    }
}

/// The link to the form on a page that has none.
fn entrance(page: &PageSnapshot) -> Option<Uid> {
    let mut links = page.links.iter().filter(|link| link.visible.likely() && link.text.chars().count() <= 40);
    let leads = links.find(|link| {
        let words = Folded::new(&link.text);
        controls::SIGN_IN.hit(&words) && !controls::SIGN_UP.hit(&words) && !controls::PROVIDER.hit(&words)
    });
    leads.map(|link| link.uid)
}
