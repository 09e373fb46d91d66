//! What a parsed document would cost once its fragments are spread out.
//!
//! Validation walks every spread again, so twenty fragments that each spread the next one twice are
//! a million selections in 700 bytes. Here each fragment is weighed once and its weight remembered:
//! the work is linear in the text, whatever it expands to. The walk itself is bounded too: it goes no
//! deeper than the nesting that is allowed, and a fragment that reaches itself ends it.

use std::collections::HashMap;

use async_graphql::Positioned;
use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};

use super::refusal::Refusal;
use super::settings::DocumentLimits;

/// The lists of an introspection whose nesting multiplies the answer.
const LISTS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];

/// Refuses a document that asks for more than `limits` allow; returns its selections, with every fragment spread out.
pub(super) fn check(document: &ExecutableDocument, limits: &DocumentLimits) -> Result<usize, Refusal> {
    let mut scales = Scales { document, limits, weighed: HashMap::new() };
    let mut selections = 0_usize;
    for (_, operation) in document.operations.iter() {
        let weight = scales.operation(&operation.node)?;
        selections = selections.saturating_add(weight.selections);
    }
    for (name, fragment) in &document.fragments {
        let weight = scales.fragment(name, fragment, limits.nesting)?;
        selections = selections.saturating_add(weight.selections);
    }
    within(selections, limits.selections, "selections, with every fragment spread out")?;
    Ok(selections)
}

fn within(count: usize, limit: usize, what: &str) -> Result<(), Refusal> {
    if count <= limit { Ok(()) } else { Err(Refusal::too_complex(what, limit)) }
}

/// What a selection set amounts to.
#[derive(Clone, Copy, Default)]
struct Weight {
    selections: usize,
    aliases: usize,
    directives: usize,
    /// Fields at its own level.
    width: usize,
    /// Fields inside fields.
    depth: usize,
    /// Selection sets inside one another, those of fragments counted.
    nesting: usize,
    /// Introspection lists inside one another.
    lists: usize,
}

impl Weight {
    /// Both, one beside the other.
    fn beside(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            width: self.width.saturating_add(other.width),
            depth: self.depth.max(other.depth),
            nesting: self.nesting.max(other.nesting),
            lists: self.lists.max(other.lists),
        }
    }

    /// What a spread or inline fragment with this inside and `directives` on it amounts to.
    fn as_fragment(self, directives: usize) -> Self {
        let itself = Self { selections: 1, directives, ..Self::default() };
        Self { nesting: self.nesting + 1, ..self }.beside(itself)
    }

    /// What `field` with this inside amounts to.
    fn as_field(self, field: &Field) -> Self {
        let itself = Self {
            selections: 1,
            aliases: usize::from(field.alias.is_some()),
            directives: field.directives.len(),
            ..Self::default()
        };
        let lists = self.lists + usize::from(LISTS.contains(&field.name.node.as_str()));
        let inside = Self { depth: self.depth + 1, nesting: self.nesting + 1, lists, ..self };
        Self { width: 1, ..inside.beside(itself) }
    }
}

/// How far the weighing of a fragment has come.
#[derive(Clone, Copy)]
enum Weighed {
    Begun,
    Done(Weight),
}

struct Scales<'a> {
    document: &'a ExecutableDocument,
    limits: &'a DocumentLimits,
    weighed: HashMap<&'a str, Weighed>,
}

impl<'a> Scales<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Weight, Refusal> {
        let limits = self.limits;
        let weight = self.set(&operation.selection_set.node, limits.nesting)?;
        let directives = weight.directives.saturating_add(operation.directives.len());
        within(weight.selections, limits.selections, "selections, with every fragment spread out")?;
        within(weight.depth, limits.depth, "fields inside one another")?;
        within(weight.nesting, limits.nesting, "selection sets inside one another")?;
        within(weight.aliases, limits.aliases, "aliases")?;
        within(directives, limits.directives, "directives")?;
        within(weight.width, limits.root_fields, "fields at its top")?;
        Ok(weight)
    }

    /// Weighs `set`, which may nest `room` deep.
    fn set(&mut self, set: &'a SelectionSet, room: usize) -> Result<Weight, Refusal> {
        let Some(room) = room.checked_sub(1) else {
            return Err(Refusal::too_complex("selection sets inside one another", self.limits.nesting));
        };
        let mut whole = Weight::default();
        for selection in &set.items {
            whole = whole.beside(self.selection(&selection.node, room)?);
        }
        Ok(whole)
    }

    fn selection(&mut self, selection: &'a Selection, room: usize) -> Result<Weight, Refusal> {
        match selection {
            Selection::Field(field) => self.field(&field.node, room),
            Selection::InlineFragment(inline) => {
                let inside = self.set(&inline.node.selection_set.node, room)?;
                Ok(inside.as_fragment(inline.node.directives.len()))
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                let inside = match self.document.fragments.get_key_value(name) {
                    Some((name, fragment)) => self.fragment(name, fragment, room)?,
                    // Validation says which fragment is missing.
                    None => Weight::default(),
                };
                Ok(inside.as_fragment(spread.node.directives.len()))
            }
        }
    }

    fn field(&mut self, field: &'a Field, room: usize) -> Result<Weight, Refusal> {
        let is_leaf = field.selection_set.node.items.is_empty();
        let inside = if is_leaf { Weight::default() } else { self.set(&field.selection_set.node, room)? };
        if matches!(field.name.node.as_str(), "__schema" | "__type") {
            let limit = self.limits.introspection_lists;
            within(inside.lists, limit, "introspection lists inside one another")?;
        }
        Ok(inside.as_field(field))
    }

    fn fragment(
        &mut self,
        name: &'a str,
        fragment: &'a Positioned<FragmentDefinition>,
        room: usize,
    ) -> Result<Weight, Refusal> {
        match self.weighed.get(name) {
            Some(Weighed::Done(weight)) => return Ok(*weight),
            Some(Weighed::Begun) => {
                let message = format!("The fragment {name} spreads itself.");
                return Err(Refusal::invalid(message, Some(fragment.pos)));
            }
            None => self.weighed.insert(name, Weighed::Begun),
        };
        let weight = self.set(&fragment.node.selection_set.node, room)?;
        self.weighed.insert(name, Weighed::Done(weight));
        Ok(weight)
    }
}
