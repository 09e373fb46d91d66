//! Subjects of a broker: what one may look like, and patterns that let some of them through.

/// How long a subject may be, in bytes: brokers take more, and many tools do not.
pub const LONGEST: usize = 255;

/// Why a text is no subject to publish to, in words for the person who entered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASubject {
    /// Nothing, or more than [`LONGEST`].
    #[error("must name a subject of 1 to {LONGEST} characters")]
    Length,
    /// Two dots with nothing between them, or one at an end.
    #[error("must name a subject without empty parts between its dots")]
    EmptyPart,
    /// Something a broker understands otherwise, or not at all.
    #[error("must name a subject of printable ASCII characters, without spaces, * and >")]
    Character,
    /// It would speak to the broker itself, or answer somebody else's request.
    #[error("must name a subject that does not begin with $ or _INBOX")]
    Reserved,
}

/// Judges a subject that is to be published to.
///
/// # Errors
/// [`NotASubject`] with the first reason against it.
pub fn check(subject: &str) -> Result<(), NotASubject> {
    if subject.is_empty() || subject.len() > LONGEST {
        return Err(NotASubject::Length);
    }
    if subject.bytes().any(|byte| !byte.is_ascii_graphic() || matches!(byte, b'*' | b'>')) {
        return Err(NotASubject::Character);
    }
    if subject.split('.').any(str::is_empty) {
        return Err(NotASubject::EmptyPart);
    }
    let is_inbox = subject.split('.').next().is_some_and(|first| first.eq_ignore_ascii_case("_INBOX"));
    if subject.starts_with('$') || is_inbox { Err(NotASubject::Reserved) } else { Ok(()) }
}

/// Subjects as a broker's own settings name them: `*` stands for one part, `>` at the end for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<String>);

/// The text is no pattern of subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be subjects such as events.created, events.* or events.>")]
pub struct NotAPattern;

impl std::str::FromStr for Pattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        let parts: Vec<String> = text.split('.').map(str::to_owned).collect();
        let is_plain = |part: &str| check(part).is_ok();
        let (last, others) = parts.split_last().ok_or(NotAPattern)?;
        let fits = others.iter().all(|part| part == "*" || is_plain(part));
        let ends = ["*", ">"].contains(&last.as_str()) || is_plain(last);
        if fits && ends { Ok(Self(parts)) } else { Err(NotAPattern) }
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

impl Pattern {
    /// Every subject.
    #[must_use]
    pub fn any() -> Self {
        Self(vec![">".to_owned()])
    }

    /// Whether `subject` is one of those meant.
    #[must_use]
    pub fn lets_through(&self, subject: &str) -> bool {
        let mut parts = subject.split('.');
        for wanted in &self.0 {
            match (wanted.as_str(), parts.next()) {
                (">", Some(_)) => return true,
                ("*", Some(_)) => {}
                (wanted, Some(part)) if wanted == part => {}
                _ => return false,
            }
        }
        parts.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_plain_parts_with_dots_between_them() {
        for subject in ["a", "postern.events", "A.b-c_d.1", &"x".repeat(LONGEST)] {
            assert_eq!(check(subject), Ok(()), "{subject}");
        }
        for (subject, why) in [
            ("", NotASubject::Length),
            (&*"x".repeat(LONGEST + 1), NotASubject::Length),
            (".", NotASubject::EmptyPart),
            ("a..b", NotASubject::EmptyPart),
            (".a", NotASubject::EmptyPart),
            ("a.", NotASubject::EmptyPart),
            ("a b", NotASubject::Character),
            ("a.*", NotASubject::Character),
            (">", NotASubject::Character),
            ("a\r\nPUB b 0", NotASubject::Character),
            ("a\tb", NotASubject::Character),
            ("ä", NotASubject::Character),
            ("$JS.API.STREAM.DELETE.A", NotASubject::Reserved),
            ("$SYS.x", NotASubject::Reserved),
            ("_INBOX.abc", NotASubject::Reserved),
            ("_inbox.abc", NotASubject::Reserved),
        ] {
            assert_eq!(check(subject), Err(why), "{subject:?}");
        }
    }

    #[test]
    fn a_pattern_lets_through_what_a_broker_would() {
        let lets = |pattern: &str, subject| pattern.parse::<Pattern>().unwrap().lets_through(subject);

        assert!(lets("a.b", "a.b") && lets("a.*", "a.b") && lets("*.b", "a.b") && lets("a.>", "a.b.c"));
        assert!(!lets("a.b", "a.c") && !lets("a.*", "a.b.c") && !lets("a.>", "a") && !lets("a.*", "a"));
        assert!(!lets("a", "a.b") && !lets("a.b", "a"));
        assert!(Pattern::any().lets_through("x") && Pattern::any().lets_through("x.y"));
        for wrong in ["", "a..b", ">.a", "a.b*", "$JS.>", "a b"] {
            assert_eq!(wrong.parse::<Pattern>(), Err(NotAPattern), "{wrong}");
        }
    }
}
