//! Words by meaning, in six languages, and how a site's text is compared with them.
//!
//! Text is folded first: lower case, no accents, everything but letters and digits a single space.
//! A site's language is not asked for: pages mix languages, and the words rarely clash.

pub(in crate::domain) mod controls;
pub(in crate::domain) mod fields;
pub(in crate::domain) mod messages;

/// The words for one meaning, separated by `|`. `*` at an end of a word stands for anything that follows
/// or precedes.
pub(in crate::domain) struct Words {
    pub(super) en: &'static str,
    pub(super) de: &'static str,
    pub(super) fr: &'static str,
    pub(super) es: &'static str,
    pub(super) it: &'static str,
    pub(super) nl: &'static str,
}

impl Words {
    /// The first of the words that occurs in `text`.
    pub(in crate::domain) fn find(&self, text: &Folded) -> Option<&'static str> {
        [self.en, self.de, self.fr, self.es, self.it, self.nl]
            .into_iter()
            .flat_map(|words| words.split('|'))
            .find(|word| text.has(word))
    }

    /// Whether one of the words occurs in `text`.
    pub(in crate::domain) fn hit(&self, text: &Folded) -> bool {
        self.find(text).is_some()
    }
}

/// Text in the form that words are compared in; a space at both ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::domain) struct Folded(String);

impl Folded {
    /// Folds the first 2,000 characters of `text`.
    pub(in crate::domain) fn new(text: &str) -> Self {
        let mut folded = String::with_capacity(text.len().min(2_048) + 2);
        folded.push(' ');
        text.chars().take(2_000).flat_map(char::to_lowercase).for_each(|c| push(&mut folded, c));
        if !folded.ends_with(' ') {
            folded.push(' ');
        }
        Self(folded)
    }

    /// Folds an identifier such as `userName` or `otp_token` into its words.
    pub(in crate::domain) fn of_name(name: &str) -> Self {
        let mut spaced = String::with_capacity(name.len() + 8);
        let mut after_lower = false;
        for c in name.chars().take(300) {
            if c.is_uppercase() && after_lower {
                spaced.push(' ');
            }
            after_lower = c.is_lowercase();
            spaced.push(c);
        }
        Self::new(&spaced)
    }

    /// The text without the spaces at its ends.
    pub(in crate::domain) fn as_str(&self) -> &str {
        self.0.trim()
    }

    fn has(&self, word: &str) -> bool {
        let open_start = word.starts_with('*');
        let open_end = word.ends_with('*');
        let core = word.trim_matches('*');
        if core.is_empty() {
            return false;
        }
        self.0.match_indices(core).any(|(at, _)| {
            let starts = open_start || self.0[..at].ends_with(' ');
            let ends = open_end || self.0[at + core.len()..].starts_with(' ');
            starts && ends
        })
    }
}

fn push(folded: &mut String, c: char) {
    match c {
        'ß' => folded.push_str("ss"),
        'æ' => folded.push_str("ae"),
        'œ' => folded.push_str("oe"),
        // The dot that lower case leaves behind, and accents written as characters of their own.
        '\u{300}'..='\u{36f}' => {}
        c if c.is_alphanumeric() => folded.push(without_accent(c)),
        _ if folded.ends_with(' ') => {}
        _ => folded.push(' '),
    }
}

const fn without_accent(c: char) -> char {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ñ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ý' | 'ÿ' => 'y',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: Words = Words { en: "sign in|reject*", de: "*passwort", fr: "", es: "", it: "", nl: "" };

    #[test]
    fn words_are_found_whole_unless_they_say_otherwise() {
        for (text, found) in [
            ("Please Sign-In!", true),
            ("design inside", false),
            ("was rejected.", true),
            ("Ihr Kundenpasswort:", true),
            ("passwortlos", false),
        ] {
            assert_eq!(SAMPLE.hit(&Folded::new(text)), found, "{text}");
        }
    }

    #[test]
    fn names_fall_into_their_words_and_accents_away() {
        assert_eq!(Folded::of_name("loginUserName_2").as_str(), "login user name 2");
        assert_eq!(
            Folded::new("Identifiez-vous à l’accès « privé »").as_str(),
            "identifiez vous a l acces prive"
        );
        assert_eq!(Folded::new(" … ").as_str(), "");
    }
}
