//! Pages on which a login ends: the site's trouble, robots' traps, locked accounts, pages that need scripts.

use entity::FailureCode;

use super::words::{Folded, messages};
use super::{Before, Context, captcha, errors};
use crate::domain::snapshot::{PageSnapshot, Visible};

/// Why the page cannot be used without scripts; `None` if nothing says so.
pub(super) fn needs_scripts(page: &PageSnapshot, context: &Context<'_>) -> Option<&'static str> {
    if context.runs_scripts {
        return None;
    }
    let typed = |kind: &str| !matches!(kind, "radio" | "checkbox" | "select");
    let none = !page.inputs.iter().any(|input| typed(&input.kind) && input.visible.likely());
    let told = page.noscript.as_deref().is_some_and(|text| messages::SCRIPTS.hit(&Folded::new(text)));
    if none && page.scripts > 0 && page.empty_app_root {
        Some("the page is empty until its scripts fill it")
    } else if none && page.scripts > 0 && page.text_length < 200 && page.links.len() < 3 {
        Some("the page has scripts and next to no text")
    } else if none && told {
        Some("the page says that it needs scripts")
    } else {
        None
    }
}

/// The end of the login on a page without a form to go on with.
pub(super) fn find(
    page: &PageSnapshot,
    before: Option<&Before<'_>>,
    context: &Context<'_>,
) -> Option<(FailureCode, Option<String>)> {
    let by_words = by_words(page, before).map(|(code, words)| match code {
        // Whoever asks for proof lets people in who give it.
        FailureCode::BlockedAsBot if captcha::is_there(page) => (FailureCode::CaptchaUnsolvable, words),
        code => (code, words),
    });
    by_words.or_else(|| by_status(page.status, context).map(|code| (code, None)))
}

const fn by_status(status: u16, context: &Context<'_>) -> Option<FailureCode> {
    match status {
        429 => Some(FailureCode::RateLimited),
        502..=504 => Some(FailureCode::SiteUnavailable),
        500..=599 => Some(FailureCode::SiteError),
        404 | 410 if !context.password_sent => Some(FailureCode::LoginFormNotFound),
        400..=499 if !context.password_sent => Some(FailureCode::SiteError),
        _ => None,
    }
}

/// What headings and short texts say about the account or about us.
fn by_words(page: &PageSnapshot, before: Option<&Before<'_>>) -> Option<(FailureCode, Option<String>)> {
    if page.text_length > 4_000 {
        return None;
    }
    let sent = before.map_or(super::Sent::Nothing, |before| before.sent);
    let is_new =
        |text: &str| before.is_none_or(|before| !before.page.texts.iter().any(|old| old.text == text));
    let told = page.texts.iter().filter(|text| text.visible != Visible::No && is_new(&text.text));
    let short = told.filter(|text| (3..=300).contains(&text.text.chars().count()) && !text.of_control);
    // A form token that is too old is answered with "forbidden" as well.
    let trouble = page.texts.iter().any(|text| messages::SITE_TROUBLE.hit(&Folded::new(&text.text)));
    for text in short.take(60) {
        let words = Folded::new(&text.text);
        let account = errors::meaning(&text.text, sent).filter(|code| ends_a_login(*code));
        let others = [
            (messages::ROBOT.hit(&words), FailureCode::BlockedAsBot),
            (messages::NO_ACCESS.hit(&words) && page.status == 403 && !trouble, FailureCode::NoAccess),
            (
                before.is_some() && page.text_length < 1_500 && messages::TO_DO.hit(&words),
                FailureCode::ActionRequired,
            ),
        ];
        let other = others.into_iter().find(|(hit, _)| *hit).map(|(_, code)| code);
        if let Some(code) = account.or(other) {
            return Some((code, Some(text.text.clone())));
        }
    }
    None
}

/// Whether a complaint ends the login even though the form is still there.
pub(super) const fn ends_a_login(code: FailureCode) -> bool {
    matches!(
        code,
        FailureCode::AccountLocked
            | FailureCode::AccountDisabled
            | FailureCode::PasswordExpired
            | FailureCode::RateLimited
            | FailureCode::OtherSessionActive
    )
}
