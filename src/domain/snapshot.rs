//! What a driver saw: one settled page as plain data.
//!
//! Both drivers make it, the detector reads it, and nothing in it is alive. It never holds what was
//! typed: of a value it only says whether there is one. Every element has a `uid`, its place in
//! document order, so that uids can be compared to learn what comes before what.

use serde::{Deserialize, Serialize};
use url::Url;

/// An element's place in document order, counted over all elements of the page.
pub type Uid = u32;

/// One settled page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageSnapshot {
    /// Where the page came from, after redirects.
    pub url: Url,
    /// The HTTP status.
    pub status: u16,
    /// The sign-in the HTTP layer itself asks for, if it does.
    pub challenge: Option<Challenge>,
    /// The page's title.
    pub title: Option<String>,
    /// The page's language as it declares it.
    pub language: Option<String>,
    /// Headings in document order.
    pub headings: Vec<Heading>,
    /// Forms in document order.
    pub forms: Vec<Form>,
    /// Everything that takes a value, hidden controls excepted.
    pub inputs: Vec<Input>,
    /// Everything that is pressed.
    pub buttons: Vec<Button>,
    /// Links with their text.
    pub links: Vec<Link>,
    /// Blocks of text in document order.
    pub texts: Vec<Text>,
    /// Where frames come from and what they are called, and a word for each captcha.
    pub frames: Vec<String>,
    /// Whether scripts have put a captcha's proof into the page, to be sent with its form.
    #[serde(default)]
    pub proof_given: bool,
    /// Pictures in document order, at most 50.
    #[serde(default)]
    pub images: Vec<Image>,
    /// One mark per cookie that would be sent to this page; it changes when the cookie does.
    pub cookies: Vec<CookieMark>,
    /// Number of scripts.
    pub scripts: u32,
    /// Whether an element that only scripts fill is there and empty.
    pub empty_app_root: bool,
    /// What the page says to those without scripts.
    pub noscript: Option<String>,
    /// Length of the visible text in characters.
    pub text_length: usize,
}

/// A sign-in of the HTTP layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Whether the driver can answer one of the offered schemes.
    pub supported: bool,
    /// What the site calls the protected area.
    pub realm: Option<String>,
}

/// A heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// Its place.
    pub uid: Uid,
    /// 1 to 6.
    pub level: u8,
    /// Its text.
    pub text: String,
}

/// A form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Its place.
    pub uid: Uid,
    /// Id, name and class in one text, for words.
    pub names: String,
    /// Where it is sent, absolute.
    pub action: Option<Url>,
    /// Whether it is sent as POST.
    pub post: bool,
    /// Whether a script takes the submit.
    pub scripted: bool,
    /// Whether it can be seen.
    pub visible: Visible,
    /// Whether it is marked as a search.
    pub search: bool,
}

/// Whether people can see an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visible {
    /// Yes, by layout.
    Yes,
    /// No.
    No,
    /// There is no layout to tell, and nothing hides it.
    Unknown,
}

impl Visible {
    /// Whether nothing says that it is hidden.
    #[must_use]
    pub const fn likely(self) -> bool {
        !matches!(self, Self::No)
    }
}

/// Something that takes a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of the element")]
pub struct Input {
    /// Its place.
    pub uid: Uid,
    /// The form that owns it.
    pub form: Option<Uid>,
    /// The origin of the frame it is in, if it is in one.
    pub frame: Option<String>,
    /// `text`, `password`, `radio` …; also `select` and `textarea`.
    pub kind: String,
    /// The name it is sent under.
    pub name: Option<String>,
    /// Its id.
    pub id: Option<String>,
    /// Its classes.
    pub class: String,
    /// Placeholder text.
    pub placeholder: Option<String>,
    /// The labels that belong to it, and what stands beside it.
    pub label: String,
    /// The autocomplete attribute.
    pub autocomplete: Option<String>,
    /// The inputmode attribute.
    pub inputmode: Option<String>,
    /// The pattern attribute.
    pub pattern: Option<String>,
    /// The most characters it takes.
    pub max_length: Option<u32>,
    /// Whether it must be filled.
    pub required: bool,
    /// Whether it cannot be changed.
    pub readonly: bool,
    /// Whether it is marked as invalid.
    pub invalid: bool,
    /// Whether it has a value already.
    pub filled: bool,
    /// Whether it can be seen.
    pub visible: Visible,
    /// For a select: value and label of what may be picked.
    pub options: Vec<(String, String)>,
}

/// Something that is pressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// Its place.
    pub uid: Uid,
    /// The form that owns it.
    pub form: Option<Uid>,
    /// Whether pressing it sends its form.
    pub submits: bool,
    /// Its words.
    pub text: String,
    /// The name it is sent under.
    pub name: Option<String>,
    /// Name, id, value and class in one text, for words.
    pub names: String,
    /// Where it sends the form instead of the form's own target.
    pub action: Option<Url>,
    /// Whether it cannot be pressed.
    pub disabled: bool,
    /// Whether it can be seen.
    pub visible: Visible,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its place.
    pub uid: Uid,
    /// Its words.
    pub text: String,
    /// Where it leads, absolute.
    pub href: Url,
    /// Whether it can be seen.
    pub visible: Visible,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Its place.
    pub uid: Uid,
    /// Its id, class, file name and words in one text.
    pub names: String,
    /// Whether it can be seen.
    pub visible: Visible,
}

/// A block of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Its place.
    pub uid: Uid,
    /// The form it is in.
    pub form: Option<Uid>,
    /// Its element.
    pub tag: String,
    /// The text.
    pub text: String,
    /// Class, id and role of the element and of the two above it, for words.
    pub marks: String,
    /// Whether it is announced: `role=alert`, `role=status` or a live region.
    pub live: bool,
    /// Whether an input names it as its error or description.
    pub describes_input: bool,
    /// Whether it is the text of a label, a button or a link.
    pub of_control: bool,
    /// Whether it can be seen.
    pub visible: Visible,
}

/// A cookie's name and a mark of its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CookieMark {
    /// Its name.
    pub name: String,
    /// A keyed hash of its value; the key lives as long as the driver.
    pub mark: u64,
}
