//! From the customer's answer to actions.

use entity::{FailureCode, SubmitKind};

use super::asking;
use super::machine::{Answered, Asked, Last, Machine, act};
use super::moves::{Action, Move, Perform, Submit};
use crate::domain::Secret;
use crate::domain::detector::{Act, Press, Question, Sent, Typed, Way};
use crate::domain::prompt::{Action as Wish, Answer, FieldRole, PromptKind};

/// Answers that fit no prompt: who gives so many is no person.
const MOST_MISFITS: u32 = 20;
/// The most characters of one value: more is nothing a person types.
const MOST_CHARACTERS: usize = 1_024;

impl Machine {
    /// Takes the customer's answer to the last prompt and says what to do next. An answer that does not
    /// fit the prompt brings the same prompt again and sends nothing.
    pub fn answer(&mut self, answer: &Answer) -> Move {
        let Some(asked) = self.asked.take() else { return self.fail(FailureCode::EngineCrash, None) };
        match answer.action {
            Wish::Cancel => self.give_up(&asked),
            Wish::Resend => match asked.question.resend {
                Some(press) => self.wish(asked, vec![pressing(press)]),
                None => self.again(asked),
            },
            Wish::Decline => match asked.question.decline {
                Some(press) => self.go(asked, vec![pressing(press)], Sent::Other),
                None => self.fail(FailureCode::CustomerCancelled, None),
            },
            Wish::Submit | Wish::Accept | Wish::Done => self.submit(asked, answer),
        }
    }

    fn submit(&mut self, asked: Asked, answer: &Answer) -> Move {
        if let Some(id) = &answer.choice {
            return match way(&asked.question, id).map(|way| way.act.clone()) {
                Some(act) => self.take(asked, act),
                None => self.again(asked),
            };
        }
        match asked.question.kind {
            PromptKind::Approval => self.look_on_demand(asked),
            PromptKind::Handoff => self.begin_again(),
            PromptKind::Choice => self.again(asked),
            PromptKind::Notice => self.agree(asked),
            _ => self.type_in(asked, answer),
        }
    }

    /// What the customer cannot do now at the site is the reason, not that they say so.
    fn give_up(&mut self, asked: &Asked) -> Move {
        match asked.handed_off {
            Some(code) => self.fail(code, asked.prompt.message.clone()),
            None => self.fail(FailureCode::CustomerCancelled, None),
        }
    }

    /// The customer says that it is done: the site's own button says so too, if it has one.
    fn look_on_demand(&mut self, asked: Asked) -> Move {
        self.given.factor = true;
        let action = asked.question.submit.map_or(Action::Reload, pressing);
        let step = self.go(asked, vec![action], Sent::Approval);
        // Too early is no loop.
        self.last = Last::Wished;
        step
    }

    /// The customer has done at the site what it wanted: it may let in, or ask from the beginning.
    fn begin_again(&mut self) -> Move {
        (self.before, self.answered, self.rejected) = (None, None, None);
        self.sent = Sent::Nothing;
        self.last = Last::Wished;
        self.start()
    }

    /// The same prompt again: the answer did not fit it, and nothing was sent.
    fn again(&mut self, mut asked: Asked) -> Move {
        self.misfits += 1;
        if self.misfits > MOST_MISFITS {
            return self.fail(FailureCode::AttemptsExhausted, None);
        }
        asked.prompt.site_error = None;
        self.rejected = Some(FailureCode::AnswerRejected);
        self.pose(asked)
    }

    fn take(&mut self, asked: Asked, way: Act) -> Move {
        match way {
            Act::Press(press) => self.wish(asked, vec![pressing(press)]),
            Act::Pick(input, press) => self.wish(asked, vec![Action::Pick(input), pressing(press)]),
            Act::Select(input, value, press) => {
                let fill = Action::Fill { input, value: Secret::new(value) };
                self.wish(asked, vec![fill, pressing(press)])
            }
            Act::Ask(question) => self.ask_instead(asked, question),
        }
    }

    /// Another form of the same page: nothing is sent for it.
    fn ask_instead(&mut self, asked: Asked, question: Box<Question>) -> Move {
        self.rejected = None;
        if !self.may_type(&asked.page, &question) {
            return self.fail(FailureCode::OriginNotAllowed, None);
        }
        let prompt = asking::prompt(&question, &asked.page);
        self.pose(Asked { question, prompt, ..asked })
    }

    fn wish(&mut self, asked: Asked, actions: Vec<Action>) -> Move {
        let kind = asked.question.kind;
        let step = self.go(asked, actions, Sent::Other);
        // What a choice is asked for is its answer, not a detour: the same choice again is a loop.
        self.last = if kind == PromptKind::Choice { Last::Pressed } else { Last::Wished };
        step
    }

    pub(super) fn agree(&mut self, asked: Asked) -> Move {
        let boxes = asked.question.fields.iter().flat_map(|typed| typed.inputs.iter().copied());
        let mut actions: Vec<Action> = boxes.map(Action::Pick).collect();
        actions.extend(asked.question.submit.map(pressing));
        self.go(asked, actions, Sent::Other)
    }

    fn type_in(&mut self, asked: Asked, answer: &Answer) -> Move {
        let Some(values) = values(&asked.question, answer) else { return self.again(asked) };
        let has = |role: FieldRole| values.iter().any(|(typed, _)| typed.field.role == role);
        let password = has(FieldRole::Password) || has(FieldRole::NewPassword);
        let kind = match (password, has(FieldRole::Code)) {
            (true, _) => Some(SubmitKind::Password),
            (false, true) => Some(SubmitKind::Code),
            _ => None,
        };
        let named = values
            .iter()
            .find(|(typed, _)| matches!(typed.field.role, FieldRole::Identifier | FieldRole::Email));
        if let Some((_, name)) = named {
            self.identifier = Some(name.clone());
        }
        // Looked at again now: this is the moment the secret leaves.
        if !self.may_type(&asked.page, &asked.question) {
            return self.fail(FailureCode::OriginNotAllowed, None);
        }
        let sent = sent_as(&asked.question, kind);
        let actions = if asked.by_http { authenticate(&values) } else { filling(&asked.question, &values) };
        let Some(actions) = actions else { return self.again(asked) };
        self.count(kind);
        self.learn(&asked);
        let by_role: Vec<_> = values.iter().map(|(typed, value)| (typed.field.role, value.clone())).collect();
        self.given.learn(&by_role, answer);
        self.given.factor |= kind == Some(SubmitKind::Code);
        self.remember(asked, sent);
        self.last = Last::Typed;
        let submit = kind.map(|kind| Submit { kind, identifier: self.identifier.clone() });
        Move::Perform(Perform { actions, submit })
    }

    const fn count(&mut self, kind: Option<SubmitKind>) {
        match kind {
            Some(SubmitKind::Password) => self.passwords += 1,
            Some(SubmitKind::Code) => self.codes += 1,
            None => {}
        }
    }

    pub(super) fn go(&mut self, asked: Asked, actions: Vec<Action>, sent: Sent) -> Move {
        self.remember(asked, sent);
        self.last = Last::Pressed;
        act(actions)
    }

    /// Keeps what the next page is compared with.
    pub(super) fn remember(&mut self, asked: Asked, sent: Sent) {
        self.before = Some(asked.page);
        self.sent = sent;
        self.rejected = None;
        self.answered = Some(Answered { shape: asked.shape, by_http: asked.by_http });
    }
}

pub(super) const fn pressing(press: Press) -> Action {
    match press {
        Press::Submit { form, button } => Action::Submit { form, button },
        Press::Follow(link) => Action::Follow(link),
    }
}

fn way<'a>(question: &'a Question, id: &str) -> Option<&'a Way> {
    let find = |list: char, ways: &'a [Way]| {
        ways.iter().enumerate().find(|(at, _)| asking::choice_id(list, *at) == id).map(|(_, way)| way)
    };
    find('c', &question.choices).or_else(|| find('a', &question.alternatives))
}

const fn sent_as(question: &Question, kind: Option<SubmitKind>) -> Sent {
    match (kind, question.kind) {
        // A new password that does not please is no wrong password.
        (_, PromptKind::NewPassword) => Sent::Other,
        (Some(SubmitKind::Password), _) => Sent::Password,
        (Some(SubmitKind::Code), _) => Sent::Code,
        (None, PromptKind::Credentials) => Sent::Identifier,
        _ => Sent::Other,
    }
}

type Value<'a> = (&'a Typed, Secret);

/// What was typed for each field; `None` if something is missing, too long or not on the list.
fn values<'a>(question: &'a Question, answer: &Answer) -> Option<Vec<Value<'a>>> {
    let mut values = Vec::new();
    for (at, typed) in question.fields.iter().enumerate() {
        let given = answer.values.get(&asking::field_name(at)).map(|value| tidy(typed, value));
        match given.filter(|value| !value.expose().is_empty()) {
            Some(value) if fits(typed, &value) => values.push((typed, value)),
            Some(_) => return None,
            None if typed.field.required => return None,
            None => {}
        }
    }
    Some(values)
}

/// Codes are copied with spaces around and inside them; nothing else is touched but line breaks.
fn tidy(typed: &Typed, value: &Secret) -> Secret {
    let text = value.expose();
    let digits = text.chars().all(|c| c.is_ascii_digit() || c.is_whitespace());
    match typed.field.role {
        FieldRole::Code if digits => Secret::new(text.split_whitespace().collect()),
        FieldRole::Code | FieldRole::Email => Secret::new(text.trim().to_owned()),
        _ => Secret::new(text.replace(['\r', '\n'], "")),
    }
}

fn fits(typed: &Typed, value: &Secret) -> bool {
    let listed = || typed.field.options.iter().any(|(option, _)| option == value.expose());
    value.expose().chars().count() <= MOST_CHARACTERS && (typed.field.options.is_empty() || listed())
}

fn authenticate(values: &[Value<'_>]) -> Option<Vec<Action>> {
    let [(_, identifier), (_, password)] = values else { return None };
    // A colon would move the border between name and password (RFC 7617, section 2).
    let whole = !identifier.expose().contains(':');
    whole.then(|| vec![Action::Authenticate { identifier: identifier.clone(), password: password.clone() }])
}

/// Fills every field and sends the form; `None` if a code does not fill its boxes.
fn filling(question: &Question, values: &[Value<'_>]) -> Option<Vec<Action>> {
    let mut actions = Vec::new();
    for (typed, value) in values {
        match typed.inputs.as_slice() {
            [input] => actions.push(Action::Fill { input: *input, value: value.clone() }),
            boxes => {
                let characters: Vec<char> = value.expose().chars().collect();
                if characters.len() != boxes.len() {
                    return None;
                }
                let filled = boxes.iter().zip(characters);
                actions.extend(
                    filled
                        .map(|(input, c)| Action::Fill { input: *input, value: Secret::new(c.to_string()) }),
                );
            }
        }
    }
    actions.push(pressing(question.submit?));
    Some(actions)
}
