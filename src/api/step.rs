//! Steps of a workflow, as `createJob` takes them.

use async_graphql::{Enum, InputObject, OneofObject};

use super::scalar::{Duration, Url};
use crate::domain::step as words;

/// Named steps.
#[derive(InputObject)]
pub(super) struct WorkflowInput {
    /// The key of its results in a run's output, 1..256 characters.
    name: String,
    /// What to do, in order; at most 100.
    steps: Vec<StepInput>,
}

/// One step: exactly one of these.
#[derive(OneofObject)]
pub(super) enum StepInput {
    /// Opens a page.
    Goto(GotoStep),
    /// Follows a link or presses a button.
    Click(ClickStep),
    /// Types into a field.
    Fill(FillStep),
    /// Waits until something is there.
    WaitFor(WaitForStep),
    /// Reads something.
    Extract(ExtractStep),
    /// Keeps a file.
    Download(DownloadStep),
}

/// Opens a page.
#[derive(InputObject)]
pub(super) struct GotoStep {
    /// Inside the allowed origins.
    url: Url,
    /// The most time it may take, PT1S..PT5M; default PT15S.
    timeout: Option<Duration>,
    /// Whether it may run again after a crash; default true.
    repeatable: Option<bool>,
}

/// Follows a link or presses a button.
#[derive(InputObject)]
pub(super) struct ClickStep {
    /// A CSS selector.
    selector: String,
    /// The most time it may take, PT1S..PT5M; default PT15S.
    timeout: Option<Duration>,
    /// Whether it may run again after a crash; default false.
    repeatable: Option<bool>,
}

/// Types into a field.
#[derive(InputObject)]
pub(super) struct FillStep {
    /// A CSS selector.
    selector: String,
    /// What to type, at most 2,000 characters.
    value: String,
    /// The most time it may take, PT1S..PT5M; default PT15S.
    timeout: Option<Duration>,
    /// Whether it may run again after a crash; default false.
    repeatable: Option<bool>,
}

/// Waits until something is there.
#[derive(InputObject)]
pub(super) struct WaitForStep {
    /// A CSS selector.
    selector: String,
    /// The most time it may take, PT1S..PT5M; default PT15S.
    timeout: Option<Duration>,
    /// Whether it may run again after a crash; default true.
    repeatable: Option<bool>,
}

/// What an extraction makes of what matches.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum ExtractAs {
    /// Its text, white space folded; or the attribute that was named.
    Text,
    /// Of a table: a list of rows, each a list of its cells' texts.
    Rows,
    /// Of a table: a list of objects, one for each row below the first, whose texts are the keys.
    Objects,
}

/// Reads text, an attribute or a table.
#[derive(InputObject)]
pub(super) struct ExtractStep {
    /// The key of the value in the workflow's results.
    name: String,
    /// A CSS selector.
    selector: String,
    /// An attribute instead of the text.
    attribute: Option<String>,
    /// All matches as a list, instead of the first.
    #[graphql(default)]
    many: bool,
    /// What to make of each match; a table may be read whole.
    #[graphql(name = "as", default_with = "ExtractAs::Text")]
    shape: ExtractAs,
    /// The most time it may take, PT1S..PT5M; default PT15S.
    timeout: Option<Duration>,
    /// Whether it may run again after a crash; default true.
    repeatable: Option<bool>,
}

/// Keeps the file that a link or a button hands out.
#[derive(InputObject)]
pub(super) struct DownloadStep {
    /// What you call the file, 1..256 characters.
    name: String,
    /// A CSS selector of a link, or of a button that sends a form.
    selector: String,
    /// The most time it may take, PT1S..PT5M; default PT15S.
    timeout: Option<Duration>,
    /// Whether it may run again after a crash; default true.
    repeatable: Option<bool>,
}

impl WorkflowInput {
    pub(super) fn into_words(self) -> words::Workflow {
        words::Workflow {
            name: self.name,
            steps: self.steps.into_iter().map(StepInput::into_words).collect(),
        }
    }
}

impl StepInput {
    fn into_words(self) -> words::Step {
        match self {
            Self::Goto(step) => words::Step::Goto(words::Goto {
                url: step.url.0,
                limits: limits(step.timeout, step.repeatable),
            }),
            Self::Click(step) => words::Step::Click(words::Click {
                selector: step.selector,
                limits: limits(step.timeout, step.repeatable),
            }),
            Self::Fill(step) => words::Step::Fill(words::Fill {
                selector: step.selector,
                value: step.value,
                limits: limits(step.timeout, step.repeatable),
            }),
            Self::WaitFor(step) => words::Step::WaitFor(words::WaitFor {
                selector: step.selector,
                limits: limits(step.timeout, step.repeatable),
            }),
            Self::Extract(step) => words::Step::Extract(words::Extract {
                name: step.name,
                selector: step.selector,
                attribute: step.attribute,
                many: step.many,
                shape: step.shape.into(),
                limits: limits(step.timeout, step.repeatable),
            }),
            Self::Download(step) => words::Step::Download(words::Download {
                name: step.name,
                selector: step.selector,
                limits: limits(step.timeout, step.repeatable),
            }),
        }
    }
}

impl From<ExtractAs> for words::Shape {
    fn from(shape: ExtractAs) -> Self {
        match shape {
            ExtractAs::Text => Self::Text,
            ExtractAs::Rows => Self::Rows,
            ExtractAs::Objects => Self::Objects,
        }
    }
}

fn limits(timeout: Option<Duration>, repeatable: Option<bool>) -> words::Limits {
    words::Limits { timeout: timeout.map(|timeout| timeout.0), repeatable }
}
