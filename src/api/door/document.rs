//! From what a client sent to an operation that may be executed: parsed once, weighed, chosen.

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
};
use async_graphql::parser::{self, parse_query};
use async_graphql::{Extensions, Positioned, Request, ServerError, Value, Variables};
use serde::Deserialize;

use super::known::Known;
use super::refusal::{Refusal, coded};
use super::settings::DocumentLimits;
use super::{lexical, limit};

/// The parameters of a request, on every transport.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Params {
    pub(super) query: String,
    #[serde(default)]
    pub(super) operation_name: Option<String>,
    #[serde(default)]
    pub(super) variables: Variables,
    #[serde(default)]
    pub(super) extensions: Option<Extensions>,
}

impl Params {
    /// Reads a JSON object; a list would be a batch, which is refused.
    pub(super) fn from_json(json: &[u8]) -> Result<Self, Refusal> {
        match json.trim_ascii_start().first() {
            Some(b'{') => {}
            Some(b'[') => return Err(Refusal::malformed("Batches are not accepted: send one JSON object.")),
            _ => return Err(Refusal::malformed("The body must be one JSON object.")),
        }
        serde_json::from_slice(json)
            .map_err(|error| Refusal::malformed(format!("The body is not a GraphQL request: {error}.")))
    }
}

/// What will be executed.
pub(super) struct Operation {
    /// Query, mutation or subscription.
    pub(super) kind: OperationType,
    /// The request, with its document parsed.
    pub(super) request: Request,
}

/// Parses and weighs the document of `params`, unless it is known, and chooses its operation.
pub(super) fn read(params: Params, limits: &DocumentLimits, known: &Known) -> Result<Operation, Refusal> {
    let document = match known.find(&params.query) {
        Some(document) => document,
        None => parsed(&params.query, limits, known)?,
    };
    let operation = choose(&document, params.operation_name.as_deref())?;
    check_variables(&operation.node, &params.variables)?;
    let kind = operation.node.ty;
    if kind == OperationType::Subscription {
        check_single_root(operation)?;
    }
    let mut request = Request::new(params.query).variables(params.variables);
    request.operation_name = params.operation_name;
    request.extensions = params.extensions.unwrap_or_default();
    request.set_parsed_query(document);
    Ok(Operation { kind, request })
}

fn parsed(text: &str, limits: &DocumentLimits, known: &Known) -> Result<ExecutableDocument, Refusal> {
    lexical::check(text, limits)?;
    let document = parse_query(text).map_err(unparsable)?;
    limit::check(&document, limits)?;
    known.keep(text, &document);
    Ok(document)
}

/// The parser draws a picture of the line, which may be the whole text: the reason alone is enough.
fn unparsable(error: parser::Error) -> Refusal {
    let mut said = ServerError::from(error);
    if let Some((_, reason)) = said.message.rsplit_once("= ") {
        said.message = format!("The document cannot be parsed: {reason}.");
    }
    Refusal::document(vec![coded(said, "BAD_REQUEST")])
}

fn choose<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a Positioned<OperationDefinition>, Refusal> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok(operation),
        (DocumentOperations::Single(_), Some(_)) => {
            Err(Refusal::invalid("operationName is given, but the operation has no name.", None))
        }
        (DocumentOperations::Multiple(operations), Some(name)) => operations
            .get(name)
            .ok_or_else(|| Refusal::invalid(format!("The document has no operation {name:?}."), None)),
        (DocumentOperations::Multiple(operations), None) => match operations.values().next() {
            Some(operation) if operations.len() == 1 => Ok(operation),
            _ => Err(Refusal::invalid("operationName must say which operation is meant.", None)),
        },
    }
}

/// Variables that must be there are looked for here: the executor would only miss those it uses.
fn check_variables(operation: &OperationDefinition, given: &Variables) -> Result<(), Refusal> {
    for definition in &operation.variable_definitions {
        let variable = &definition.node;
        let is_missing = match given.get(&variable.name.node) {
            None => variable.default_value.is_none(),
            Some(value) => *value == Value::Null,
        };
        if is_missing && !variable.var_type.node.nullable {
            let (name, ty) = (&variable.name.node, &variable.var_type.node);
            let message = format!("The variable ${name} of type {ty} must be given and not be null.");
            return Err(Refusal::invalid(message, Some(definition.pos)));
        }
    }
    Ok(())
}

/// A subscription has one root field (GraphQL specification, 5.2.4.1), and the executor looks for it
/// at the top only: several it would merge, and one inside a fragment it would never find.
fn check_single_root(operation: &Positioned<OperationDefinition>) -> Result<(), Refusal> {
    match operation.node.selection_set.node.items.as_slice() {
        [selection] if matches!(selection.node, Selection::Field(_)) => Ok(()),
        _ => Err(Refusal::invalid(
            "A subscription must select exactly one field at its top, not through a fragment.",
            Some(operation.pos),
        )),
    }
}
