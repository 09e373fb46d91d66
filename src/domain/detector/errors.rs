//! What the site complains about, and what that means.
//!
//! A complaint is text that is new since before the submit and looks or sounds like one. Words that are
//! not understood are passed on verbatim but mean nothing: *uncertain* is never told as a wrong password.

use entity::FailureCode;

use super::step::SiteError;
use super::words::{Folded, messages};
use super::{Before, Sent};
use crate::domain::snapshot::{PageSnapshot, Text};

/// The complaint with the most signs, if one has enough.
pub(super) fn find(page: &PageSnapshot, before: &Before<'_>) -> Option<SiteError> {
    // Many pages carry their complaint with them, out of sight until it is due.
    let stood = |old: &Text| old.visible.likely() && !before.complained(&old.text);
    let known = |text: &Text| before.page.texts.iter().any(|old| old.text == text.text && stood(old));
    let candidates = page.texts.iter().filter(|text| could_complain(text) && !known(text));
    let scored = candidates.map(|text| (score(text, before.sent), text)).filter(|(score, _)| *score >= 3);
    // Of equals the first: summaries stand above the fields they speak of.
    let best = scored.fold(None, |best: Option<(i32, &Text)>, next| match best {
        Some(kept) if kept.0 >= next.0 => Some(kept),
        _ => Some(next),
    });
    best.map(|(_, text)| SiteError { text: text.text.clone(), meaning: meaning(&text.text, before.sent) })
}

fn could_complain(text: &Text) -> bool {
    text.visible.likely() && !text.of_control && (3..=300).contains(&text.text.chars().count())
}

fn score(text: &Text, sent: Sent) -> i32 {
    let marks = Folded::of_name(&text.marks);
    let mut points = 0;
    points += if text.live { 3 } else { 0 };
    points += if text.describes_input { 2 } else { 0 };
    points += if messages::ERROR_MARKS.hit(&marks) { 3 } else { 0 };
    points -= if messages::CALM_MARKS.hit(&marks) { 3 } else { 0 };
    let heading = text.tag.len() == 2 && text.tag.starts_with('h');
    match meaning(&text.text, sent) {
        Some(_) => points + 3,
        // Headings repeat on every page of a wizard; one that complains says so in words.
        None => points - i32::from(heading),
    }
}

/// What a complaint means after `sent`; `None` if its words are not understood.
pub(super) fn meaning(text: &str, sent: Sent) -> Option<FailureCode> {
    let words = Folded::new(text);
    let now = !messages::MAY_LOCK.hit(&words);
    let states = [
        (now && messages::LOCKED.hit(&words), FailureCode::AccountLocked),
        (now && messages::DISABLED.hit(&words), FailureCode::AccountDisabled),
        (messages::PASSWORD_TOO_OLD.hit(&words), FailureCode::PasswordExpired),
        (messages::TOO_MANY.hit(&words), FailureCode::RateLimited),
        (messages::OTHER_SESSION.hit(&words), FailureCode::OtherSessionActive),
        (sent == Sent::Code && messages::CODE_TOO_OLD.hit(&words), FailureCode::CodeExpired),
        (sent == Sent::Approval && messages::APPROVED_TOO_LATE.hit(&words), FailureCode::ApprovalTimeout),
        (messages::SITE_TROUBLE.hit(&words), FailureCode::Uncertain),
        (sent == Sent::Approval && messages::NOT_APPROVED.hit(&words), FailureCode::ApprovalDenied),
    ];
    let state = states.into_iter().find(|(hit, _)| *hit).map(|(_, code)| code);
    state.or_else(|| messages::WRONG.hit(&words).then(|| rejection(sent)).flatten())
}

/// How a refusal of what was sent is called; `None` if nothing was.
#[must_use]
pub const fn rejection(sent: Sent) -> Option<FailureCode> {
    match sent {
        Sent::Identifier | Sent::Password => Some(FailureCode::CredentialsRejected),
        Sent::Code => Some(FailureCode::CodeRejected),
        Sent::Other => Some(FailureCode::AnswerRejected),
        Sent::Approval => Some(FailureCode::ApprovalDenied),
        Sent::Nothing => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FailureCode as F;

    #[test]
    fn complaints_are_understood_in_six_languages() {
        for (text, sent, code) in [
            ("Incorrect username or password.", Sent::Password, Some(F::CredentialsRejected)),
            ("Benutzername oder Passwort ist falsch.", Sent::Password, Some(F::CredentialsRejected)),
            ("Identifiant ou mot de passe incorrect", Sent::Password, Some(F::CredentialsRejected)),
            ("Usuario o contraseña incorrectos", Sent::Password, Some(F::CredentialsRejected)),
            ("Nome utente o password non validi", Sent::Password, Some(F::CredentialsRejected)),
            ("Gebruikersnaam of wachtwoord onjuist", Sent::Password, Some(F::CredentialsRejected)),
            ("Der Code ist ungültig", Sent::Code, Some(F::CodeRejected)),
            ("This code has expired", Sent::Code, Some(F::CodeExpired)),
            ("Ihr Konto wurde gesperrt", Sent::Password, Some(F::AccountLocked)),
            ("Votre compte est désactivé", Sent::Password, Some(F::AccountDisabled)),
            ("Uw wachtwoord is verlopen", Sent::Password, Some(F::PasswordExpired)),
            ("Demasiados intentos", Sent::Password, Some(F::RateLimited)),
        ] {
            assert_eq!(meaning(text, sent), code, "{text}");
        }
    }

    #[test]
    fn a_warning_about_locking_is_not_a_locked_account() {
        for text in [
            "Wrong password. Your account will be locked after 2 more attempts.",
            "Invalid login, or your account is locked.",
            "Falsches Passwort. Noch 2 Versuche, bevor Ihr Konto gesperrt wird.",
        ] {
            assert_eq!(meaning(text, Sent::Password), Some(F::CredentialsRejected), "{text}");
        }
    }

    #[test]
    fn the_sites_own_trouble_is_never_a_wrong_password() {
        for text in [
            "Something went wrong. Please try again later.",
            "Your session has expired.",
            "CSRF verification failed.",
            "Es ist ein technischer Fehler aufgetreten.",
            "Welcome aboard",
        ] {
            assert_ne!(meaning(text, Sent::Password), Some(F::CredentialsRejected), "{text}");
        }
    }
}
