//! Keyset pages: rows after or before an id, newest or oldest first, flat at any depth; and the first rows of
//! several lists at once.
//!
//! What no index knows is looked for among so many rows at most: such a page may end before it is full, and says
//! from where to go on.

use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Query, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IdenStatic, Order,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

/// How many rows one page looks through at most for those that no index knows.
pub const MOST_LOOKED_THROUGH: u64 = STEP * STEPS;
/// How many of them at a time: a full page is mostly found among the first.
pub(super) const STEP: u64 = 1_000;
/// How often at most.
pub(super) const STEPS: u64 = 20;

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

    /// The page of rows that were read from its end of the list, with one more than it holds.
    #[must_use]
    pub fn cut<T>(&self, mut rows: Vec<T>) -> Rows<T> {
        let has_more = self.is_over(&rows);
        rows.truncate(self.most());
        if self.from == End::Last {
            rows.reverse();
        }
        Rows { rows, has_more, stopped_at: None }
    }

    fn is_over<T>(&self, rows: &[T]) -> bool {
        rows.len() > self.most()
    }

    fn most(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
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
    /// The last row that was looked at, if looking ended before the page was full and the list was over.
    pub stopped_at: Option<Uuid>,
}

impl<T> Rows<T> {
    /// Nothing at all.
    pub(crate) const NONE: Self = Self { rows: Vec::new(), has_more: false, stopped_at: None };
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
#[derive(Clone)]
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
    Ok(page.cut(first_of(db, parts, key, page).await?))
}

/// Reads such a page of those rows that are `wanted`, which no index knows; always from the beginning of the list.
pub(super) async fn newest_first_among<E: EntityTrait>(
    db: &impl ConnectionTrait,
    parts: Vec<Part<E>>,
    wanted: &Condition,
    key: E::Column,
    page: Page,
) -> Result<Rows<E::Model>, DbErr> {
    let page = Page { from: End::First, ..page };
    let (mut rest, mut rows) = (page, Vec::new());
    for _ in 0..STEPS {
        let end = end_of_step(db, parts.clone(), key, rest).await?;
        let step = end.map_or(rest, |(_, next)| Page { before: Some(next), ..rest });
        let those =
            |part: &Part<E>| Part { query: part.query.clone().filter(wanted.clone()), ..part.clone() };
        rows.extend(first_of(db, parts.iter().map(those).collect(), key, step).await?);
        match end {
            Some((last, _)) if !page.is_over(&rows) => rest.after = Some(last),
            _ => return Ok(page.cut(rows)),
        }
    }
    Ok(Rows { stopped_at: rest.after, ..page.cut(rows) })
}

/// The last row of a step and the one behind it; nothing if the list ends before.
async fn end_of_step<E: EntityTrait>(
    db: &impl ConnectionTrait,
    parts: Vec<Part<E>>,
    key: E::Column,
    page: Page,
) -> Result<Option<(Uuid, Uuid)>, DbErr> {
    let of_step = Page { limit: STEP, ..page };
    let keys = parts.into_iter().map(|part| part.of(of_step, key).select_only().column(key));
    let Some(mut ends) = in_order(keys, key, page.from) else { return Ok(None) };
    let rows = db.query_all(ends.offset(STEP - 1).limit(2)).await?;
    let keys: Result<Vec<Uuid>, _> = rows.iter().map(|row| row.try_get("", key.as_str())).collect();
    Ok(if let [last, next] = keys?[..] { Some((last, next)) } else { None })
}

/// The first rows of the page, one more than it holds.
async fn first_of<E: EntityTrait>(
    db: &impl ConnectionTrait,
    parts: Vec<Part<E>>,
    key: E::Column,
    page: Page,
) -> Result<Vec<E::Model>, DbErr> {
    let parts = parts.into_iter().map(|part| part.of(page, key));
    let Some(mut first) = in_order(parts, key, page.from) else { return Ok(Vec::new()) };
    let statement = db.get_database_backend().build(first.limit(page.limit + 1));
    E::Model::find_by_statement(statement).all(db).await
}

/// All rows of several lists, each of which has an end; nothing if there is no list.
fn in_order<E: EntityTrait>(
    lists: impl Iterator<Item = Select<E>>,
    key: E::Column,
    from: End,
) -> Option<SelectStatement> {
    // Neither database takes an order and a limit in a part of a union as it is.
    let mut lists = lists.map(|list| {
        Query::select().column(Asterisk).from_subquery(list.into_query(), Alias::new("part")).take()
    });
    let mut union = lists.next()?;
    for list in lists {
        union.union(UnionType::All, list);
    }
    let mut all = Query::select();
    all.column(Asterisk)
        .from_subquery(union, Alias::new("parts"))
        .order_by(Alias::new(key.as_str()), from.order());
    Some(all)
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
