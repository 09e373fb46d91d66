//! Keyset pages: rows after or before an id, newest or oldest first, flat at any depth; and the first rows of
//! several lists at once.

use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Query, UnionType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IdenStatic, Order, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Select,
};
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

impl Page {
    /// The same without what is not after `oldest` and before `newest`: one bound at each end, as no database
    /// makes use of a second one.
    pub(super) fn between(self, oldest: Option<Uuid>, newest: Option<Uuid>) -> Self {
        let after = Iterator::min(self.after.into_iter().chain(newest));
        Self { after, before: Ord::max(self.before, oldest), ..self }
    }

    /// Rows that were read from the page's end of the list, with one more than it holds.
    pub(super) fn cut<T>(&self, mut rows: Vec<T>) -> Rows<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        if self.from == End::Last {
            rows.reverse();
        }
        Rows { rows, has_more }
    }
}

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// `first: n`.
    First,
    /// `last: n`.
    Last,
}

impl End {
    /// The order in which a newest-first list is read from this end.
    pub(super) const fn order(self) -> Order {
        match self {
            Self::First => Order::Desc,
            Self::Last => Order::Asc,
        }
    }
}

/// Rows of a page in the list's order, and whether there is more beyond its far end.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether the list goes on beyond them.
    pub has_more: bool,
}

/// The first `limit` rows of each of several lists: one for each value of `list`, in the order of `key`.
pub(super) async fn first_of_each<E: EntityTrait>(
    db: &impl ConnectionTrait,
    query: Select<E>,
    (list, key): (E::Column, E::Column),
    limit: u64,
) -> Result<Vec<E::Model>, DbErr> {
    let (list, key) = (list.as_str(), key.as_str());
    let place = format!(r#"ROW_NUMBER() OVER (PARTITION BY "{list}" ORDER BY "{key}")"#);
    let mut placed = query.into_query();
    placed.expr_as(Expr::cust(place), Alias::new("place"));
    let mut first = Query::select();
    first
        .column(Asterisk)
        .from_subquery(placed, Alias::new("placed"))
        .and_where(Expr::col(Alias::new("place")).lte(limit))
        .order_by(Alias::new(key), sea_orm::Order::Asc);
    E::Model::find_by_statement(db.get_database_backend().build(&first)).all(db).await
}

/// A part of a list that an index has in order.
pub(super) struct Part<E: EntityTrait> {
    query: Select<E>,
    under: Option<(E::Column, Expr)>,
}

impl<E: EntityTrait> From<Select<E>> for Part<E> {
    fn from(query: Select<E>) -> Self {
        Self { query, under: None }
    }
}

impl<E: EntityTrait> Part<E> {
    /// The rows of `query` that have this value in the last column that an index has before the key.
    ///
    /// That they have it is said as a range of both columns, and they are ordered by both: so that index is the
    /// only one that has them in order. Said plainly, a database that takes columns for independent, or makes a
    /// plan for values that it does not know, may think that some other index finds a page sooner.
    pub(super) const fn under(query: Select<E>, value: (E::Column, Expr)) -> Self {
        Self { query, under: Some(value) }
    }

    /// The rows of the page.
    fn of(self, page: Page, key: E::Column) -> Select<E> {
        let mut query = self
            .query
            .apply_if(page.after, |query, after| query.filter(key.lt(after)))
            .apply_if(page.before, |query, before| query.filter(key.gt(before)));
        // Once more beside those above: a range of two columns says where to begin, and these what to pass over.
        if let Some((column, value)) = self.under {
            let both = || Expr::tuple([Expr::col(column), Expr::col(key)]);
            let bound = |id: Uuid| Expr::tuple([value.clone(), Expr::value(id)]);
            query = query
                .filter(both().lt(bound(page.after.unwrap_or(Uuid::max()))))
                .filter(both().gt(bound(page.before.unwrap_or(Uuid::nil()))))
                .order_by(column, page.from.order());
        }
        query.order_by(key, page.from.order()).limit(page.limit + 1)
    }
}

/// Reads a page of the newest-first list that consists of `parts`, which have no row in common: each is read
/// from an index that has it in order, so that what is rare costs no more than what is common.
pub(super) async fn newest_first_of<E: EntityTrait>(
    db: &impl ConnectionTrait,
    parts: Vec<Part<E>>,
    key: E::Column,
    page: Page,
) -> Result<Rows<E::Model>, DbErr> {
    let bounded = |part: Part<E>| {
        let part = part.of(page, key).into_query();
        // Neither database takes an order and a limit in a part of a union as it is.
        Query::select().column(Asterisk).from_subquery(part, Alias::new("part")).take()
    };
    let mut parts = parts.into_iter().map(bounded);
    let Some(mut union) = parts.next() else { return Ok(Rows { rows: Vec::new(), has_more: false }) };
    for part in parts {
        union.union(UnionType::All, part);
    }
    let mut first = Query::select();
    first
        .column(Asterisk)
        .from_subquery(union, Alias::new("parts"))
        .order_by(Alias::new(key.as_str()), page.from.order())
        .limit(page.limit + 1);
    let rows = E::Model::find_by_statement(db.get_database_backend().build(&first)).all(db).await?;
    Ok(page.cut(rows))
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
        page.cut(query.order_by($column, page.from.order()).limit(page.limit + 1).all($db).await?)
    }};
}

pub(super) use newest_first;
