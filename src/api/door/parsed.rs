//! A document that was read, with all that its text alone tells: what is the same each time it is sent.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::parser::types::{BaseType, DocumentOperations, ExecutableDocument, OperationDefinition};
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
    /// Selections, with every fragment spread out.
    pub(super) selections: usize,
    /// What is known of its operations, by their names.
    operations: HashMap<Option<Name>, Arc<Known>>,
}

/// What is known of an operation.
#[derive(Default)]
pub(super) struct Known {
    /// The order of the answer's fields.
    pub(super) order: Order,
    /// Whether it was executed with a text for each of its variables: then nothing of it was left unvalidated.
    was_executed: AtomicBool,
}

impl Parsed {
    /// Weighs and parses `text`.
    pub(super) fn try_new(text: &str, limits: &DocumentLimits) -> Result<Self, Refusal> {
        lexical::check(text, limits)?;
        let document = parse_query(text).map_err(unparsable)?;
        let selections = limit::check(&document, limits)?;
        let operations = document.operations.iter();
        let operations = operations.map(|(name, operation)| {
            let order = Order::of(&document, &operation.node);
            (name.cloned(), Arc::new(Known { order, ..Known::default() }))
        });
        Ok(Self { operations: operations.collect(), selections, document })
    }

    /// The operation that is meant, and what is known of it.
    pub(super) fn choose(
        &self,
        name: Option<&str>,
    ) -> Result<(&Positioned<OperationDefinition>, Arc<Known>), Refusal> {
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
        // Each has an entry.
        Ok((operation, self.operations.get(&name).cloned().unwrap_or_default()))
    }
}

impl Known {
    /// Remembers that the operation was executed with nothing but texts.
    pub(super) fn executed(&self) {
        self.was_executed.store(true, Ordering::Relaxed);
    }

    /// Whether it was.
    pub(super) fn was_executed(&self) -> bool {
        self.was_executed.load(Ordering::Relaxed)
    }
}

/// Whether each variable of `operation` is given, and is a text. Validation looks into everything else, and what
/// holds a variable that is not given it leaves alone.
pub(super) fn are_texts(operation: &OperationDefinition, given: &Variables) -> bool {
    operation.variable_definitions.iter().all(|variable| {
        let BaseType::Named(name) = &variable.node.var_type.node.base else { return false };
        matches!(name.as_str(), "ID" | "String")
            && matches!(given.get(&variable.node.name.node), Some(Value::String(_)))
    })
}

/// The parser draws a picture of the line, which may be the whole text: the reason alone is enough.
fn unparsable(error: parser::Error) -> Refusal {
    let mut said = ServerError::from(error);
    if let Some((_, reason)) = said.message.rsplit_once("= ") {
        said.message = format!("The document cannot be parsed: {reason}.");
    }
    Refusal::document(vec![coded(said, "BAD_REQUEST")])
}
