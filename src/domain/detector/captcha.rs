//! What tells people from programs: a picture to be read is a question, anything else is between the customer's
//! own browser and the site. A browser of ours may pass it unasked; nobody else can.

use super::Context;
use super::buttons;
use super::fields::{self, Known, Use};
use super::page::{self, Group};
use super::step::{Question, Typed};
use super::words::{Folded, fields as names};
use crate::domain::prompt::{FieldRole, PromptKind};
use crate::domain::snapshot::{Image, PageSnapshot, Uid};

/// What a driver writes down for a captcha's own picture; other captchas are frames and widgets.
const PICTURE: &str = "captcha image";

/// Finds a form that wants nothing but what a picture shows.
pub(super) fn find(
    page: &PageSnapshot,
    groups: &[Group<'_>],
    context: &Context<'_>,
) -> Option<(Box<Question>, Vec<String>)> {
    let (group, typed) = groups.iter().find_map(|group| {
        let known = fields::of_group(group);
        let typed: Vec<&Known<'_>> =
            known.iter().filter(|known| !matches!(known.used, Use::Pick | Use::List)).collect();
        let [only] = typed.as_slice() else { return None };
        let reads = only.used == Use::Captcha
            || (only.used == Use::Other && picture_of(page, only.input.uid).is_some());
        reads.then(|| (group, fields::typed(only.input, FieldRole::Answer)))
    })?;
    let mut question = Question::new(PromptKind::Captcha);
    question.title = page::title_of(page, group.start());
    question.message = page::message_of(page, group, context.complaints());
    question.submit = Some(buttons::submit(group));
    question.fields = vec![Typed { field: typed.field, inputs: typed.inputs }];
    Some((Box::new(question), vec!["a picture to be read".to_owned()]))
}

/// Whether a captcha keeps `question` from being answered here; one that can be read becomes part of it.
pub(super) fn stands_in_the_way(page: &PageSnapshot, question: &mut Question) -> bool {
    if is_there(page) {
        return true;
    }
    let typed = question.fields.iter().filter_map(|typed| typed.inputs.first().copied());
    let read =
        typed.into_iter().find(|uid| reads_a_picture(page, *uid) || question.kind == PromptKind::Captcha);
    match read.and_then(|uid| picture_of(page, uid)) {
        Some(picture) => question.picture = Some(picture),
        None => {
            return question.kind == PromptKind::Captcha || page.frames.iter().any(|frame| frame == PICTURE);
        }
    }
    false
}

/// Whether the page has a captcha that no picture shows, and that nobody has answered yet.
pub(super) fn is_there(page: &PageSnapshot) -> bool {
    !page.proof_given && page.frames.iter().any(|frame| frame != PICTURE && is_captcha(frame))
}

/// By its address, or by what it says to those who cannot see it.
fn is_captcha(frame: &str) -> bool {
    let frame = frame.to_ascii_lowercase();
    ["captcha", "turnstile", "security challenge", "not a robot", "you are human"]
        .iter()
        .any(|mark| frame.contains(mark))
}

fn reads_a_picture(page: &PageSnapshot, uid: Uid) -> bool {
    let input = page.inputs.iter().find(|input| input.uid == uid);
    input.is_some_and(|input| names::CAPTCHA.hit(&fields::words_of(input)))
}

/// The picture before an input that is a captcha's.
fn picture_of(page: &PageSnapshot, input: Uid) -> Option<Uid> {
    let before = page.images.iter().rev().filter(|image| image.uid < input && image.visible.likely());
    before.into_iter().find(|image| shows_letters(image)).map(|image| image.uid)
}

fn shows_letters(image: &Image) -> bool {
    let words = Folded::of_name(&image.names);
    names::CAPTCHA.hit(&words) || words.as_str().contains("captcha")
}
