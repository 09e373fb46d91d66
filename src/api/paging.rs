//! Relay pages: `first`/`after`, `last`/`before`, at most 100, opaque keyset cursors.

use async_graphql::connection::{Connection, Edge, EmptyFields};
use async_graphql::{Error, OutputType, Result};
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

/// Rows that were read with one more than the page holds.
pub(super) fn cut<M>(page: Page, mut rows: Vec<M>) -> Rows<M> {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    Rows { rows, has_more }
}

/// A page of rows as a connection.
pub(super) fn connection<M, T: OutputType>(
    page: Page,
    rows: Rows<M>,
    mut node: impl FnMut(M) -> (Uuid, T),
) -> Connection<String, T> {
    let (has_previous, has_next) = match page.from {
        End::First => (page.after.is_some(), rows.has_more),
        End::Last => (rows.has_more, page.before.is_some()),
    };
    let mut connection = Connection::with_additional_fields(has_previous, has_next, EmptyFields);
    for row in rows.rows {
        let (id, node) = node(row);
        connection.edges.push(Edge::new(URL_SAFE_NO_PAD.encode(id.as_bytes()), node));
    }
    connection
}

fn decode(text: &str) -> Option<Uuid> {
    Uuid::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// A request that no retry makes better.
pub(super) fn bad(message: &str) -> Error {
    coded(Error::new(message), "BAD_REQUEST")
}
