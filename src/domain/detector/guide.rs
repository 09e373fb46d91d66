//! What a recipe says about a page. It comes before the detector's own signals and below its rules.
//!
//! Judged in this order: refusals, success, steps. What a recipe says nothing about is left to the
//! detector, with one exception: a recipe that knows what success looks like is believed, so that
//! anything else is uncertain.

use super::fields::{self, Use};
use super::page::{self, Group};
use super::step::{Press, Question, Typed};
use super::{Context, Seen, Sent, SiteError, Step, buttons, code, errors, guarded, refusal, success};
use crate::domain::prompt::{FieldRole, PromptKind};
use crate::domain::recipe::{Mark, Marks, Recipe, Selector, Step as Told, Verdict};
use crate::domain::snapshot::{Input, PageSnapshot, Uid};

/// A recipe and what its selectors match on the page.
#[derive(Clone, Copy, Debug)]
pub struct Guide<'a> {
    /// The recipe.
    pub recipe: &'a Recipe,
    /// What a driver found of it.
    pub marks: &'a Marks,
}

/// The site's words, and what was written down about the page so far.
type Noted = (Option<SiteError>, Vec<String>);

impl Guide<'_> {
    /// Says what `page` wants, with the recipe's help.
    pub(super) fn detect(&self, page: &PageSnapshot, context: &Context<'_>) -> Seen {
        let (error, mut reasons) = match self.refused(page, context) {
            Ok(seen) => return seen,
            Err(noted) => noted,
        };
        let ends = error.as_ref().and_then(|error| error.meaning).filter(|code| refusal::ends_a_login(*code));
        if let Some(code) = ends {
            return Seen { step: Step::Refused(code), error, reasons };
        }
        let groups = page::groups(page);
        if error.is_none() && self.succeeded(page, &groups, (context, &mut reasons)) {
            return Seen { step: Step::SignedIn, error: None, reasons };
        }
        if let Some(question) = self.step(page, &groups, (context, &mut reasons)) {
            let error = error.or_else(|| context.before.and_then(|before| errors::find(page, before)));
            let step = guarded(page, question, context, &mut reasons);
            return Seen { step, error, reasons };
        }
        self.left_to_the_detector(page, context, (error, reasons))
    }

    /// The end of the login, if the recipe knows it; else what the site complains about.
    fn refused(&self, page: &PageSnapshot, context: &Context<'_>) -> Result<Seen, Noted> {
        let sent = context.before.map_or(Sent::Nothing, |before| before.sent);
        let told = self.recipe.results.iter().filter_map(|(verdict, list)| {
            let at = list.0.iter().position(|one| one.holds(page, self.marks))?;
            Some((*verdict, verdict.failure()?, &list.0[at], at))
        });
        let mut told = told.filter(|(verdict, ..)| sent != Sent::Nothing || !verdict.asks_again());
        let Some((verdict, failure, condition, at)) = told.next() else {
            let said = self.message(page, context);
            let meaning = |text: &str| errors::meaning(text, sent);
            let error = said.map(|text| SiteError { meaning: meaning(&text), text });
            return Err((error, Vec::new()));
        };
        let marked = condition.has.as_ref().and_then(|selector| self.marks.of(selector).first());
        let words = self.message(page, context).or_else(|| marked.and_then(words_of));
        let error = Some(SiteError { text: words.unwrap_or_default(), meaning: Some(failure) });
        let reasons = vec![format!("the recipe's results.{}.{at} holds", failure.as_str())];
        if verdict.asks_again() {
            return Err((error, reasons));
        }
        Ok(Seen { step: Step::Refused(failure), error, reasons })
    }

    /// What stands where the recipe says the site complains, if it is new.
    fn message(&self, page: &PageSnapshot, context: &Context<'_>) -> Option<String> {
        let before = context.before?;
        let known =
            |text: &str| !before.complained(text) && before.page.texts.iter().any(|old| old.text == text);
        let seen =
            |mark: &&Mark| !page.texts.iter().any(|text| text.uid == mark.uid && !text.visible.likely());
        let marks = self.recipe.messages.iter().flat_map(|selector| self.marks.of(selector));
        marks.filter(seen).filter_map(words_of).find(|text| !known(text))
    }

    /// The recipe's own sign of success; the second one is that nothing secret is asked for any more.
    fn succeeded(
        &self,
        page: &PageSnapshot,
        groups: &[Group<'_>],
        (context, reasons): (&Context<'_>, &mut Vec<String>),
    ) -> bool {
        let sent = context.before.is_some_and(|before| before.sent != Sent::Nothing);
        let told = self.recipe.results.get(&Verdict::Success);
        let told = told.is_some_and(|list| list.0.iter().any(|one| one.holds(page, self.marks)));
        let probe = self.recipe.probe.as_ref().filter(|_| context.probed);
        let shown = probe.is_some_and(|probe| probe.expect.holds(page, self.marks));
        let sign = match (told, shown) {
            (true, _) => "the recipe's results.success holds",
            (_, true) => "the recipe's probe.expect holds",
            _ => return false,
        };
        reasons.push(sign.to_owned());
        let asks = !success::fields_gone(page, groups);
        if asks {
            reasons.push("but the page still asks for a password or a code".to_owned());
        }
        sent && page.status < 400 && !asks
    }

    /// The first step of the recipe that matches and whose fields are there.
    fn step(
        &self,
        page: &PageSnapshot,
        groups: &[Group<'_>],
        (context, reasons): (&Context<'_>, &mut Vec<String>),
    ) -> Option<Box<Question>> {
        for (at, step) in self.recipe.steps.iter().enumerate() {
            let excluded = || step.not.as_ref().is_some_and(|not| not.holds(page, self.marks));
            if !step.matches.holds(page, self.marks) || excluded() {
                continue;
            }
            match self.question(page, groups, (step, context)) {
                Ok(question) => {
                    reasons.push(format!("the recipe's steps.{at} matches"));
                    return Some(Box::new(question));
                }
                Err(why) => reasons.push(format!("the recipe's steps.{at} matches, but {why}")),
            }
        }
        None
    }

    fn question(
        &self,
        page: &PageSnapshot,
        groups: &[Group<'_>],
        (step, context): (&Told, &Context<'_>),
    ) -> Result<Question, String> {
        let mut fields = Vec::new();
        for (role, selector) in &step.fields {
            let inputs = self.inputs(page, selector);
            fields.extend(typed(*role, &inputs).map_err(|why| format!("{} {why}", name_of(*role)))?);
        }
        fields.sort_by_key(|typed| typed.inputs.first().copied());
        let of = fields.first().and_then(|typed| typed.inputs.first());
        let form = of.and_then(|uid| page.inputs.iter().find(|input| input.uid == *uid)).and_then(|i| i.form);
        let main = groups.iter().find(|group| group.uid() == form);
        let submit = match &step.submit {
            Some(selector) => Some(self.press(page, selector).ok_or("its submit is nothing to press")?),
            None => main.map(buttons::submit),
        };
        let mut question = Question::new(kind_of(&fields));
        let start = main.map_or(Uid::MAX, Group::start);
        question.title = page::title_of(page, start);
        question.message = main.and_then(|group| page::message_of(page, group, context.complaints()));
        question.submit = submit;
        question.fields = fields;
        if question.kind == PromptKind::Code {
            let words = [question.message.as_deref(), question.title.as_deref()];
            let words = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
            question.delivery = Some(code::delivery(&words));
            question.masked_target = code::masked(&words);
            question.resend = buttons::resend(page);
        }
        Ok(question)
    }

    /// The inputs that a selector names and that people can see and fill.
    fn inputs<'p>(&self, page: &'p PageSnapshot, selector: &Selector) -> Vec<&'p Input> {
        let named = |uid: Uid| page.inputs.iter().find(|input| input.uid == uid);
        let marked = self.marks.of(selector).iter().filter_map(|mark| named(mark.uid));
        marked.filter(|input| input.visible.likely() && !input.readonly && input.frame.is_none()).collect()
    }

    fn press(&self, page: &PageSnapshot, selector: &Selector) -> Option<Press> {
        let button = |uid: Uid| page.buttons.iter().find(|b| b.uid == uid && !b.disabled);
        let link = |uid: Uid| page.links.iter().find(|l| l.uid == uid && l.visible.likely());
        self.marks.of(selector).iter().find_map(|mark| {
            let pressed = button(mark.uid).map(buttons::press);
            pressed.or_else(|| link(mark.uid).map(|link| Press::Follow(link.uid)))
        })
    }

    /// The detector's own judgement, with what the recipe knows better.
    fn left_to_the_detector(
        &self,
        page: &PageSnapshot,
        context: &Context<'_>,
        (error, mut reasons): Noted,
    ) -> Seen {
        // The recipe's probe has its own sign: that it leads elsewhere than to the login says nothing.
        let probes = self.recipe.probe.is_some();
        let own = Context { probed: context.probed && !probes, ..*context };
        let mut seen = super::detect(page, &own);
        let is_in = matches!(seen.step, Step::SignedIn | Step::PerhapsSignedIn);
        if is_in && error.is_some() {
            reasons.push("the recipe knows a complaint on this page".to_owned());
            seen.step = Step::Unknown;
        } else if is_in && (self.recipe.knows_success() || (probes && context.probed)) {
            reasons.push("nothing that the recipe calls a success is on this page".to_owned());
            seen.step = if context.probed { Step::Unknown } else { Step::PerhapsSignedIn };
        }
        seen.error = error.or(seen.error);
        reasons.append(&mut seen.reasons);
        Seen { reasons, ..seen }
    }
}

fn words_of(mark: &Mark) -> Option<String> {
    let text: String = mark.text.chars().take(300).collect();
    Some(text).filter(|text| !text.trim().is_empty())
}

/// The inputs of one role as fields, if that role may be typed there.
fn typed(role: FieldRole, inputs: &[&Input]) -> Result<Vec<Typed>, &'static str> {
    if inputs.is_empty() {
        return Err("is not on the page, hidden or closed");
    }
    let hides = |input: &&Input| input.kind == "password";
    let secret = matches!(role, FieldRole::Password | FieldRole::NewPassword | FieldRole::ConfirmPassword);
    if secret && !inputs.iter().all(hides) {
        return Err("is not a password input: a password is typed into nothing else");
    }
    let known = inputs.iter().map(|input| fields::of_input(input));
    if known.clone().any(|used| matches!(used, Use::Pick)) && role != FieldRole::Other {
        return Err("is a radio button or a box");
    }
    let boxes = role == FieldRole::Code && (4..=8).contains(&inputs.len());
    match inputs {
        [only] => Ok(vec![fields::typed(only, role)]),
        [first, ..] if boxes => {
            let mut typed = fields::typed(first, role);
            typed.inputs = inputs.iter().map(|input| input.uid).collect();
            typed.field.max_length = u32::try_from(inputs.len()).ok();
            Ok(vec![typed])
        }
        many if matches!(role, FieldRole::Answer | FieldRole::Other) => {
            Ok(many.iter().map(|input| fields::typed(input, role)).collect())
        }
        _ => Err("matches more than one input"),
    }
}

fn kind_of(fields: &[Typed]) -> PromptKind {
    let has = |role: FieldRole| fields.iter().any(|typed| typed.field.role == role);
    if has(FieldRole::NewPassword) {
        PromptKind::NewPassword
    } else if [FieldRole::Password, FieldRole::Identifier, FieldRole::Email].into_iter().any(has) {
        PromptKind::Credentials
    } else if has(FieldRole::Code) {
        PromptKind::Code
    } else if has(FieldRole::Phone) {
        PromptKind::Phone
    } else if has(FieldRole::Tenant) {
        PromptKind::Credentials
    } else if fields.iter().any(|typed| typed.field.role != FieldRole::Other) {
        PromptKind::Questions
    } else {
        PromptKind::Notice
    }
}

fn name_of(role: FieldRole) -> &'static str {
    match role {
        FieldRole::Identifier => "fields.identifier",
        FieldRole::Email => "fields.email",
        FieldRole::Password => "fields.password",
        FieldRole::NewPassword => "fields.new_password",
        FieldRole::ConfirmPassword => "fields.confirm_password",
        FieldRole::Code => "fields.code",
        FieldRole::Phone => "fields.phone",
        FieldRole::Answer => "fields.answer",
        FieldRole::Tenant => "fields.tenant",
        FieldRole::Other => "fields.other",
    }
}
