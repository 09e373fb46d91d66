//! Relay pages: `first`/`after`, `last`/`before`, at most 100, opaque keyset cursors.

use std::borrow::Cow;

use async_graphql::connection::{Edge, EmptyFields, PageInfo};
use async_graphql::{Error, Object, OutputType, Result, TypeName};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::error::coded;
use crate::store::Page;
use crate::store::page::{End, Rows};

/// How many rows a page has unless asked otherwise.
const DEFAULT: i32 = 20;
/// How many rows a page has at most.
pub(super) const MOST: i32 = 100;

/// A page of a list, as Relay has it, but for its `endCursor`: a page that was looked for may end behind its last row.
pub(super) struct Connection<T: OutputType> {
    edges: Vec<Edge<String, T, EmptyFields>>,
    has_previous: bool,
    has_next: bool,
    /// How far was looked, if that is further than the last row.
    looked_up_to: Option<String>,
}

impl<T: OutputType> Connection<T> {
    pub(super) fn new(has_previous: bool, has_next: bool) -> Self {
        Self { edges: Vec::new(), has_previous, has_next, looked_up_to: None }
    }

    pub(super) fn push(&mut self, cursor: String, node: T) {
        self.edges.push(Edge::new(cursor, node));
    }

    /// There may be more behind what was looked through.
    pub(super) fn goes_on_behind(&mut self, cursor: String) {
        (self.has_next, self.looked_up_to) = (true, Some(cursor));
    }
}

impl<T: OutputType> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

#[Object(name_type)]
impl<T: OutputType> Connection<T> {
    /// Information to aid in pagination.
    async fn page_info(&self) -> PageInfo {
        let cursor = |edge: &Edge<String, T, EmptyFields>| edge.cursor.clone();
        PageInfo {
            has_previous_page: self.has_previous,
            has_next_page: self.has_next,
            start_cursor: self.edges.first().map(cursor),
            end_cursor: self.looked_up_to.clone().or_else(|| self.edges.last().map(cursor)),
        }
    }

    /// A list of edges.
    async fn edges(&self) -> &[Edge<String, T, EmptyFields>] {
        &self.edges
    }

    /// A list of nodes.
    async fn nodes(&self) -> Vec<&T> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }
}

/// The arguments of a list, as clients give them.
#[derive(Default)]
pub(super) struct Args {
    pub(super) first: Option<i32>,
    pub(super) after: Option<String>,
    pub(super) last: Option<i32>,
    pub(super) before: Option<String>,
}

impl Args {
    /// A list that can only be read from its beginning.
    pub(super) fn forward(first: Option<i32>, after: Option<String>) -> Self {
        Self { first, after, ..Self::default() }
    }

    /// The page that is asked for.
    pub(super) fn page(&self) -> Result<Page> {
        let (limit, from) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(bad("first and last cannot be used together")),
            (None, Some(last)) => (last, End::Last),
            (first, None) => (first.unwrap_or(DEFAULT), End::First),
        };
        let uuid = |cursor: &Option<String>, name: &str| {
            cursor
                .as_deref()
                .map(|text| decode(text).ok_or_else(|| bad(&format!("{name} must be a cursor of this list"))))
        };
        Ok(Page {
            limit: size(limit)?,
            from,
            after: uuid(&self.after, "after").transpose()?,
            before: uuid(&self.before, "before").transpose()?,
        })
    }
}

/// A number of rows, checked.
pub(super) fn size(limit: i32) -> Result<u64> {
    if !(0..=MOST).contains(&limit) {
        return Err(bad(&format!("first and last must be from 0 to {MOST}")));
    }
    Ok(u64::from(limit.unsigned_abs()))
}

/// The default size or the one asked for, checked.
pub(super) fn first(first: Option<i32>) -> Result<u64> {
    size(first.unwrap_or(DEFAULT))
}

/// A page of rows as a connection.
pub(super) fn connection<M, T: OutputType>(
    page: Page,
    rows: Rows<M>,
    mut node: impl FnMut(M) -> (Uuid, T),
) -> Connection<T> {
    let (has_previous, has_next) = match page.from {
        End::First => (page.after.is_some(), rows.has_more),
        End::Last => (rows.has_more, page.before.is_some()),
    };
    let mut connection = Connection::new(has_previous, has_next);
    for row in rows.rows {
        let (id, node) = node(row);
        connection.push(encode(id), node);
    }
    if let Some(row) = rows.stopped_at {
        connection.goes_on_behind(encode(row));
    }
    connection
}

fn encode(id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(id.as_bytes())
}

fn decode(text: &str) -> Option<Uuid> {
    Uuid::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// A request that no retry makes better.
pub(super) fn bad(message: &str) -> Error {
    coded(Error::new(message), "BAD_REQUEST")
}
