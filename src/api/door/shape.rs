//! The shape of the schema, as its own introspection tells it: which field has which type, what may be
//! null, and what is a list. The door asks once. It needs to know in order to say what an operation would
//! cost, and to put right what a failed field leaves behind.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::OperationType;
use async_graphql::{Executor, Request, from_value};
use serde::Deserialize;

const QUERY: &str = "{
  __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types { name fields(includeDeprecated: true) { name args { name } type { ...T ofType { ...T ofType { ...T ofType {
      ...T ofType { ...T ofType { ...T ofType { ...T } } } } } } } } }
  }
}
fragment T on __Type { kind name }";

/// Types, and their fields by name.
#[derive(Default)]
pub(super) struct Shape {
    roots: Roots,
    types: HashMap<String, Fields>,
}

/// The fields of a type by name.
pub(super) type Fields = HashMap<String, Field>;

/// A field of a type.
pub(super) struct Field {
    ty: Type,
    /// How many items it may have.
    pub(super) items: Items,
    /// Whether it is a mutation.
    pub(super) is_change: bool,
}

impl Field {
    /// The name of its innermost type.
    pub(super) fn type_name(&self) -> Option<&str> {
        self.ty.name()
    }
}

/// How many items a field may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Items {
    /// One, or as many as the page around it.
    One,
    /// A list that is never long.
    List,
    /// As many as `first` or `last` asks for.
    Page,
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
        let response = executor.execute(Request::new(QUERY)).await;
        let Ok(Answer { schema }) = from_value(response.data) else { return Self::default() };
        let fields = schema.types.iter().flat_map(|ty| ty.fields.iter().flatten());
        let pages: HashSet<String> = fields
            .filter(|field| field.is_page())
            .filter_map(|field| field.ty.name())
            .map(str::to_owned)
            .collect();
        let mut types: HashMap<String, Fields> = HashMap::new();
        for ty in schema.types {
            let is_change = schema.roots.mutation.as_ref().is_some_and(|root| root.name == ty.name);
            let is_page = pages.contains(&ty.name);
            let fields = ty.fields.into_iter().flatten();
            let told = fields.map(|field| {
                let items = if is_page { Items::One } else { field.items() };
                (field.name, Field { ty: field.ty, items, is_change })
            });
            types.insert(ty.name, told.collect());
        }
        let mut shape = Self { roots: schema.roots, types };
        shape.add_introspection();
        shape
    }

    /// What every schema has at its top, and does not tell of.
    fn add_introspection(&mut self) {
        let Some(root) = &self.roots.query else { return };
        let fields = self.types.entry(root.name.clone()).or_default();
        for (name, ty) in [("__schema", "__Schema"), ("__type", "__Type")] {
            let ty = Type { kind: Kind::Named, name: Some(ty.to_owned()), inner: None };
            fields.insert(name.to_owned(), Field { ty, items: Items::One, is_change: false });
        }
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
        Some(&self.fields(parent)?.get(name)?.ty)
    }

    /// The fields of a type.
    pub(super) fn fields(&self, ty: &str) -> Option<&Fields> {
        self.types.get(ty)
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "__schema")]
    schema: Schema,
}

#[derive(Deserialize)]
struct Schema {
    #[serde(flatten)]
    roots: Roots,
    types: Vec<ToldType>,
}

#[derive(Deserialize)]
struct ToldType {
    name: String,
    fields: Option<Vec<ToldField>>,
}

#[derive(Deserialize)]
struct ToldField {
    name: String,
    args: Vec<Named>,
    #[serde(rename = "type")]
    ty: Type,
}

impl ToldField {
    fn is_page(&self) -> bool {
        self.args.iter().any(|argument| argument.name == "first")
    }

    fn items(&self) -> Items {
        if self.is_page() {
            Items::Page
        } else if self.ty.item().is_some() {
            Items::List
        } else {
            Items::One
        }
    }
}
