//! Steps of a workflow: what to do with the signed-in session, in order.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Named steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// The key of its results in a run's output.
    pub name: String,
    /// What to do, in order.
    pub steps: Vec<Step>,
}

/// One step and its limits, in JSON as the API takes it: `{"goto": {"url": …, "timeout": "PT15S"}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Opens a page inside the allowed origins.
    Goto(Goto),
    /// Follows a link or presses a button.
    Click(Click),
    /// Types into a field of the page.
    Fill(Fill),
    /// Waits until something is there.
    WaitFor(WaitFor),
    /// Reads something from the page.
    Extract(Extract),
    /// Keeps the file that a link or a button hands out.
    Download(Download),
}

/// What every step may carry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// The most time it may take; default 15 s.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "iso8601")]
    pub timeout: Option<Duration>,
    /// Whether it may run again after a crash; default: all but click and fill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeatable: Option<bool>,
}

/// Opens `url`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Goto {
    /// Absolute, inside the allowed origins.
    pub url: String,
    #[serde(flatten)]
    /// Time and repetition.
    pub limits: Limits,
}

/// Follows a link or presses a button.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Click {
    /// A CSS selector.
    pub selector: String,
    #[serde(flatten)]
    /// Time and repetition.
    pub limits: Limits,
}

/// Types `value` into a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fill {
    /// A CSS selector.
    pub selector: String,
    /// What to type.
    pub value: String,
    #[serde(flatten)]
    /// Time and repetition.
    pub limits: Limits,
}

/// Waits until `selector` matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitFor {
    /// A CSS selector.
    pub selector: String,
    #[serde(flatten)]
    /// Time and repetition.
    pub limits: Limits,
}

/// Reads text, an attribute or a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extract {
    /// The key of the value in the workflow's results.
    pub name: String,
    /// A CSS selector.
    pub selector: String,
    /// An attribute instead of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// All matches as a list, instead of the first.
    #[serde(default)]
    pub many: bool,
    /// What becomes of each match.
    #[serde(default, rename = "as", skip_serializing_if = "Shape::is_text")]
    pub shape: Shape,
    #[serde(flatten)]
    /// Time and repetition.
    pub limits: Limits,
}

/// What an extraction makes of a match, in JSON as the API spells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Shape {
    /// Its text, or the attribute that was named.
    #[default]
    Text,
    /// Of a table: each row as a list of its cells' texts, the heading's row among them.
    Rows,
    /// Of a table: each row below the heading as an object, by the heading's texts.
    Objects,
}

impl Shape {
    /// Whether it is the one that is meant when nothing is said.
    #[must_use]
    pub fn is_text(&self) -> bool {
        *self == Self::Text
    }
}

/// Keeps the file that a link or a button hands out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Download {
    /// What the partner calls the file.
    pub name: String,
    /// A CSS selector of the link or button.
    pub selector: String,
    #[serde(flatten)]
    /// Time and repetition.
    pub limits: Limits,
}

/// How long a step may take unless it says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);

impl Step {
    /// The step's name, as the API spells it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Goto(_) => "goto",
            Self::Click(_) => "click",
            Self::Fill(_) => "fill",
            Self::WaitFor(_) => "waitFor",
            Self::Extract(_) => "extract",
            Self::Download(_) => "download",
        }
    }

    /// How long it may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.limits().timeout.unwrap_or(DEFAULT_TIMEOUT)
    }

    /// Whether it may run again after its worker died in the middle of it.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        let by_default = !matches!(self, Self::Click(_) | Self::Fill(_));
        self.limits().repeatable.unwrap_or(by_default)
    }

    /// Its limits.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        match self {
            Self::Goto(step) => &step.limits,
            Self::Click(step) => &step.limits,
            Self::Fill(step) => &step.limits,
            Self::WaitFor(step) => &step.limits,
            Self::Extract(step) => &step.limits,
            Self::Download(step) => &step.limits,
        }
    }
}

mod iso8601 {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::domain::duration;

    #[expect(clippy::ref_option, reason = "serde calls it with a reference to the field")]
    pub(super) fn serialize<S: Serializer>(value: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.serialize_str(&duration::format(*value)),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| duration::parse(&text).map_err(D::Error::custom)).transpose()
    }
}
