//! The controls of a page as they are sent: what a snapshot has no need to know.

use std::collections::HashMap;

use crate::domain::Secret;
use crate::domain::snapshot::Uid;

/// A control of a page.
#[derive(Clone, Default)]
pub(in crate::driver) struct Control {
    pub(in crate::driver) uid: Uid,
    pub(in crate::driver) form: Option<Uid>,
    pub(in crate::driver) name: String,
    pub(in crate::driver) kind: Kind,
    /// The value the page gives it.
    pub(in crate::driver) value: String,
    pub(in crate::driver) checked: bool,
    pub(in crate::driver) disabled: bool,
    pub(in crate::driver) options: Vec<Choice>,
    pub(in crate::driver) multiple: bool,
    /// A button's own target, method and encoding.
    pub(in crate::driver) overrides: Overrides,
}

/// What a control is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::driver) enum Kind {
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
pub(in crate::driver) struct Choice {
    pub(in crate::driver) value: String,
    pub(in crate::driver) selected: bool,
    pub(in crate::driver) disabled: bool,
}

/// What a button may say instead of its form.
#[derive(Clone, Default)]
pub(in crate::driver) struct Overrides {
    pub(in crate::driver) action: Option<String>,
    pub(in crate::driver) method: Option<String>,
    pub(in crate::driver) enctype: Option<String>,
}

/// A form as it is sent.
#[derive(Clone, Default)]
pub(in crate::driver) struct FormTarget {
    pub(in crate::driver) uid: Uid,
    pub(in crate::driver) action: Option<String>,
    pub(in crate::driver) method: Option<String>,
    pub(in crate::driver) enctype: Option<String>,
}

/// What was typed and picked on the page since it came.
#[derive(Default)]
pub(in crate::driver) struct Typed {
    pub(in crate::driver) values: HashMap<Uid, Secret>,
    pub(in crate::driver) picked: Vec<Uid>,
    /// Radio buttons that another one took the dot from.
    pub(in crate::driver) released: Vec<Uid>,
}

impl Control {
    /// Whether it can send its form.
    pub(in crate::driver) const fn submits(&self) -> bool {
        matches!(self.kind, Kind::Submit | Kind::Image)
    }

    /// What it adds to a submit; a button only if it was the one that was pressed.
    pub(in crate::driver) fn entries(&self, typed: &Typed, pressed: Option<Uid>) -> Vec<(String, Secret)> {
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
