//! What a customer signed in with, for jobs that may keep it; and the answer that it gives later.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::domain::Secret;
use crate::domain::prompt::{Action, Answer, Field, FieldRole, Prompt, PromptKind};

/// Values by what they are for. They are secrets: no `Debug`, and only ever stored sealed.
#[derive(Clone)]
pub struct Credentials(Vec<(FieldRole, Secret)>);

/// The plaintext inside sealed credentials.
#[derive(Serialize, Deserialize)]
struct Wire(Vec<(FieldRole, String)>);

/// What a login has learned of its customer.
pub(super) struct Given {
    credentials: Credentials,
    /// Whether the customer agreed that what was typed last may be kept.
    agreed: bool,
    /// Whether a second factor was given.
    pub(super) factor: bool,
}

impl Given {
    pub(super) const fn new() -> Self {
        Self { credentials: Credentials(Vec::new()), agreed: false, factor: false }
    }

    /// Remembers what is about to be sent; what was sent before for the same purpose was not accepted.
    pub(super) fn learn(&mut self, values: &[(FieldRole, Secret)], answer: &Answer) {
        let has = |wanted: FieldRole| values.iter().any(|(role, _)| purpose(*role) == Some(wanted));
        if has(FieldRole::Password) {
            self.agreed = answer.keep;
        }
        if has(FieldRole::Password) && has(FieldRole::Identifier) {
            self.credentials.0.clear();
        }
        for (role, value) in values {
            let Some(purpose) = purpose(*role) else { continue };
            self.credentials.0.retain(|(known, _)| *known != purpose);
            self.credentials.0.push((purpose, value.clone()));
        }
    }

    /// What may be kept of it.
    pub(super) fn kept(&self) -> Option<Credentials> {
        let whole = self.credentials.value(FieldRole::Password).is_some();
        (self.agreed && whole).then(|| self.credentials.clone())
    }
}

/// What a field's value is good for at the next sign-in; nothing for what is asked once.
const fn purpose(role: FieldRole) -> Option<FieldRole> {
    match role {
        FieldRole::Identifier | FieldRole::Email => Some(FieldRole::Identifier),
        FieldRole::Password | FieldRole::NewPassword => Some(FieldRole::Password),
        FieldRole::Tenant => Some(FieldRole::Tenant),
        FieldRole::ConfirmPassword
        | FieldRole::Code
        | FieldRole::Phone
        | FieldRole::Answer
        | FieldRole::Other => None,
    }
}

impl Credentials {
    /// The answer to a question for credentials; `None` if anything it needs was not kept.
    #[must_use]
    pub fn answer(&self, prompt: &Prompt) -> Option<Answer> {
        let asks_new = |field: &Field| field.role == FieldRole::NewPassword;
        if prompt.kind != PromptKind::Credentials || prompt.fields.iter().any(asks_new) {
            return None;
        }
        let mut answer = Answer { action: Action::Submit, values: [].into(), choice: None, keep: true };
        for field in &prompt.fields {
            let value = purpose(field.role).and_then(|purpose| self.value(purpose));
            match value {
                Some(value) => drop(answer.values.insert(field.name.clone(), value.clone())),
                None if field.required => return None,
                None => {}
            }
        }
        (!answer.values.is_empty()).then_some(answer)
    }

    fn value(&self, purpose: FieldRole) -> Option<&Secret> {
        self.0.iter().find(|(known, _)| *known == purpose).map(|(_, value)| value)
    }

    /// The bytes to be sealed.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut wire = Wire(self.0.iter().map(|(role, value)| (*role, value.expose().to_owned())).collect());
        let bytes = serde_json::to_vec(&wire).unwrap_or_default();
        wire.0.iter_mut().for_each(|(_, value)| value.zeroize());
        Zeroizing::new(bytes)
    }

    /// Reads what [`Credentials::to_bytes`] wrote; `None` if it is anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let wire: Wire = serde_json::from_slice(bytes).ok()?;
        Some(Self(wire.0.into_iter().map(|(role, value)| (role, Secret::new(value))).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn field(name: &str, role: FieldRole) -> Field {
        Field {
            name: name.to_owned(),
            role,
            label: String::new(),
            hint: None,
            required: true,
            secret: false,
            inputmode: None,
            autocomplete: None,
            max_length: None,
            length: None,
            charset: None,
            options: Vec::new(),
        }
    }

    fn prompt(fields: Vec<Field>) -> Prompt {
        Prompt {
            kind: PromptKind::Credentials,
            title: None,
            message: None,
            origin: String::new(),
            site_error: None,
            rejected: None,
            because: None,
            fields,
            choices: Vec::new(),
            media: Vec::new(),
            delivery: None,
            masked_target: None,
            attempts_used: 0,
            attempts_max: None,
            resend: None,
            purpose: None,
            polls: false,
            expires_at: None,
            cancelable: true,
            alternatives: Vec::new(),
            may_keep: false,
        }
    }

    fn answering(keep: bool) -> Answer {
        Answer { action: Action::Submit, values: [].into(), choice: None, keep }
    }

    fn typed(answer: &Answer) -> Vec<(&str, &str)> {
        answer.values.iter().map(|(name, value)| (name.as_str(), value.expose())).collect()
    }

    #[test]
    fn what_was_accepted_is_kept_and_answers_the_same_question_later() {
        let mut given = Given::new();
        let form = |password: &str| {
            [(FieldRole::Email, secret("ann@x.example")), (FieldRole::Password, secret(password))]
        };
        given.learn(&form("wrong"), &answering(true));
        given.learn(&form("right"), &answering(true));
        given.learn(&[(FieldRole::Code, secret("123456"))], &answering(false));

        let kept = Credentials::from_bytes(&given.kept().unwrap().to_bytes()).unwrap();

        let both = prompt(vec![field("f1", FieldRole::Identifier), field("f2", FieldRole::Password)]);
        assert_eq!(typed(&kept.answer(&both).unwrap()), [("f1", "ann@x.example"), ("f2", "right")]);
        let alone = prompt(vec![field("f1", FieldRole::Password)]);
        assert_eq!(typed(&kept.answer(&alone).unwrap()), [("f1", "right")]);
    }

    #[test]
    fn nothing_is_kept_without_consent_to_what_was_typed_last() {
        let mut given = Given::new();
        given.learn(&[(FieldRole::Password, secret("first"))], &answering(true));
        given.learn(&[(FieldRole::Password, secret("second"))], &answering(false));

        assert!(given.kept().is_none());
    }

    #[test]
    fn a_question_for_more_than_was_kept_has_no_answer() {
        let mut given = Given::new();
        given.learn(&[(FieldRole::Password, secret("right"))], &answering(true));
        let kept = given.kept().unwrap();

        for role in [FieldRole::Identifier, FieldRole::Code, FieldRole::Answer, FieldRole::NewPassword] {
            let more = prompt(vec![field("f1", FieldRole::Password), field("f2", role)]);
            assert!(kept.answer(&more).is_none(), "{role:?}");
        }
        let code = Prompt { kind: PromptKind::Code, ..prompt(vec![field("f1", FieldRole::Password)]) };
        assert!(kept.answer(&code).is_none());
    }
}
