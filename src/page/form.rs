//! What a posted form says: which prompt it answers, and the answer.
//!
//! Fields: `prompt` (its number), `action`, `choice`, `keep` (consent), and `f.<name>` for what was typed. Each comes at
//! most once; anything else is not from our page. The values are secrets from the first byte on.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::trouble::Trouble;
use crate::domain::Secret;
use crate::domain::prompt::{Action, Answer};

/// No prompt has nearly as many fields.
const MOST_FIELDS: usize = 64;

/// The answer to one prompt.
pub(super) struct Reply {
    pub(super) number: i32,
    pub(super) answer: Answer,
}

/// Reads the reply from a form's bytes.
pub(super) fn reply(bytes: &[u8]) -> Result<Reply, Trouble> {
    let mut number = None;
    let mut action = None;
    let mut choice = None;
    let mut keep = None;
    let mut values = BTreeMap::new();
    for (name, value) in pairs(bytes)? {
        match name.as_str() {
            "prompt" => once(&mut number, &name, prompt_number(&value)?)?,
            "action" => once(&mut action, &name, action_named(&value)?)?,
            "keep" => once(&mut keep, &name, value.as_str() == "yes")?,
            "choice" => once(&mut choice, &name, value.to_string())?,
            _ => typed(&mut values, &name, value)?,
        }
    }
    let number = number.ok_or_else(|| wrong("prompt", "missing"))?;
    let action = action.unwrap_or(Action::Submit);
    let (choice, keep) = (choice.filter(|id: &String| !id.is_empty()), keep.unwrap_or(false));
    Ok(Reply { number, answer: Answer { action, values, choice, keep } })
}

fn typed(
    values: &mut BTreeMap<String, Secret>,
    name: &str,
    mut value: Zeroizing<String>,
) -> Result<(), Trouble> {
    let field = name.strip_prefix("f.").ok_or_else(|| wrong(name, "not expected"))?;
    // Moved, not copied: the wiped buffer itself becomes the secret.
    let secret = Secret::new(std::mem::take(&mut *value));
    match values.insert(field.to_owned(), secret) {
        None => Ok(()),
        Some(_) => Err(wrong(name, "sent twice")),
    }
}

fn once<T>(slot: &mut Option<T>, name: &str, value: T) -> Result<(), Trouble> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(wrong(name, "sent twice")),
    }
}

fn prompt_number(value: &str) -> Result<i32, Trouble> {
    value.parse().ok().filter(|number| *number > 0).ok_or_else(|| wrong("prompt", "not a prompt's number"))
}

fn action_named(value: &str) -> Result<Action, Trouble> {
    Ok(match value {
        "submit" => Action::Submit,
        "resend" => Action::Resend,
        "cancel" => Action::Cancel,
        "accept" => Action::Accept,
        "decline" => Action::Decline,
        "done" => Action::Done,
        _ => return Err(wrong("action", "submit, resend, cancel, accept, decline or done")),
    })
}

fn wrong(field: &str, why: &'static str) -> Trouble {
    Trouble::Form { field: field.to_owned(), why }
}

/// The form's pairs. Unlike the usual parsers this one tells invalid UTF-8 from a strange letter: a
/// password must never be changed on its way.
fn pairs(bytes: &[u8]) -> Result<Vec<(String, Zeroizing<String>)>, Trouble> {
    let parts: Vec<&[u8]> = bytes.split(|byte| *byte == b'&').filter(|part| !part.is_empty()).collect();
    if parts.len() > MOST_FIELDS {
        return Err(Trouble::TooLarge);
    }
    let pair = |part: &[u8]| {
        let end = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
        let name = decoded(&part[..end])?.to_string();
        Ok((name, decoded(part.get(end + 1..).unwrap_or_default())?))
    };
    parts.into_iter().map(pair).collect()
}

/// One `application/x-www-form-urlencoded` text (URL standard, section 5.1), strict about UTF-8.
fn decoded(text: &[u8]) -> Result<Zeroizing<String>, Trouble> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let [first, behind @ ..] = rest {
        let (byte, next) = match (first, behind) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, after),
                _ => (b'%', behind),
            },
            (b'+', _) => (b' ', behind),
            (other, _) => (*other, behind),
        };
        bytes.push(byte);
        rest = next;
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Trouble::Text)?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(form: &str) -> (i32, Action, Option<String>, Vec<(String, String)>) {
        let Reply { number, answer } =
            reply(form.as_bytes()).map_err(|trouble| format!("{trouble:?}")).unwrap();
        let values = answer.values.iter().map(|(name, value)| (name.clone(), value.expose().to_owned()));
        (number, answer.action, answer.choice, values.collect())
    }

    fn refused(form: &[u8]) -> Trouble {
        reply(form).err().unwrap()
    }

    #[test]
    fn what_was_typed_arrives_letter_by_letter() {
        let (number, action, choice, values) =
            read("prompt=3&f.user=J%C3%B6+%26&f.password=a%2Bb%25%zz=&choice=");

        assert_eq!((number, action, choice), (3, Action::Submit, None));
        let typed =
            [("password", "a+b%%zz="), ("user", "J\u{f6} &")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(values, typed);
    }

    #[test]
    fn a_button_and_a_choice_are_understood() {
        assert_eq!(read("prompt=1&action=resend").1, Action::Resend);
        assert_eq!(read("prompt=1&choice=c2&action=submit").2.as_deref(), Some("c2"));
    }

    #[test]
    fn what_our_page_never_sends_is_refused_by_the_fields_name() {
        for (form, field) in [
            ("f.user=a", "prompt"),
            ("prompt=0", "prompt"),
            ("prompt=99999999999", "prompt"),
            ("prompt=1&prompt=2", "prompt"),
            ("prompt=1&action=rm", "action"),
            ("prompt=1&user=a", "user"),
            ("prompt=1&f.user=a&f.user=b", "f.user"),
        ] {
            let Trouble::Form { field: told, .. } = refused(form.as_bytes()) else { panic!("{form}") };
            assert_eq!(told, field, "{form}");
        }
    }

    #[test]
    fn invalid_utf8_is_told_apart_and_never_repaired() {
        assert_eq!(refused(b"prompt=1&f.password=%FF%FE"), Trouble::Text);
        assert_eq!(refused(b"prompt=1&f.password=\xff"), Trouble::Text);
        assert_eq!(refused("&f.a=".repeat(100).as_bytes()), Trouble::TooLarge);
    }

    proptest! {
        #[test]
        fn no_bytes_whatever_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = reply(&bytes);
        }
    }
}
