//! From what a client sent to an operation that may be executed: found or parsed once, weighed, chosen.

use std::sync::Arc;

use async_graphql::parser::types::{OperationDefinition, OperationType, Selection};
use async_graphql::{Extensions, Positioned, Request, Value, Variables};
use serde::Deserialize;

use super::cost::Cost;
use super::documents::Documents;
use super::known::Known;
use super::parsed::{Parsed, Validated};
use super::refusal::Refusal;
use super::settings::DocumentLimits;
use super::shape::Shape;
use super::{cost, lexical, parsed};

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
    /// Its document.
    pub(super) parsed: Arc<Parsed>,
    /// What is known of it.
    pub(super) known: Arc<parsed::Known>,
    /// Whether its variables are nothing but texts.
    pub(super) are_texts: bool,
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
    let parsed = find(params.source, rules)?;
    let (operation, known) = parsed.choose(params.operation_name.as_deref())?;
    check_variables(&operation.node, &params.variables)?;
    let kind = operation.node.ty;
    if kind == OperationType::Subscription {
        check_single_root(operation)?;
    }
    let requested = cost::of(&parsed.document, &operation.node, &params.variables, rules.shape)?;
    let cost = Cost { requested, limit: rules.limits.cost }.check()?;
    let are_texts = parsed::are_texts(&operation.node, &params.variables);
    // The document says it all: the executor needs no text.
    let mut request = Request::new("").variables(params.variables);
    request.operation_name = params.operation_name;
    request.extensions = params.extensions.unwrap_or_default();
    request.set_parsed_query(parsed.document.clone());
    if are_texts && known.was_executed() {
        request = request.data(Validated);
    }
    Ok(Operation { kind, request, parsed, known, are_texts, cost: wants_cost.then_some(cost) })
}

/// The document, which is within the limits.
fn find(source: Source, rules: Rules<'_>) -> Result<Arc<Parsed>, Refusal> {
    match source {
        Source::Id(id) => rules.documents.find(&id),
        Source::Text(text) => {
            rules.documents.check_open()?;
            if let Some(parsed) = rules.known.find(&text) {
                return Ok(parsed);
            }
            let parsed = Arc::new(Parsed::try_new(&text, rules.limits)?);
            rules.known.keep(&text, &parsed);
            Ok(parsed)
        }
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
