//! The shape of the schema, as its own introspection tells it: which field has which type, and what
//! may be null. The door needs it only to put right what a failed field leaves behind.

use std::collections::HashMap;

use async_graphql::parser::types::OperationType;
use async_graphql::{Executor, Request, from_value};
use serde::Deserialize;

const QUERY: &str = "{
  __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types { name fields(includeDeprecated: true) { name type { ...T ofType { ...T ofType { ...T ofType {
      ...T ofType { ...T ofType { ...T ofType { ...T } } } } } } } } }
  }
}
fragment T on __Type { kind name }";

/// Types, and their fields by name.
#[derive(Default)]
pub(super) struct Shape {
    roots: Roots,
    types: HashMap<String, HashMap<String, Type>>,
}

#[derive(Default, Deserialize)]
struct Roots {
    #[serde(rename = "queryType")]
    query: Option<Named>,
    #[serde(rename = "mutationType")]
    mutation: Option<Named>,
    #[serde(rename = "subscriptionType")]
    subscription: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// What a type is, as far as nulls are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    NonNull,
    List,
    #[serde(other)]
    Named,
}

/// A type with what is wrapped around it.
#[derive(Deserialize)]
pub(super) struct Type {
    kind: Kind,
    name: Option<String>,
    #[serde(rename = "ofType")]
    inner: Option<Box<Type>>,
}

impl Type {
    /// Whether null is one of its values.
    pub(super) fn is_nullable(&self) -> bool {
        self.kind != Kind::NonNull
    }

    /// The type of an item, if this is a list.
    pub(super) fn item(&self) -> Option<&Self> {
        match self.kind {
            Kind::NonNull => self.inner.as_ref()?.item(),
            Kind::List => self.inner.as_deref(),
            Kind::Named => None,
        }
    }

    /// The name of the innermost type.
    pub(super) fn name(&self) -> Option<&str> {
        self.inner.as_ref().map_or(self.name.as_deref(), |inner| inner.name())
    }
}

impl Shape {
    /// Asks `executor`; where introspection is off, nothing is known.
    pub(super) async fn of<E: Executor>(executor: &E) -> Self {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "__schema")]
            schema: Schema,
        }
        #[derive(Deserialize)]
        struct Schema {
            #[serde(flatten)]
            roots: Roots,
            types: Vec<Fields>,
        }
        #[derive(Deserialize)]
        struct Fields {
            name: String,
            fields: Option<Vec<Field>>,
        }
        #[derive(Deserialize)]
        struct Field {
            name: String,
            #[serde(rename = "type")]
            ty: Type,
        }
        let response = executor.execute(Request::new(QUERY)).await;
        let Ok(Answer { schema }) = from_value(response.data) else { return Self::default() };
        let by_name = |fields: Vec<Field>| fields.into_iter().map(|field| (field.name, field.ty)).collect();
        let types = schema.types.into_iter();
        let types = types.map(|ty| (ty.name, by_name(ty.fields.unwrap_or_default()))).collect();
        Self { roots: schema.roots, types }
    }

    /// The name of the type an operation begins at.
    pub(super) fn root(&self, kind: OperationType) -> Option<&str> {
        let root = match kind {
            OperationType::Query => &self.roots.query,
            OperationType::Mutation => &self.roots.mutation,
            OperationType::Subscription => &self.roots.subscription,
        };
        root.as_ref().map(|named| named.name.as_str())
    }

    /// The type of a field.
    pub(super) fn field(&self, parent: &str, name: &str) -> Option<&Type> {
        self.types.get(parent)?.get(name)
    }
}
