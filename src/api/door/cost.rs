//! What an operation would cost, told from its text and variables before anything is executed.
//!
//! A field costs 1, a mutation 10 more. What is inside a page counts as often as `first` or `last` asks
//! for, and as often as the usual page has rows where neither does; what is inside any other list counts
//! ten times. So the cost is about the number of fields of the largest answer. Each fragment is counted
//! once and remembered: the work is linear in the text. It is done after [`super::limit`] has found
//! that the fragments end.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Value, Variables};

use super::refusal::Refusal;
use super::shape::{Fields, Items, Shape};

/// The rows of a page when nobody says how many.
const PAGE: usize = 20;
/// What a list that has no pages is taken to hold.
const LIST: usize = 10;
/// What a mutation costs beside its fields: a transaction.
const CHANGE: usize = 10;

/// What an operation costs, and what it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) requested: usize,
    pub(super) limit: usize,
}

impl Cost {
    /// Refuses what costs too much.
    pub(super) fn check(self) -> Result<Self, Refusal> {
        if self.requested <= self.limit { Ok(self) } else { Err(Refusal::too_dear(self)) }
    }

    /// As clients read it.
    pub(super) fn told(self) -> Value {
        let number = |count: usize| Value::from(u64::try_from(count).unwrap_or(u64::MAX));
        let told = [("requested", self.requested), ("limit", self.limit)];
        Value::Object(told.map(|(name, count)| (Name::new(name), number(count))).into())
    }
}

/// The most fields of a document that may not exist. Validation tells of each, and compares its name with all that
/// there are.
const UNKNOWN: usize = 20;

/// The cost of `operation`, unless too many of its fields do not exist.
pub(super) fn of(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
    shape: &Shape,
) -> Result<usize, Refusal> {
    let mut till =
        Till { document, operation, variables, shape, counted: HashMap::new(), unknown: Vec::new() };
    let root = shape.root(operation.ty).and_then(|root| shape.fields(root));
    let cost = till.set(root, &operation.selection_set.node);
    match till.unknown.as_slice() {
        [first, rest @ ..] if rest.len() >= UNKNOWN => {
            let count = till.unknown.len();
            let message =
                format!("The document asks for {count} fields that do not exist, the first is {first:?}.");
            Err(Refusal::invalid(message, None))
        }
        _ => Ok(cost),
    }
}

struct Till<'a> {
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    shape: &'a Shape,
    counted: HashMap<&'a str, usize>,
    unknown: Vec<&'a str>,
}

impl<'a> Till<'a> {
    /// What `set` costs on a type with the fields `on`. What is not known costs as a field: validation
    /// refuses it.
    fn set(&mut self, on: Option<&'a Fields>, set: &'a SelectionSet) -> usize {
        let costs = set.items.iter().map(|selection| self.selection(on, &selection.node));
        costs.fold(0, usize::saturating_add)
    }

    fn selection(&mut self, on: Option<&'a Fields>, selection: &'a Selection) -> usize {
        match selection {
            Selection::Field(field) => self.field(on, &field.node),
            Selection::InlineFragment(inline) => {
                let named = inline.node.type_condition.as_ref();
                let on = named.map_or(on, |condition| self.shape.fields(&condition.node.on.node));
                self.set(on, &inline.node.selection_set.node)
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                let Some((name, fragment)) = self.document.fragments.get_key_value(name) else { return 0 };
                if let Some(cost) = self.counted.get(name.as_str()) {
                    return *cost;
                }
                let on = self.shape.fields(&fragment.node.type_condition.node.on.node);
                let cost = self.set(on, &fragment.node.selection_set.node);
                self.counted.insert(name, cost);
                cost
            }
        }
    }

    fn field(&mut self, on: Option<&'a Fields>, field: &'a Field) -> usize {
        let name = field.name.node.as_str();
        let known = on.and_then(|fields| fields.get(name));
        if on.is_some() && known.is_none() && name != "__typename" {
            self.unknown.push(name);
        }
        let itself = if known.is_some_and(|known| known.is_change) { 1 + CHANGE } else { 1 };
        if field.selection_set.node.items.is_empty() {
            return itself;
        }
        let inside = known.and_then(|known| self.shape.fields(known.type_name()?));
        let inside = self.set(inside, &field.selection_set.node);
        let times = match known.map_or(Items::One, |known| known.items) {
            Items::One => 1,
            Items::List => LIST,
            Items::Page => self.rows(field),
        };
        inside.saturating_mul(times).saturating_add(itself)
    }

    /// How many rows `field` asks for.
    fn rows(&self, field: &Field) -> usize {
        let sizes = field.arguments.iter().filter(|(name, _)| matches!(name.node.as_str(), "first" | "last"));
        let told =
            sizes.filter_map(|(_, size)| size.node.clone().into_const_with(|name| self.given(&name)).ok());
        told.filter_map(|size| number(&size)).max().unwrap_or(PAGE)
    }

    /// The value of a variable.
    fn given(&self, name: &Name) -> Result<Value, ()> {
        self.variables.get(name).or_else(|| self.default(name)).cloned().ok_or(())
    }

    fn default(&self, name: &Name) -> Option<&Value> {
        let definitions = self.operation.variable_definitions.iter();
        let mut named = definitions.filter(|definition| definition.node.name.node == *name);
        named.next()?.node.default_value.as_ref().map(|value| &value.node)
    }
}

/// A number of rows; a negative one is refused when it is read.
fn number(size: &Value) -> Option<usize> {
    let Value::Number(size) = size else { return None };
    Some(size.as_u64().map_or(0, |size| usize::try_from(size).unwrap_or(usize::MAX)))
}
