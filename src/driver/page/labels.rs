//! Which words belong to which input.

use std::collections::HashMap;

use crate::domain::snapshot::{Input, Text};

/// Characters kept of a label.
const LABEL: usize = 200;

/// What is known about labels while the page is walked over.
#[derive(Default)]
pub(in crate::driver) struct Labels {
    by_id: HashMap<String, String>,
    /// Inputs (by index) and the ids that name their label.
    pub(in crate::driver) named_by: Vec<(usize, String)>,
    /// The last text, if no input came after it.
    last_text: Option<String>,
    /// A tick box without a label: the next text is its.
    waiting: Option<usize>,
}

impl Labels {
    /// A label has ended.
    pub(in crate::driver) fn label(
        &mut self,
        target: Option<&str>,
        inside: &[usize],
        text: &str,
        inputs: &mut [Input],
    ) {
        if text.is_empty() {
            return;
        }
        if let Some(id) = target.filter(|id| id.len() <= 200) {
            let known = self.by_id.entry(id.to_owned()).or_default();
            append(known, text);
        }
        for at in inside {
            if let Some(input) = inputs.get_mut(*at) {
                append(&mut input.label, text);
            }
        }
        self.last_text = None;
        self.waiting = None;
    }

    /// A text that is no label has ended.
    pub(in crate::driver) fn saw_text(&mut self, text: &str, inputs: &mut [Input]) {
        let short = text.chars().count() <= 120;
        let waiting = self.waiting.take().and_then(|at| inputs.get_mut(at));
        if let Some(input) = waiting.filter(|input| short && input.label.is_empty()) {
            text.clone_into(&mut input.label);
            return;
        }
        self.last_text = short.then(|| text.to_owned());
    }

    /// An input without a label of its own: tick boxes wait for the text after them, the others take the
    /// text before them.
    pub(in crate::driver) fn unlabelled(&mut self, at: usize, input: &mut Input, before: &str) {
        if matches!(input.kind.as_str(), "radio" | "checkbox") {
            self.waiting = Some(at);
            return;
        }
        let beside = (!before.is_empty() && before.chars().count() <= 80).then(|| before.to_owned());
        let near = beside.or_else(|| self.last_text.take()).filter(|_| input.placeholder.is_none());
        input.label = near.unwrap_or_default();
    }

    /// Gives the inputs what names them; what was only near them gives way.
    pub(in crate::driver) fn settle(&self, inputs: &mut [Input], (ids, texts): (&[Option<String>], &[Text])) {
        for input in inputs.iter_mut() {
            if let Some(label) = input.id.as_ref().and_then(|id| self.by_id.get(id)) {
                label.clone_into(&mut input.label);
            }
        }
        for (at, id) in &self.named_by {
            let found =
                ids.iter().position(|known| known.as_ref() == Some(id)).map(|at| texts[at].text.clone());
            if let (Some(text), Some(input)) = (found, inputs.get_mut(*at)) {
                input.label = text;
            }
        }
    }
}

fn append(label: &mut String, text: &str) {
    if !label.is_empty() && label.len() < LABEL {
        label.push(' ');
    }
    label.extend(text.chars().take(LABEL.saturating_sub(label.len())));
}
