//! The controls of a page as they are sent: what a snapshot has no need to know.

use std::collections::HashMap;

use crate::domain::Secret;
use crate::domain::snapshot::Uid;

/// A control of a page.
#[derive(Clone, Default)]
pub(super) struct Control {
    pub(super) uid: Uid,
    pub(super) form: Option<Uid>,
    pub(super) name: String,
    pub(super) kind: Kind,
    /// The value the page gives it.
    pub(super) value: String,
    pub(super) checked: bool,
    pub(super) disabled: bool,
    pub(super) options: Vec<Choice>,
    pub(super) multiple: bool,
    /// A button's own target, method and encoding.
    pub(super) overrides: Overrides,
}

/// What a control is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text of any sort, hidden controls among them.
    #[default]
    Value,
    Radio,
    Checkbox,
    Select,
    File,
    Submit,
    Image,
    /// A button that sends nothing.
    Inert,
}

/// One option of a select.
#[derive(Clone, Default)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) selected: bool,
    pub(super) disabled: bool,
}

/// What a button may say instead of its form.
#[derive(Clone, Default)]
pub(super) struct Overrides {
    pub(super) action: Option<String>,
    pub(super) method: Option<String>,
    pub(super) enctype: Option<String>,
}

/// A form as it is sent.
#[derive(Clone, Default)]
pub(super) struct FormTarget {
    pub(super) uid: Uid,
    pub(super) action: Option<String>,
    pub(super) method: Option<String>,
    pub(super) enctype: Option<String>,
}

/// What was typed and picked on the page since it came.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) values: HashMap<Uid, Secret>,
    pub(super) picked: Vec<Uid>,
    /// Radio buttons that another one took the dot from.
    pub(super) released: Vec<Uid>,
}

impl Control {
    /// Whether it can send its form.
    pub(super) const fn submits(&self) -> bool {
        matches!(self.kind, Kind::Submit | Kind::Image)
    }

    /// What it adds to a submit; a button only if it was the one that was pressed.
    pub(super) fn entries(&self, typed: &Typed, pressed: Option<Uid>) -> Vec<(String, Secret)> {
        let name = |suffix: &str| {
            let dot = if self.name.is_empty() { "" } else { "." };
            format!("{}{dot}{suffix}", self.name)
        };
        let plain = |value: &str| (self.name.clone(), Secret::new(value.to_owned()));
        match self.kind {
            // Where in the picture the pointer was: a key press says 0, 0.
            Kind::Image if pressed == Some(self.uid) => {
                ["x", "y"].map(|axis| (name(axis), Secret::new("0".to_owned()))).into()
            }
            _ if self.name.is_empty() || self.disabled => Vec::new(),
            Kind::Submit if pressed == Some(self.uid) => vec![plain(&self.value)],
            Kind::Radio | Kind::Checkbox if self.is_ticked(typed) => vec![plain(&self.value)],
            Kind::Submit | Kind::Image | Kind::Inert | Kind::Radio | Kind::Checkbox => Vec::new(),
            Kind::Select => {
                self.selected(typed).into_iter().map(|value| (self.name.clone(), value)).collect()
            }
            Kind::File => vec![plain("")],
            Kind::Value => match typed.values.get(&self.uid) {
                Some(value) => vec![(self.name.clone(), value.clone())],
                None => vec![plain(&self.value)],
            },
        }
    }

    fn is_ticked(&self, typed: &Typed) -> bool {
        typed.picked.contains(&self.uid) || (self.checked && !typed.released.contains(&self.uid))
    }

    fn selected(&self, typed: &Typed) -> Vec<Secret> {
        if let Some(value) = typed.values.get(&self.uid) {
            return vec![value.clone()];
        }
        let able = || self.options.iter().filter(|option| !option.disabled);
        let chosen: Vec<&Choice> = able().filter(|option| option.selected).collect();
        let last = chosen.last().copied();
        let chosen = match (self.multiple, last) {
            (true, _) => chosen,
            (false, Some(last)) => vec![last],
            // A closed list shows its first option, and sends it.
            (false, None) => able().take(1).collect(),
        };
        chosen.into_iter().map(|option| Secret::new(option.value.clone())).collect()
    }
}
