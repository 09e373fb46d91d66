//! Keyset pages: rows after or before an id, newest or oldest first, flat at any depth.

use uuid::Uuid;

/// Which rows of a list to read.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// How many.
    pub limit: u64,
    /// From which end.
    pub from: End,
    /// Only rows after this one, in the list's own order.
    pub after: Option<Uuid>,
    /// Only rows before this one, in the list's own order.
    pub before: Option<Uuid>,
}

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// `first: n`.
    First,
    /// `last: n`.
    Last,
}

/// Rows of a page in the list's order, and whether there is more beyond its far end.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether the list goes on beyond them.
    pub has_more: bool,
}

/// Reads a page of the newest-first list that `$query` describes, keyed by `$column`.
macro_rules! newest_first {
    ($db:expr, $query:expr, $column:expr, $page:expr) => {{
        use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
        let page: $crate::store::Page = $page;
        let mut query = $query;
        if let Some(after) = page.after {
            query = query.filter($column.lt(after));
        }
        if let Some(before) = page.before {
            query = query.filter($column.gt(before));
        }
        let from_first = page.from == $crate::store::page::End::First;
        let order = if from_first { sea_orm::Order::Desc } else { sea_orm::Order::Asc };
        let mut rows = query.order_by($column, order).limit(page.limit + 1).all($db).await?;
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        if !from_first {
            rows.reverse();
        }
        $crate::store::page::Rows { rows, has_more }
    }};
}

pub(super) use newest_first;
