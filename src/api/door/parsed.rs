//! A document that was read, with all that its text alone tells: what is the same each time it is sent.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::parser::types::{
    BaseType, DocumentOperations, ExecutableDocument, OperationDefinition, VariableDefinition,
};
use async_graphql::parser::{self, parse_query};
use async_graphql::{Name, Positioned, ServerError, Value, Variables};

use super::arrange::Order;
use super::refusal::{Refusal, coded};
use super::settings::DocumentLimits;
use super::{lexical, limit};

/// In the data of a request whose document was validated before, and whose variables hold nothing that validation
/// would look at again: it may be executed without that.
pub struct Validated;

/// A document within the limits.
pub(super) struct Parsed {
    pub(super) document: ExecutableDocument,
    /// The order of the answer's fields, by the name of the operation.
    orders: HashMap<Option<Name>, Arc<Order>>,
    /// Whether it was executed: it has passed validation then.
    was_executed: AtomicBool,
}

impl Parsed {
    /// Weighs and parses `text`.
    pub(super) fn try_new(text: &str, limits: &DocumentLimits) -> Result<Self, Refusal> {
        lexical::check(text, limits)?;
        let document = parse_query(text).map_err(unparsable)?;
        limit::check(&document, limits)?;
        let operations = document.operations.iter();
        let orders = operations
            .map(|(name, operation)| (name.cloned(), Arc::new(Order::of(&document, &operation.node))));
        Ok(Self { orders: orders.collect(), was_executed: AtomicBool::new(false), document })
    }

    /// The operation that is meant, and the order of its answer.
    pub(super) fn choose(
        &self,
        name: Option<&str>,
    ) -> Result<(&Positioned<OperationDefinition>, Arc<Order>), Refusal> {
        let (name, operation) = match (&self.document.operations, name) {
            (DocumentOperations::Single(operation), None) => (None, operation),
            (DocumentOperations::Single(_), Some(_)) => {
                return Err(Refusal::invalid("operationName is given, but the operation has no name.", None));
            }
            (DocumentOperations::Multiple(operations), Some(name)) => match operations.get_key_value(name) {
                Some((name, operation)) => (Some(name.clone()), operation),
                None => {
                    return Err(Refusal::invalid(format!("The document has no operation {name:?}."), None));
                }
            },
            (DocumentOperations::Multiple(operations), None) => match operations.iter().next() {
                Some((name, operation)) if operations.len() == 1 => (Some(name.clone()), operation),
                _ => return Err(Refusal::invalid("operationName must say which operation is meant.", None)),
            },
        };
        Ok((operation, self.orders.get(&name).cloned().unwrap_or_default()))
    }

    /// Remembers that it was executed.
    pub(super) fn executed(&self) {
        self.was_executed.store(true, Ordering::Relaxed);
    }

    /// Whether validation would say nothing new of `operation` with these variables. It looks into objects, lists,
    /// numbers and names of enums; a text is a text.
    pub(super) fn is_validated(&self, operation: &OperationDefinition, given: &Variables) -> bool {
        let is_text = |variable: &VariableDefinition| {
            let BaseType::Named(name) = &variable.var_type.node.base else { return false };
            matches!(name.as_str(), "ID" | "String")
                && matches!(given.get(&variable.name.node), None | Some(Value::Null | Value::String(_)))
        };
        self.was_executed.load(Ordering::Relaxed)
            && operation.variable_definitions.iter().all(|variable| is_text(&variable.node))
    }
}

/// The parser draws a picture of the line, which may be the whole text: the reason alone is enough.
fn unparsable(error: parser::Error) -> Refusal {
    let mut said = ServerError::from(error);
    if let Some((_, reason)) = said.message.rsplit_once("= ") {
        said.message = format!("The document cannot be parsed: {reason}.");
    }
    Refusal::document(vec![coded(said, "BAD_REQUEST")])
}
