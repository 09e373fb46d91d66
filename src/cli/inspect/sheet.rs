//! What is told of a page: the same for people and for programs.

use entity::Driver;
use serde::Serialize;
use url::Url;

use crate::domain::detector::{Press, Question, Seen, Step, means, step_of, uses};
use crate::domain::recipe::Recipe;
use crate::domain::snapshot::{Button, Form, Input, PageSnapshot, Text, Uid};

/// Characters of a text that are told.
const TEXT: usize = 160;
/// Texts that are told; a page that has more is not a login.
const TEXTS: usize = 40;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sheet {
    pub(super) url: Url,
    pub(super) status: u16,
    pub(super) title: Option<String>,
    pub(super) language: Option<String>,
    /// Whether the page's scripts have run.
    pub(super) driver: &'static str,
    pub(super) scripts: u32,
    pub(super) text_length: usize,
    pub(super) http_auth: Option<String>,
    pub(super) noscript: Option<String>,
    pub(super) forms: Vec<FormSeen>,
    pub(super) links: Vec<LinkSeen>,
    pub(super) texts: Vec<TextSeen>,
    pub(super) frames: Vec<String>,
    pub(super) step: StepSeen,
    pub(super) why: Vec<String>,
}

/// A form, or what stands outside of any.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FormSeen {
    pub(super) uid: Option<Uid>,
    pub(super) method: &'static str,
    pub(super) action: Option<Url>,
    pub(super) names: String,
    pub(super) hidden: bool,
    pub(super) inputs: Vec<InputSeen>,
    pub(super) buttons: Vec<ButtonSeen>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InputSeen {
    pub(super) uid: Uid,
    pub(super) kind: String,
    /// What the detector takes it for; nothing for what people cannot see or change.
    pub(super) taken_for: Option<String>,
    pub(super) label: String,
    pub(super) placeholder: Option<String>,
    pub(super) name: Option<String>,
    pub(super) id: Option<String>,
    pub(super) autocomplete: Option<String>,
    pub(super) required: bool,
    pub(super) hidden: bool,
    /// Whether it has a value; never which.
    pub(super) filled: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ButtonSeen {
    pub(super) uid: Uid,
    pub(super) text: String,
    pub(super) name: Option<String>,
    pub(super) submits: bool,
    pub(super) hidden: bool,
    pub(super) action: Option<Url>,
    pub(super) meaning: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct LinkSeen {
    pub(super) uid: Uid,
    pub(super) text: String,
    pub(super) href: Url,
    pub(super) meaning: &'static str,
}

#[derive(Serialize)]
pub(super) struct TextSeen {
    pub(super) uid: Uid,
    pub(super) tag: String,
    pub(super) text: String,
    pub(super) announced: bool,
    pub(super) hidden: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StepSeen {
    /// A prompt's kind, a failure code, or what else is done.
    pub(super) kind: String,
    pub(super) fields: Vec<FieldSeen>,
    pub(super) pressed: Option<String>,
    pub(super) choices: Vec<String>,
    pub(super) other_ways: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct FieldSeen {
    pub(super) role: String,
    pub(super) label: String,
    pub(super) inputs: Vec<Uid>,
}

impl Sheet {
    pub(super) fn new(page: &PageSnapshot, seen: Seen, runs_scripts: bool) -> Self {
        let links = page.links.iter().filter(|link| link.visible.likely()).filter_map(|link| {
            let text = cut(&link.text);
            Some(LinkSeen { uid: link.uid, meaning: means(&link.text)?, text, href: link.href.clone() })
        });
        let challenge = page.challenge.as_ref();
        Self {
            url: page.url.clone(),
            status: page.status,
            title: page.title.clone(),
            language: page.language.clone(),
            driver: if runs_scripts { "browser" } else { "http" },
            scripts: page.scripts,
            text_length: page.text_length,
            http_auth: challenge.map(|asks| asks.realm.clone().unwrap_or_default()),
            noscript: page.noscript.as_deref().map(cut),
            forms: forms(page),
            links: links.take(TEXTS).collect(),
            texts: page.texts.iter().filter(|text| !text.of_control).take(TEXTS).map(text).collect(),
            frames: page.frames.clone(),
            step: step(page, seen.step),
            why: seen.reasons,
        }
    }
}

/// The recipe that would see this step again.
pub(super) fn recipe(page: &PageSnapshot, seen: &Seen, runs_scripts: bool) -> Option<Recipe> {
    let Step::Ask(question) = &seen.step else { return None };
    let driver = if runs_scripts { Driver::Browser } else { Driver::Http };
    let origin = Url::parse(&page.url.origin().ascii_serialization()).ok()?;
    let steps = vec![step_of(page, question)?];
    Some(Recipe { origins: vec![origin], driver: Some(driver), steps, ..Recipe::default() })
}

fn forms(page: &PageSnapshot) -> Vec<FormSeen> {
    let uses = uses(page);
    let of = |form: Option<&Form>| {
        let owner = form.map(|form| form.uid);
        let inputs = page.inputs.iter().filter(|input| input.form == owner);
        let buttons = page.buttons.iter().filter(|button| button.form == owner);
        FormSeen {
            uid: owner,
            method: if form.is_some_and(|form| form.post) { "POST" } else { "GET" },
            action: form.and_then(|form| form.action.clone()),
            names: form.map(|form| form.names.clone()).unwrap_or_default(),
            hidden: form.is_some_and(|form| !form.visible.likely()),
            inputs: inputs.take(TEXTS).map(|one| input(one, uses.get(&one.uid).cloned())).collect(),
            buttons: buttons.take(TEXTS).map(button).collect(),
        }
    };
    let all = page.forms.iter().map(Some).chain([None]).map(of);
    all.filter(|form| form.uid.is_some() || !form.inputs.is_empty() || !form.buttons.is_empty()).collect()
}

fn input(input: &Input, taken_for: Option<String>) -> InputSeen {
    InputSeen {
        uid: input.uid,
        kind: input.kind.clone(),
        taken_for,
        label: cut(&input.label),
        placeholder: input.placeholder.clone(),
        name: input.name.clone(),
        id: input.id.clone(),
        autocomplete: input.autocomplete.clone(),
        required: input.required,
        hidden: !input.visible.likely(),
        filled: input.filled,
    }
}

fn button(button: &Button) -> ButtonSeen {
    ButtonSeen {
        uid: button.uid,
        text: cut(&button.text),
        name: button.name.clone(),
        submits: button.submits,
        hidden: !button.visible.likely(),
        action: button.action.clone(),
        meaning: means(&button.text),
    }
}

fn text(text: &Text) -> TextSeen {
    let (announced, hidden) = (text.live || text.describes_input, !text.visible.likely());
    TextSeen { uid: text.uid, tag: text.tag.clone(), text: cut(&text.text), announced, hidden }
}

fn step(page: &PageSnapshot, step: Step) -> StepSeen {
    let plain = |kind: String| StepSeen {
        kind,
        fields: Vec::new(),
        pressed: None,
        choices: Vec::new(),
        other_ways: Vec::new(),
    };
    match step {
        Step::Ask(question) => asked(page, &question),
        Step::HttpAuth { .. } => plain("HTTP authentication".to_owned()),
        Step::SignedIn => plain("signed in".to_owned()),
        Step::PerhapsSignedIn => plain("perhaps signed in".to_owned()),
        Step::GoTo(link) => {
            let found = page.links.iter().find(|found| found.uid == link);
            let href = found.map(|found| found.href.to_string());
            StepSeen { pressed: href, ..plain("follow a link to the form".to_owned()) }
        }
        Step::Refused(code) => plain(code.as_str().to_owned()),
        Step::Unknown => plain("not understood".to_owned()),
    }
}

fn asked(page: &PageSnapshot, question: &Question) -> StepSeen {
    let labels = |ways: &[crate::domain::detector::Way]| ways.iter().map(|way| cut(&way.label)).collect();
    let pressed = question.submit.map(|press| match press {
        Press::Submit { button: Some(button), .. } => {
            let found = page.buttons.iter().find(|found| found.uid == button);
            format!("button {button} \"{}\"", found.map(|found| cut(&found.text)).unwrap_or_default())
        }
        Press::Submit { button: None, .. } => "the form's default button".to_owned(),
        Press::Follow(link) => format!("link {link}"),
    });
    let fields = question.fields.iter().map(|typed| FieldSeen {
        role: serde_json::to_value(typed.field.role)
            .ok()
            .and_then(|role| role.as_str().map(str::to_owned))
            .unwrap_or_default(),
        label: cut(&typed.field.label),
        inputs: typed.inputs.clone(),
    });
    StepSeen {
        kind: question.kind.as_str().to_owned(),
        fields: fields.collect(),
        pressed,
        choices: labels(&question.choices),
        other_ways: labels(&question.alternatives),
    }
}

/// A site's text for a terminal: short, and without what would move its cursor.
fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT).collect()
}
