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
    // A page without scripts or cookies is "disabled" too.
    let account = now && messages::ACCOUNT.hit(&words) && !messages::SITE_TROUBLE.hit(&words);
    let locked = messages::LOCKED.hit(&words) || (account && messages::IS_LOCKED.hit(&words));
    let disabled = messages::DISABLED.hit(&words) || (account && messages::IS_DISABLED.hit(&words));
    let states = [
        (now && locked, FailureCode::AccountLocked),
        (now && disabled, FailureCode::AccountDisabled),
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

    /// One text for each language: English, German, French, Spanish, Italian, Dutch.
    const SAID: [(Sent, FailureCode, [&str; 6]); 9] = [
        (
            Sent::Password,
            F::CredentialsRejected,
            [
                "The email or password you entered is not correct",
                "Die Anmeldedaten sind nicht korrekt",
                "Nom d'utilisateur ou mot de passe invalide",
                "Los datos introducidos no son válidos",
                "Credenziali non valide",
                "De combinatie van e-mailadres en wachtwoord klopt niet",
            ],
        ),
        (
            Sent::Code,
            F::CodeRejected,
            [
                "That code didn't match",
                "Der eingegebene Code ist falsch",
                "Le code saisi est incorrect",
                "El código introducido no es correcto",
                "Il codice inserito non è corretto",
                "De ingevoerde code is onjuist",
            ],
        ),
        (
            Sent::Code,
            F::CodeExpired,
            [
                "Your code has expired. Request a new one.",
                "Der Code ist abgelaufen",
                "Ce code a expiré",
                "El código ha caducado",
                "Il codice è scaduto",
                "De code is verlopen",
            ],
        ),
        (
            Sent::Password,
            F::AccountLocked,
            [
                "Your account has been locked due to too many failed attempts",
                "Ihr Zugang wurde aus Sicherheitsgründen gesperrt",
                "Votre compte a été bloqué",
                "Tu cuenta ha sido bloqueada",
                "Il tuo account è stato bloccato",
                "Uw account is tijdelijk geblokkeerd",
            ],
        ),
        (
            Sent::Password,
            F::AccountDisabled,
            [
                "This account has been deactivated",
                "Dieses Benutzerkonto wurde deaktiviert",
                "Ce compte est désactivé",
                "Esta cuenta está deshabilitada",
                "Questo account è disabilitato",
                "Dit account is gedeactiveerd",
            ],
        ),
        (
            Sent::Password,
            F::PasswordExpired,
            [
                "Your password has expired and must be changed",
                "Ihr Passwort ist abgelaufen",
                "Votre mot de passe a expiré",
                "Su contraseña ha caducado",
                "La tua password è scaduta",
                "Je wachtwoord is verlopen",
            ],
        ),
        (
            Sent::Password,
            F::RateLimited,
            [
                "Too many attempts, please wait",
                "Zu viele Anmeldeversuche",
                "Trop de tentatives",
                "Demasiados intentos fallidos",
                "Troppi tentativi",
                "Te veel mislukte pogingen",
            ],
        ),
        (
            Sent::Password,
            F::OtherSessionActive,
            [
                "You are already logged in on another device",
                "Sie sind bereits in einer anderen Sitzung angemeldet",
                "Une autre session est déjà active",
                "Ya existe otra sesión activa",
                "È già attiva un'altra sessione",
                "Er is al een andere sessie actief",
            ],
        ),
        (
            Sent::Password,
            F::Uncertain,
            [
                "An error occurred, please try again later",
                "Es ist ein technischer Fehler aufgetreten",
                "Une erreur technique est survenue",
                "Se ha producido un error",
                "Si è verificato un errore",
                "Er is een fout opgetreden",
            ],
        ),
    ];

    #[test]
    fn what_sites_say_is_understood_in_each_language() {
        let wrong: Vec<String> = SAID
            .iter()
            .flat_map(|(sent, code, texts)| texts.iter().map(move |text| (*sent, *code, *text)))
            .filter(|(sent, code, text)| meaning(text, *sent) != Some(*code))
            .map(|(sent, code, text)| format!("{text:?} is {code:?}, taken for {:?}", meaning(text, sent)))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
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
