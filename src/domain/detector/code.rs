//! The form that takes a one-time code.

use super::buttons;
use super::fields::{self, Known, Use};
use super::page::{self, Group};
use super::step::{Press, Question, Typed};
use super::words::{Folded, controls, fields as names, messages};
use super::{Context, ways};
use crate::domain::prompt::{CodeDelivery, FieldRole, PromptKind};
use crate::domain::snapshot::PageSnapshot;

/// Finds the form for a code; other such forms on the page become alternatives.
pub(super) fn find(
    page: &PageSnapshot,
    groups: &[Group<'_>],
    context: &Context<'_>,
) -> Option<(Box<Question>, Vec<String>)> {
    let forms = groups.iter().filter_map(|group| Some((group, code_field(page, group, context)?)));
    let mut found: Vec<(&Group<'_>, Typed)> = forms.collect();
    // The sort is stable: of equals the first on the page.
    found.sort_by_key(|(group, _)| is_last_resort(page, group));
    let mut forms = found.into_iter();
    let (group, typed) = forms.next()?;
    let mut question = question(page, group, typed, context);
    let others = forms.map(|(group, typed)| self::question(page, group, typed, context));
    question.alternatives = ways::others_as_ways(others);
    question.resend = buttons::resend(page);
    question.resend_wait = resend_wait(page).filter(|_| question.resend.is_some());
    let main = question.submit.unwrap_or(Press::Submit { form: group.uid(), button: None });
    question.alternatives.extend(ways::alternatives(page, groups, group, main));
    let reason = format!("a form for a code and {} other ways", question.alternatives.len());
    Some((Box::new(question), vec![reason]))
}

/// A form about saved codes is not the first question.
fn is_last_resort(page: &PageSnapshot, group: &Group<'_>) -> bool {
    let title = page::title_of(page, group.start()).unwrap_or_default();
    let labels: Vec<&str> = group.inputs.iter().map(|input| input.label.as_str()).collect();
    let words = Folded::new(&format!("{} {title} {}", group.names().as_str(), labels.join(" ")));
    messages::BY_LIST.hit(&words)
}

fn code_field(page: &PageSnapshot, group: &Group<'_>, context: &Context<'_>) -> Option<Typed> {
    let known = fields::of_group(group);
    let boxes = one_character_boxes(&known);
    if group.searches() || boxes.is_some() {
        return boxes.filter(|_| !group.searches());
    }
    let is_new = |known: &&Known<'_>| !matches!(known.used, Use::Pick | Use::List | Use::Search);
    let typed: Vec<&Known<'_>> = known.iter().filter(is_new).collect();
    if typed.iter().any(|known| matches!(known.used, Use::Password | Use::NewPassword)) {
        return pin_after_password(&typed, context);
    }
    let sure = typed.iter().find(|known| known.used == Use::Code);
    let perhaps = || {
        let second = |known: &&&Known<'_>| has_second_sign(page, group, known, context);
        typed.iter().filter(|known| known.used == Use::PerhapsCode).find(second)
    };
    let expected = context.password_sent && !page::looks_inside(page);
    let lone = || match typed.as_slice() {
        // After a password, one short field alone is a code whatever it is called.
        [only] if expected && only.used == Use::Other && fields::looks_short(only.input) => typed.first(),
        _ => None,
    };
    sure.or_else(perhaps).or_else(lone).map(|known| fields::typed(known.input, FieldRole::Code))
}

/// A hidden-while-typing field that is called a PIN or code and comes after the password.
fn pin_after_password(typed: &[&Known<'_>], context: &Context<'_>) -> Option<Typed> {
    let [only] = typed else { return None };
    let words = fields::words_of(only.input);
    let code = names::MAYBE_CODE.hit(&words) && !names::PASSWORD.hit(&words);
    (code && context.password_sent && only.used == Use::Password)
        .then(|| fields::typed(only.input, FieldRole::Code))
}

fn has_second_sign(page: &PageSnapshot, group: &Group<'_>, known: &Known<'_>, context: &Context<'_>) -> bool {
    let title = page::title_of(page, group.start()).unwrap_or_default();
    fields::looks_short(known.input)
        || (context.password_sent && !page::looks_inside(page))
        || fields::speaks_of_codes(&title)
}

/// 4 to 8 boxes for one character each are one code.
fn one_character_boxes(known: &[Known<'_>]) -> Option<Typed> {
    let is_box = |known: &&Known<'_>| {
        known.input.max_length == Some(1)
            && matches!(known.input.kind.as_str(), "text" | "tel" | "number" | "password")
    };
    let boxes: Vec<&Known<'_>> = known.iter().filter(is_box).collect();
    if !(4..=8).contains(&boxes.len()) {
        return None;
    }
    let mut typed = fields::typed(boxes.first()?.input, FieldRole::Code);
    typed.inputs = boxes.iter().map(|known| known.input.uid).collect();
    typed.field.max_length = u32::try_from(boxes.len()).ok();
    typed.field.length = typed.field.max_length;
    typed.field.label = String::new();
    typed.field.hint = None;
    Some(typed)
}

fn question(page: &PageSnapshot, group: &Group<'_>, mut typed: Typed, context: &Context<'_>) -> Question {
    let mut question = Question::new(PromptKind::Code);
    question.title = page::title_of(page, group.start());
    question.message = page::message_of(page, group, context.complaints());
    typed.field.required = true;
    if typed.field.label.is_empty() {
        typed.field.label = question.title.clone().unwrap_or_default();
    }
    let words = [question.message.as_deref(), question.title.as_deref(), Some(&typed.field.label)];
    let words = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    question.delivery = Some(delivery(&words));
    question.masked_target = masked(&words);
    question.submit = Some(buttons::submit(group));
    question.fields = vec![typed];
    question
}

/// How a code is delivered, as far as the words around its field say so.
pub(super) fn delivery(words: &str) -> CodeDelivery {
    let folded = Folded::new(words);
    let ways = [
        (&messages::BY_LIST, CodeDelivery::List),
        (&messages::BY_SMS, CodeDelivery::Sms),
        (&messages::BY_CALL, CodeDelivery::Call),
        (&messages::BY_EMAIL, CodeDelivery::Email),
        (&messages::BY_APP, CodeDelivery::App),
    ];
    ways.into_iter().find(|(words, _)| words.hit(&folded)).map_or(CodeDelivery::Unknown, |(_, way)| way)
}

/// How many seconds the page wants to be left alone before it sends another code.
pub(super) fn resend_wait(page: &PageSnapshot) -> Option<u32> {
    let told = page.texts.iter().filter(|text| text.visible.likely());
    let about = told.filter(|text| controls::RESEND.hit(&Folded::new(&text.text)));
    about.map(|text| text.text.as_str()).find_map(seconds)
}

/// The time that a text tells, up to ten minutes.
fn seconds(text: &str) -> Option<u32> {
    let folded = Folded::new(text);
    let words: Vec<&str> = folded.as_str().split(' ').collect();
    let pairs = words.windows(2).filter_map(|pair| Some((pair[0].parse::<u32>().ok()?, pair[1])));
    let times = pairs.filter_map(|(number, unit)| {
        let of_second = ["s", "sec", "sek", "seg"].contains(&unit)
            || ["second", "sekund", "segund"].iter().any(|u| unit.starts_with(u));
        let of_minute = unit == "min" || unit.starts_with("minut");
        if of_second { Some(number) } else { number.checked_mul(60).filter(|_| of_minute) }
    });
    times.into_iter().find(|seconds| (1..=600).contains(seconds))
}

const HIDING: [char; 5] = ['*', '•', '●', '∗', '…'];

/// A phone number or address with its middle hidden: `+1 ***-**23`, `••• ••• 381`, `j•••@example.org`.
#[must_use]
pub fn masked(text: &str) -> Option<String> {
    let mut number: Vec<&str> = Vec::new();
    // The end of the text ends a number as well.
    for word in text.split_whitespace().chain(["."]) {
        let bare = word.trim_end_matches(['.', ',', ';', ':', ')']);
        let of_number = |c: char| c.is_ascii_digit() || HIDING.contains(&c) || "+()-/xX".contains(c);
        if !bare.is_empty() && bare.chars().all(of_number) {
            number.push(bare);
        } else if let Some(found) = hidden_number(&number) {
            return Some(found);
        } else {
            number.clear();
        }
        if bare.contains('@') && hidden_in(bare) >= 2 {
            return Some(bare.trim_start_matches('(').to_owned());
        }
    }
    None
}

fn hidden_in(word: &str) -> usize {
    let marks = word.chars().filter(|c| HIDING.contains(c)).count();
    marks + word.matches("xx").count() + word.matches("XX").count()
}

fn hidden_number(words: &[&str]) -> Option<String> {
    let hidden: usize = words.iter().map(|word| hidden_in(word)).sum();
    let shown = words.iter().any(|word| word.chars().any(|c| c.is_ascii_digit()));
    (hidden >= 2 && shown).then(|| words.join(" ").trim_start_matches('(').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_targets_are_found_in_a_sentence() {
        for (text, target) in [
            ("We sent a code to +1 ***-***-**23.", Some("+1 ***-***-**23")),
            ("Code an j•••@example.org gesendet", Some("j•••@example.org")),
            ("ending in xx42", None),
            ("sent to xxxxxx42, please wait", Some("xxxxxx42")),
            ("** required **", None),
            ("We sent a text message to +44 •••• ••• 381.", Some("+44 •••• ••• 381")),
            ("Text message to ••• 381", Some("••• 381")),
        ] {
            assert_eq!(masked(text).as_deref(), target, "{text}");
        }
    }

    #[test]
    fn the_wait_before_another_code_is_read() {
        for (text, wait) in [
            ("You can request a new code in 30 seconds.", Some(30)),
            ("Neuen Code in 45 Sekunden anfordern", Some(45)),
            ("Resend in 2 minutes", Some(120)),
            ("The code has 6 digits", None),
            ("It is valid for 99999 seconds", None),
        ] {
            assert_eq!(seconds(text), wait, "{text}");
        }
    }

    #[test]
    fn the_words_tell_how_a_code_is_delivered() {
        for (text, way) in [
            ("We texted a code to your phone", CodeDelivery::Sms),
            ("Wir haben Ihnen eine E-Mail gesendet", CodeDelivery::Email),
            ("Ouvrez votre application d'authentification", CodeDelivery::App),
            ("Enter one of your backup codes", CodeDelivery::List),
            ("Enter the code", CodeDelivery::Unknown),
        ] {
            assert_eq!(delivery(text), way, "{text}");
        }
    }
}
