//! From what a client sent to an operation that may be executed: found or parsed once, weighed, chosen.

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
};
use async_graphql::parser::{self, parse_query};
use async_graphql::{Extensions, Positioned, Request, ServerError, Value, Variables};
use serde::Deserialize;

use super::arrange::Order;
use super::cost::Cost;
use super::documents::Documents;
use super::known::Known;
use super::refusal::{Refusal, coded};
use super::settings::DocumentLimits;
use super::shape::Shape;
use super::{cost, lexical, limit};

/// The parameters of a request, on every transport.
#[derive(Deserialize)]
#[serde(try_from = "Given")]
pub(super) struct Params {
    source: Source,
    operation_name: Option<String>,
    variables: Variables,
    extensions: Option<Extensions>,
}

/// Where the document is.
enum Source {
    /// In the request.
    Text(String),
    /// In the operator's list.
    Id(String),
}

/// The parameters as they are written.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Given {
    #[serde(default)]
    pub(super) query: Option<String>,
    #[serde(default)]
    pub(super) document_id: Option<String>,
    #[serde(default)]
    pub(super) operation_name: Option<String>,
    #[serde(default)]
    pub(super) variables: Variables,
    #[serde(default)]
    pub(super) extensions: Option<Extensions>,
}

impl TryFrom<Given> for Params {
    type Error = &'static str;

    fn try_from(given: Given) -> Result<Self, Self::Error> {
        let source = match (given.query, given.document_id) {
            (Some(_), Some(_)) => return Err("query and documentId cannot be given together"),
            (Some(text), None) => Source::Text(text),
            (None, Some(id)) => Source::Id(id),
            (None, None) => {
                let hash = given.extensions.as_ref().and_then(hash_of);
                Source::Id(hash.ok_or("query is missing, and so is documentId")?)
            }
        };
        let Given { operation_name, variables, extensions, .. } = given;
        Ok(Self { source, operation_name, variables, extensions })
    }
}

/// The id as Apollo's clients send it.
fn hash_of(extensions: &Extensions) -> Option<String> {
    let Value::Object(persisted) = extensions.get("persistedQuery")? else { return None };
    let Value::String(hash) = persisted.get("sha256Hash")? else { return None };
    Some(format!("sha256:{hash}"))
}

impl Params {
    /// Reads a JSON object; a list would be a batch, which is refused.
    pub(super) fn from_json(json: &[u8], limits: &DocumentLimits) -> Result<Self, Refusal> {
        match json.trim_ascii_start().first() {
            Some(b'{') => {}
            Some(b'[') => return Err(Refusal::malformed("Batches are not accepted: send one JSON object.")),
            _ => return Err(Refusal::malformed("The body must be one JSON object.")),
        }
        lexical::check_json(json, limits)?;
        serde_json::from_slice(json)
            .map_err(|error| Refusal::malformed(format!("The body is not a GraphQL request: {error}.")))
    }

    /// Whether the answer is to say what it cost: the extension `cost: true`.
    fn wants_cost(&self) -> bool {
        let asked = self.extensions.as_ref().and_then(|extensions| extensions.get("cost"));
        matches!(asked, Some(Value::Boolean(true)))
    }
}

/// What will be executed.
pub(super) struct Operation {
    /// Query, mutation or subscription.
    pub(super) kind: OperationType,
    /// The request, with its document parsed.
    pub(super) request: Request,
    /// The order of the answer's fields.
    pub(super) order: Order,
    /// What it costs, if the client wants to read it.
    pub(super) cost: Option<Cost>,
}

/// What operations are read by.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) limits: &'a DocumentLimits,
    pub(super) documents: &'a Documents,
    pub(super) known: &'a Known,
    pub(super) shape: &'a Shape,
}

/// Parses and weighs the document of `params`, and chooses its operation.
pub(super) fn read(params: Params, rules: Rules<'_>) -> Result<Operation, Refusal> {
    let wants_cost = params.wants_cost();
    let (text, document) = find(params.source, rules)?;
    let operation = choose(&document, params.operation_name.as_deref())?;
    check_variables(&operation.node, &params.variables)?;
    let kind = operation.node.ty;
    if kind == OperationType::Subscription {
        check_single_root(operation)?;
    }
    let requested = cost::of(&document, &operation.node, &params.variables, rules.shape)?;
    let cost = Cost { requested, limit: rules.limits.cost }.check()?;
    let order = Order::of(&document, &operation.node);
    let mut request = Request::new(text).variables(params.variables);
    request.operation_name = params.operation_name;
    request.extensions = params.extensions.unwrap_or_default();
    request.set_parsed_query(document);
    Ok(Operation { kind, request, order, cost: wants_cost.then_some(cost) })
}

/// The text and its document, which is within the limits.
fn find(source: Source, rules: Rules<'_>) -> Result<(String, ExecutableDocument), Refusal> {
    let text = match source {
        Source::Text(text) => text,
        Source::Id(id) => {
            let known = rules.documents.find(&id)?;
            return Ok((known.text.clone(), known.document.clone()));
        }
    };
    rules.documents.check_open()?;
    let document = match rules.known.find(&text) {
        Some(document) => document,
        None => parsed(&text, rules)?,
    };
    Ok((text, document))
}

fn parsed(text: &str, rules: Rules<'_>) -> Result<ExecutableDocument, Refusal> {
    lexical::check(text, rules.limits)?;
    let document = parse_query(text).map_err(unparsable)?;
    limit::check(&document, rules.limits)?;
    rules.known.keep(text, &document);
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
