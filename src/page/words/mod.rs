//! Our own words on the page: one catalogue per language, and which one a customer reads.
//!
//! The site's words are never here and never translated. A new language is one file and one line
//! in [`ALL`]; the compiler names every sentence that it lacks.

mod de;
mod en;

use entity::FailureCode;

/// A heading and what it means for the customer.
pub(super) struct Told {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
}

/// Everything the page says by itself. `{workspace}`, `{site}`, `{origin}` and the like are filled in.
pub(super) struct Words {
    /// The BCP 47 tag, also for the `lang` attribute.
    pub(super) lang: &'static str,
    pub(super) step: &'static str,
    pub(super) steps: [&'static str; 3],
    pub(super) footer: &'static str,
    /// Labels of where a workspace helps, answers letters, and tells what becomes of data.
    pub(super) help: &'static str,
    pub(super) write_to: &'static str,
    pub(super) privacy: &'static str,

    pub(super) landing: Told,
    pub(super) landing_title: &'static str,
    pub(super) landing_button: &'static str,
    pub(super) landing_unexpected: &'static str,
    pub(super) landing_how: &'static str,
    pub(super) landing_here: &'static str,
    pub(super) landing_hidden: &'static str,
    pub(super) keep_never: &'static str,
    pub(super) keep_session: &'static str,
    pub(super) keep_vault: &'static str,

    pub(super) opening: Told,
    pub(super) in_line: Told,
    pub(super) checking: Told,
    pub(super) slow: &'static str,
    pub(super) reload: &'static str,

    pub(super) ask_credentials: &'static str,
    pub(super) ask_code: &'static str,
    pub(super) ask_questions: &'static str,
    pub(super) ask_choice: &'static str,
    pub(super) ask_approval: &'static str,
    pub(super) ask_phone: &'static str,
    pub(super) ask_captcha: &'static str,
    pub(super) ask_notice: &'static str,
    pub(super) ask_new_password: &'static str,
    pub(super) ask_handoff: &'static str,

    pub(super) says: &'static str,
    pub(super) goes_to: &'static str,
    pub(super) problem: &'static str,
    pub(super) error_prefix: &'static str,
    pub(super) tries_one: &'static str,
    pub(super) tries_many: &'static str,
    pub(super) old_prompt: &'static str,
    pub(super) not_taken: &'static str,
    pub(super) optional: &'static str,
    pub(super) consent: &'static str,
    pub(super) choose: &'static str,
    pub(super) show_secret: &'static str,
    pub(super) hide_secret: &'static str,
    pub(super) picture: &'static str,
    /// Said of a picture that an app scans.
    pub(super) scan: &'static str,
    pub(super) waiting: &'static str,
    pub(super) resend_in: &'static str,
    pub(super) number: &'static str,
    pub(super) by_itself: &'static str,
    pub(super) prove_there: &'static str,
    pub(super) open_site: &'static str,

    pub(super) code_sms: &'static str,
    pub(super) code_email: &'static str,
    pub(super) code_call: &'static str,
    pub(super) code_app: &'static str,
    pub(super) code_list: &'static str,
    pub(super) code_somewhere: &'static str,
    pub(super) sent_to: &'static str,

    pub(super) button_sign_in: &'static str,
    pub(super) button_continue: &'static str,
    pub(super) button_busy: &'static str,
    pub(super) button_resend: &'static str,
    pub(super) button_ask_again: &'static str,
    pub(super) button_approved: &'static str,
    pub(super) button_done: &'static str,
    pub(super) button_accept: &'static str,
    pub(super) button_decline: &'static str,
    pub(super) button_cancel: &'static str,
    pub(super) another_way: &'static str,

    pub(super) label_identifier: &'static str,
    pub(super) label_password: &'static str,
    pub(super) label_new_password: &'static str,
    pub(super) label_code: &'static str,
    pub(super) label_phone: &'static str,
    pub(super) label_answer: &'static str,

    pub(super) done: Told,
    pub(super) already: Told,
    pub(super) back_to: &'static str,
    pub(super) superseded: Told,
    pub(super) ended: &'static str,
    pub(super) ended_retry: &'static str,
    /// The label of the way to a new login.
    pub(super) again: &'static str,
    pub(super) ended_final: &'static str,
    pub(super) cancelled: &'static str,
    pub(super) expired: Told,
    pub(super) finished: &'static str,
    pub(super) finished_told: &'static str,
    /// Said instead of a failure when nothing was sent because the account was locked before.
    pub(super) locked_before: &'static str,
    pub(super) failure: fn(FailureCode) -> &'static str,

    pub(super) bad_link: Told,
    pub(super) bad_login: Told,
    pub(super) bad_path: Told,
    pub(super) gone: Told,
    pub(super) forbidden: Told,
    pub(super) conflict: Told,
    pub(super) limited: Told,
    pub(super) unavailable: Told,
    pub(super) internal: Told,
    pub(super) too_large: Told,
    pub(super) too_slow: Told,
    pub(super) bad_method: Told,
    pub(super) bad_type: Told,
    pub(super) bad_text: Told,
    pub(super) bad_form: Told,
    pub(super) foreign: Told,
    pub(super) wait_one: &'static str,
    pub(super) wait_many: &'static str,
    pub(super) field: &'static str,
    pub(super) reference: &'static str,
}

/// Every language the page speaks; the first one is for everybody else.
static ALL: [&Words; 2] = [&en::WORDS, &de::WORDS];

/// The catalogue for what the partner asked for, else for what the browser prefers, else English.
pub(super) fn pick(locale: Option<&str>, accept_language: Option<&str>) -> &'static Words {
    locale.and_then(speaks).or_else(|| accept_language.and_then(preferred)).unwrap_or(ALL[0])
}

/// Puts `values` where `text` names them, in one pass: a value that looks like a name stays as it is.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        let value = values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        filled.push_str(before);
        filled.push_str(value);
        rest = behind;
    }
    filled + rest
}

fn speaks(tag: &str) -> Option<&'static Words> {
    let language = tag.split(['-', '_']).next().unwrap_or_default();
    ALL.into_iter().find(|words| words.lang.eq_ignore_ascii_case(language))
}

/// The language with the highest weight that we speak (RFC 9110, section 12.5.4).
fn preferred(header: &str) -> Option<&'static Words> {
    let mut best: Option<(f32, &'static Words)> = None;
    for range in header.split(',').take(20) {
        let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
        let weight = weight.trim().parse().unwrap_or(0.0_f32);
        let Some(words) = speaks(tag.trim()) else { continue };
        if weight > best.map_or(0.0, |(known, _)| known) {
            best = Some((weight, words));
        }
    }
    best.map(|(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partners_locale_comes_before_the_browsers_and_english_is_for_everybody_else() {
        let chosen = |locale, accept| pick(locale, accept).lang;
        assert_eq!(chosen(Some("de-CH"), Some("en")), "de");
        assert_eq!(chosen(None, Some("fr;q=1, en;q=0.3, de-AT;q=0.8")), "de");
        assert_eq!(chosen(Some("fi"), Some("de")), "de");
        assert_eq!(chosen(None, Some("de;q=0")), "en");
        assert_eq!(chosen(None, Some(";;q=x,,\u{e4}")), "en");
        assert_eq!(chosen(None, None), "en");
    }

    #[test]
    fn a_value_that_names_another_place_is_not_filled_in_again() {
        let filled = fill("{site} for {workspace}.", &[("site", "{workspace}"), ("workspace", "Acme")]);
        assert_eq!(filled, "{workspace} for Acme.");
    }

    #[test]
    fn every_language_has_a_sentence_for_every_failure() {
        for words in ALL {
            for code in FailureCode::ALL {
                assert!((words.failure)(*code).ends_with('.'), "{} {code:?}", words.lang);
            }
        }
    }
}
