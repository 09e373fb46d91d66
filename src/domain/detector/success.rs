//! Signs that the customer is in.

use super::page::{self, Group};
use super::words::{Folded, controls, fields as names, messages};
use super::{Before, Context, fields};
use crate::domain::snapshot::{CookieMark, PageSnapshot, Text};

/// One sign; two of different kinds make a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// A control that ends a session, which was not there before.
    LogOut,
    /// A greeting or an account menu, which was not there before.
    AtHome,
    /// The fields of the login are gone.
    FieldsGone,
    /// A cookie that may carry a session is another one.
    CookieChanged,
    /// The page has left the login's path.
    LeftLogin,
    /// Asking for the login page again led away from it.
    Probe,
    /// The HTTP layer no longer asks.
    ChallengeGone,
    /// A page that was refused before is given now.
    ProtectedPage,
}

/// Whether the signs hold against any word on the page: a way out on a page with more than a sentence.
pub(super) fn is_clear(page: &PageSnapshot, signs: &[Sign]) -> bool {
    signs.contains(&Sign::LogOut) && (page.links.len() >= 3 || page.text_length >= 100)
}

/// Whether the login is behind: nothing secret is asked for, a cookie has changed, the path is another one.
pub(super) fn left_for_good(signs: &[Sign]) -> bool {
    [Sign::FieldsGone, Sign::CookieChanged, Sign::LeftLogin].iter().all(|sign| signs.contains(sign))
}

/// Whether asking for the login page again led away from it.
pub(super) fn probed(signs: &[Sign]) -> bool {
    signs.contains(&Sign::Probe)
}

/// How sure the signs are.
pub(super) enum Verdict {
    In,
    Perhaps,
    No,
}

/// Counts the signs on a page that asks nothing.
pub(super) fn judge(
    page: &PageSnapshot,
    groups: &[Group<'_>],
    (before, context): (&Before<'_>, &Context<'_>),
) -> (Verdict, Vec<Sign>) {
    let signs = signs(page, groups, (before, context));
    let has = |sign: Sign| signs.contains(&sign);
    if page.status >= 400 || !has(Sign::FieldsGone) {
        return (Verdict::No, signs);
    }
    if asks_something(groups) && !has(Sign::LogOut) {
        return (Verdict::No, signs);
    }
    let told = has(Sign::LogOut)
        || (has(Sign::ChallengeGone) && has(Sign::ProtectedPage))
        || (has(Sign::AtHome) && has(Sign::CookieChanged) && has(Sign::LeftLogin));
    // A short page without a way on may as well be a page that waits for something.
    let bare = !has(Sign::LogOut) && !has(Sign::AtHome) && page.text_length < 400 && page.links.len() < 3;
    match (told, has(Sign::Probe)) {
        (true, _) => (Verdict::In, signs),
        (false, true) if !bare => (Verdict::In, signs),
        (false, true) => (Verdict::No, signs),
        (false, false) if context.probed => (Verdict::No, signs),
        (false, false) => (Verdict::Perhaps, signs),
    }
}

fn signs(
    page: &PageSnapshot,
    groups: &[Group<'_>],
    (before, context): (&Before<'_>, &Context<'_>),
) -> Vec<Sign> {
    let fields_gone = fields_gone(page, groups);
    let waits = messages::APPROVE_ELSEWHERE.hit(&Folded::new(&head(page)));
    let was_asked = before.page.status == 401 && before.page.challenge.is_some();
    let fired = [
        (Sign::ChallengeGone, was_asked && page.challenge.is_none()),
        (Sign::ProtectedPage, was_asked && page.status < 300 && page.url.host() == before.page.url.host()),
        (Sign::LogOut, page::has_log_out(page) && !page::has_log_out(before.page)),
        (Sign::AtHome, at_home(page) && !at_home(before.page)),
        (Sign::FieldsGone, fields_gone),
        (Sign::CookieChanged, cookie_changed(&before.page.cookies, &page.cookies)),
        (Sign::LeftLogin, page.url.path() != before.page.url.path() && !is_login_path(page.url.path())),
        (
            Sign::Probe,
            context.probed && fields_gone && page.status < 300 && led_away(page, context) && !waits,
        ),
    ];
    fired.into_iter().filter(|(_, fired)| *fired).map(|(sign, _)| sign).collect()
}

/// Whether nothing secret is asked for.
pub(super) fn fields_gone(page: &PageSnapshot, groups: &[Group<'_>]) -> bool {
    !groups.iter().any(|group| takes_secret(page, group))
}

/// On a page of the account's own a form for a new password is an offer, not a step of the login.
fn takes_secret(page: &PageSnapshot, group: &Group<'_>) -> bool {
    let inside = page::looks_inside(page);
    fields::of_group(group).iter().any(|known| match known.used {
        fields::Use::Code => true,
        fields::Use::Password | fields::Use::NewPassword => !inside,
        _ => false,
    })
}

/// A form to fill that is not understood: what stands behind it is not reached yet.
fn asks_something(groups: &[Group<'_>]) -> bool {
    let typed =
        |used: fields::Use| !matches!(used, fields::Use::Pick | fields::Use::List | fields::Use::Search);
    let posts = groups.iter().filter(|group| group.form.is_some_and(|form| form.post));
    posts.flat_map(fields::of_group).any(|known| typed(known.used))
}

fn led_away(page: &PageSnapshot, context: &Context<'_>) -> bool {
    page.url.path() != context.login_url.path() || page.url.host() != context.login_url.host()
}

fn head(page: &PageSnapshot) -> String {
    let texts = page.texts.iter().map(|text| text.text.as_str());
    texts.take(20).collect::<Vec<_>>().join(" ")
}

fn at_home(page: &PageSnapshot) -> bool {
    let short = |text: &&Text| text.visible.likely() && text.text.chars().count() <= 80;
    let says = |text: &str| controls::AT_HOME.hit(&Folded::new(text));
    page.texts.iter().filter(short).any(|text| says(&text.text))
        || page.links.iter().any(|link| says(&link.text))
}

fn cookie_changed(before: &[CookieMark], now: &[CookieMark]) -> bool {
    let guards = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.contains("csrf") || name.contains("xsrf")
    };
    now.iter().any(|cookie| !guards(&cookie.name) && !before.contains(cookie))
}

fn is_login_path(path: &str) -> bool {
    let words = Folded::of_name(path);
    controls::SIGN_IN.hit(&words)
        || names::ONE_TIME_CODE.hit(&words)
        || words
            .as_str()
            .split(' ')
            .any(|word| matches!(word, "auth" | "sso" | "challenge" | "verify" | "verification"))
}
