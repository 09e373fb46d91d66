//! Fields in the order in which they were selected (GraphQL specification, 7.2.2).
//!
//! The executor puts each field into the answer when it is ready, so what had to be read from the
//! database comes last. Here the order is taken from the document, once, and the answer is brought into
//! it by swapping entries: nothing is copied, and what is in order already is only looked at. What a
//! fragment selects on another type than the object's is not in the answer and has no place. Of fragments on
//! several types (`node`) that name the same fields in different orders, the first says the order.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Value};

/// Response keys in their order, each with those inside it.
#[derive(Default)]
pub(super) struct Order(IndexMap<Name, Order>);

impl Order {
    /// The order that `operation` of `document` asks for; its fragments must end.
    pub(super) fn of(document: &ExecutableDocument, operation: &OperationDefinition) -> Self {
        let mut order = Self::default();
        order.collect(document, &operation.selection_set.node);
        order
    }

    fn collect(&mut self, document: &ExecutableDocument, set: &SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let inside = self.0.entry(field.node.response_key().node.clone()).or_default();
                    inside.collect(document, &field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => {
                    self.collect(document, &inline.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                        self.collect(document, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    /// Brings `data` into this order.
    pub(super) fn arrange(&self, data: &mut Value) {
        match data {
            Value::List(items) => items.iter_mut().for_each(|item| self.arrange(item)),
            Value::Object(fields) => {
                // What is left out by a directive has no place.
                let mut place = 0;
                for (key, inside) in &self.0 {
                    let is_there = fields.get_index(place).is_some_and(|(known, _)| known == key);
                    let at = if is_there { Some(place) } else { fields.get_index_of(key) };
                    let Some(at) = at else { continue };
                    fields.swap_indices(at, place);
                    if let Some((_, field)) = fields.get_index_mut(place) {
                        inside.arrange(field);
                    }
                    place += 1;
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::value;

    use super::*;

    #[track_caller]
    fn assert_arranged(query: &str, mut data: Value, expected: &str) {
        let document = parse_query(query).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        Order::of(&document, &operation.node).arrange(&mut data);
        assert_eq!(serde_json::to_string(&data).unwrap(), expected, "{query}");
    }

    #[test]
    fn keys_come_as_they_were_selected_at_every_level() {
        let query = "{ c b { z y } a: b { ...F } } fragment F on B { y ... on B { z y } x }";
        let data = value!({ "a": [{ "x": 1, "z": 2, "y": 3 }, null], "b": { "y": 4, "z": 5 }, "c": 6 });

        let expected = r#"{"c":6,"b":{"z":5,"y":4},"a":[{"y":3,"z":2,"x":1},null]}"#;
        assert_arranged(query, data, expected);
    }

    #[test]
    fn a_field_that_is_selected_twice_stands_where_it_came_first() {
        let query = "{ a { x } b a { y } }";
        assert_arranged(query, value!({ "b": 1, "a": { "y": 2, "x": 3 } }), r#"{"a":{"x":3,"y":2},"b":1}"#);
    }

    #[test]
    fn what_was_skipped_and_the_inside_of_scalars_are_left_alone() {
        let query = "{ a @skip(if: true) data b }";
        let expected = r#"{"data":{"z":1,"a":2},"b":3}"#;
        assert_arranged(query, value!({ "b": 3, "data": { "z": 1, "a": 2 } }), expected);
    }
}
