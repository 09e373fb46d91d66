//! What a failed field leaves behind (GraphQL specification, 6.4.4 "Handling Execution Errors").
//!
//! It is null; and where null is not allowed, so is what holds it, up to the first place that may be
//! null. The library leaves the field out instead, and an object without fields becomes null whatever
//! its type is. So the data of an answer with errors is gone over once more, along the paths of the
//! errors: first the holders that vanished come back, then the nulls are put and handed upwards.

use async_graphql::indexmap::IndexMap;
use async_graphql::indexmap::map::Entry;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, PathSegment, Response, Value};

use super::shape::{Shape, Type};

/// Puts `response`, the answer to the operation `name` of `document`, right.
pub(super) fn put(response: &mut Response, shape: &Shape, document: &ExecutableDocument, name: Option<&str>) {
    let Some(operation) = operation(&document.operations, name) else { return };
    let paths: Vec<_> = response.errors.iter().map(|error| error.path.clone()).collect();
    for path in &paths {
        restore(&mut response.data, path);
    }
    let walk = Walk { shape, document };
    let root = shape.root(operation.ty).map(str::to_owned);
    let place = Place { sets: vec![(root.as_deref(), &operation.selection_set.node)], ty: None };
    for path in paths.iter().filter(|path| !path.is_empty()) {
        walk.fail(&mut response.data, &place, path);
    }
}

fn operation<'a>(operations: &'a DocumentOperations, name: Option<&str>) -> Option<&'a OperationDefinition> {
    let mut all = operations.iter();
    let found = match name {
        Some(name) => all.find(|(known, _)| known.is_some_and(|known| known == name)),
        None => all.next(),
    };
    found.map(|(_, operation)| &operation.node)
}

/// Brings back the objects on the way to `path` that lost all their fields.
fn restore(value: &mut Value, path: &[PathSegment]) {
    let [segment, rest @ ..] = path else { return };
    match segment {
        PathSegment::Field(key) => {
            if *value == Value::Null {
                *value = Value::Object(IndexMap::new());
            }
            if let Value::Object(fields) = value
                && let Some(inside) = fields.get_mut(key.as_str())
            {
                restore(inside, rest);
            }
        }
        PathSegment::Index(index) => {
            if let Value::List(items) = value
                && let Some(item) = items.get_mut(*index)
            {
                restore(item, rest);
            }
        }
    }
}

/// A place in the answer: what was selected there, by the type it was selected on, and its own type.
struct Place<'a> {
    sets: Vec<(Option<&'a str>, &'a SelectionSet)>,
    ty: Option<&'a Type>,
}

impl Place<'_> {
    /// What is not known to forbid null allows it.
    fn is_nullable(&self) -> bool {
        self.ty.is_none_or(Type::is_nullable)
    }
}

struct Walk<'a> {
    shape: &'a Shape,
    document: &'a ExecutableDocument,
}

impl<'a> Walk<'a> {
    /// Puts null at `path` below `value`, or at `value` itself where it may not stay below; the answer
    /// is whether the null may stay here.
    fn fail(&self, value: &mut Value, place: &Place<'a>, path: &[PathSegment]) -> bool {
        let is_settled = match (path, &mut *value) {
            ([], _) => false,
            ([PathSegment::Field(key), rest @ ..], Value::Object(fields)) => {
                let inside = self.field(place, key);
                match fields.entry(Name::new(key)) {
                    Entry::Occupied(field) => self.fail(field.into_mut(), &inside, rest),
                    // Whatever was there has failed as a whole.
                    Entry::Vacant(field) => self.fail(field.insert(Value::Null), &inside, &[]),
                }
            }
            ([PathSegment::Index(index), rest @ ..], Value::List(items)) => {
                let item = Place { sets: place.sets.clone(), ty: place.ty.and_then(Type::item) };
                items.get_mut(*index).is_none_or(|inside| self.fail(inside, &item, rest))
            }
            // An error before this one has left a null here.
            _ => true,
        };
        if is_settled {
            return true;
        }
        *value = Value::Null;
        place.is_nullable()
    }

    /// The place of the field with the response key `key`.
    fn field(&self, place: &Place<'a>, key: &str) -> Place<'a> {
        let mut found = Vec::new();
        for (parent, set) in &place.sets {
            self.collect(*parent, set, key, &mut found);
        }
        let ty = found.iter().find_map(|(parent, field)| self.shape.field((*parent)?, &field.name.node));
        let sets = found.into_iter().map(|(parent, field)| {
            let ty = parent.and_then(|parent| self.shape.field(parent, &field.name.node));
            (ty.and_then(Type::name), &field.selection_set.node)
        });
        Place { sets: sets.collect(), ty }
    }

    fn collect(
        &self,
        parent: Option<&'a str>,
        set: &'a SelectionSet,
        key: &str,
        found: &mut Vec<(Option<&'a str>, &'a Field)>,
    ) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) if field.node.response_key().node == key => {
                    found.push((parent, &field.node));
                }
                Selection::Field(_) => {}
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref().map(|on| on.node.on.node.as_str());
                    self.collect(on.or(parent), &inline.node.selection_set.node, key, found);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        let on = fragment.node.type_condition.node.on.node.as_str();
                        self.collect(Some(on), &fragment.node.selection_set.node, key, found);
                    }
                }
            }
        }
    }
}
