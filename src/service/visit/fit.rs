//! Whether an answer fits its prompt.

use crate::domain::prompt::{Action, Answer, FieldRole, Prompt};
use crate::service::{Error, Problem};

/// The longest value a field takes, in bytes, whatever the site says.
const LONGEST_VALUE: usize = 4096;

/// An answer fits its prompt: known fields, bounded values, an offered choice.
pub(super) fn check(prompt: &Prompt, answer: &Answer) -> Result<(), Error> {
    for (name, value) in &answer.values {
        let field = prompt.fields.iter().find(|field| &field.name == name);
        let Some(field) = field else { return Err(Error::invalid(name, "is not a field of this question")) };
        let most =
            field.max_length.map_or(LONGEST_VALUE, |most| usize::try_from(most).unwrap_or(LONGEST_VALUE));
        // Codes are copied with spaces in them, which are not sent.
        let spaced = |c: &char| field.role == FieldRole::Code && c.is_whitespace();
        let characters = value.expose().chars().filter(|c| !spaced(c)).count();
        if value.expose().len() > LONGEST_VALUE || characters > most.max(1) {
            let message = format!("must be at most {} characters long", most.min(LONGEST_VALUE));
            return Err(Error::input(name, Problem::TooLong, message));
        }
        if value.expose().contains(['\0', '\n', '\r']) {
            return Err(Error::invalid(name, "must be one line of text"));
        }
    }
    if answer.action != Action::Submit {
        return Ok(());
    }
    if let Some(choice) = &answer.choice {
        let offered = prompt.choices.iter().chain(&prompt.alternatives).any(|offer| &offer.id == choice);
        return if offered {
            Ok(())
        } else {
            Err(Error::invalid("choice", "must be one of the choices shown"))
        };
    }
    let is_empty = |name: &str| answer.values.get(name).is_none_or(|value| value.expose().is_empty());
    match prompt.fields.iter().find(|field| field.required && is_empty(&field.name)) {
        Some(missing) => Err(Error::invalid(&missing.name, "must be filled in")),
        None if prompt.fields.is_empty() && !prompt.choices.is_empty() => {
            Err(Error::invalid("choice", "must be one of the choices shown"))
        }
        None => Ok(()),
    }
}
