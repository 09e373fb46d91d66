//! Many rows in one statement whose text does not depend on how many they are.
//!
//! Both databases keep the statements of a connection prepared. A statement with a place for each value
//! of each row is another one for each number of rows, and would be parsed and planned anew almost every
//! time. So rows go as one JSON document, which the database reads as a table, and lists of ids are
//! filled up to the next power of two.

use sea_orm::sea_query::{OptionEnum, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityName, EntityTrait,
    FromQueryResult, IdenStatic, IntoActiveModel, Iterable, ModelTrait, QueryResult, Statement, Value,
};
use serde_json::{Map, Value as Json};

use super::{Error, Tx};
use crate::domain::hex;

/// Adds whole rows.
pub(super) async fn insert<M, A>(tx: &Tx, rows: impl IntoIterator<Item = M>) -> Result<(), Error>
where
    M: ModelTrait + IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
    let Some(rows) = Rows::read(tx, rows)? else { return Ok(()) };
    let sql = rows.insert("true");
    tx.execute_raw(rows.statement(&sql, [])).await?;
    Ok(())
}

/// Adds rows, all with values for the same columns, if `condition` holds; `tail` says what to do about a
/// row that is there already, and what to return.
pub(super) async fn insert_returning<A: ActiveModelTrait, T: FromQueryResult>(
    tx: &Tx,
    rows: impl IntoIterator<Item = A>,
    (condition, tail): (&str, &str),
) -> Result<Vec<T>, Error> {
    let Some(rows) = Rows::read(tx, rows)? else { return Ok(Vec::new()) };
    let sql = format!("{} {tail}", rows.insert(condition));
    let added = tx.query_all_raw(rows.statement(&sql, [])).await?;
    let read = |row: &QueryResult| T::from_query_result(row, "");
    Ok(added.iter().map(read).collect::<Result<_, _>>()?)
}

/// Whether `column` is one of `values`.
pub(super) fn one_of<V: Into<Value>>(
    column: impl ColumnTrait,
    values: impl IntoIterator<Item = V>,
) -> SimpleExpr {
    let mut values: Vec<Value> = values.into_iter().map(Into::into).collect();
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    column.is_in(values)
}

/// Rows as the database reads them: the first parameter of a statement.
pub(super) struct Rows {
    backend: DbBackend,
    table: &'static str,
    names: String,
    /// The rows as a table, to stand after `FROM`.
    pub(super) source: String,
    document: String,
}

impl Rows {
    /// `None` if there are no rows.
    pub(super) fn read<A: ActiveModelTrait>(
        db: &impl ConnectionTrait,
        rows: impl IntoIterator<Item = A>,
    ) -> Result<Option<Self>, DbErr> {
        let backend = db.get_database_backend();
        let rows: Vec<A> = rows.into_iter().collect();
        let Some(first) = rows.first() else { return Ok(None) };
        let columns: Vec<(Column<A>, Value)> = Column::<A>::iter()
            .filter_map(|column| Some((column, first.get(column).into_value()?)))
            .collect();
        let names: Vec<String> =
            columns.iter().map(|(column, _)| format!(r#""{}""#, column.as_str())).collect();
        let table = A::Entity::default().table_name();
        let source = match backend {
            DbBackend::Sqlite => {
                let values: Vec<String> = columns.iter().map(extracted).collect();
                // Each row stays parsed: `json_each` would write it as text, to be parsed again.
                format!("(SELECT {} FROM jsonb_each(?))", values.join(", "))
            }
            _ => format!(r#"json_populate_recordset(NULL::"{table}", $1::json)"#),
        };
        let objects: Vec<Json> =
            rows.iter().map(|row| object(backend, row, &columns)).collect::<Result<_, _>>()?;
        let document = Json::Array(objects).to_string();
        Ok(Some(Self { backend, table, names: names.join(", "), source, document }))
    }

    /// A statement with these rows as its first parameter and others after it.
    pub(super) fn statement(self, sql: &str, others: impl IntoIterator<Item = Value>) -> Statement {
        let values = std::iter::once(self.document.into()).chain(others);
        Statement::from_sql_and_values(self.backend, sql, values)
    }

    /// Even `WHERE true` is needed: without it SQLite reads ON CONFLICT as the condition of a join.
    fn insert(&self, condition: &str) -> String {
        let Self { table, names, source, .. } = self;
        format!(r#"INSERT INTO "{table}" ({names}) SELECT {names} FROM {source} AS "new" WHERE {condition}"#)
    }
}

type Column<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Column;

/// How SQLite takes a value out of a row's document: what JSON has no word for is in hexadecimal.
fn extracted<C: ColumnTrait>((column, value): &(C, Value)) -> String {
    let name = column.as_str();
    let value = match value {
        Value::Uuid(_) | Value::Bytes(_) => format!("unhex(value ->> '{name}')"),
        Value::Json(_) => format!("nullif(value -> '{name}', 'null')"),
        _ => format!("value ->> '{name}'"),
    };
    format!(r#"{value} AS "{name}""#)
}

fn object<A: ActiveModelTrait>(
    backend: DbBackend,
    row: &A,
    columns: &[(Column<A>, Value)],
) -> Result<Json, DbErr> {
    let mut object = Map::new();
    for (column, _) in columns {
        let (ActiveValue::Set(value) | ActiveValue::Unchanged(value)) = row.get(*column) else {
            return Err(DbErr::Type(format!("a row without {}", column.as_str())));
        };
        object.insert(column.as_str().to_owned(), json(backend, value)?);
    }
    Ok(Json::Object(object))
}

fn json(backend: DbBackend, value: Value) -> Result<Json, DbErr> {
    let is_sqlite = backend == DbBackend::Sqlite;
    Ok(match value {
        Value::SmallInt(number) => number.into(),
        Value::Int(number) => number.into(),
        Value::BigInt(number) => number.into(),
        Value::String(text) => text.into(),
        Value::Enum(OptionEnum::Some(word)) => word.value.into_owned().into(),
        Value::Enum(OptionEnum::None(_)) => Json::Null,
        Value::Json(json) => json.map_or(Json::Null, |json| *json),
        Value::Bytes(Some(bytes)) if is_sqlite => hex::encode(&bytes).into(),
        Value::Bytes(bytes) => bytes.map(|bytes| format!("\\x{}", hex::encode(&bytes))).into(),
        Value::Uuid(id) => id.map(|id| id.simple().to_string()).into(),
        other => return Err(DbErr::Type(format!("no word in JSON for {other:?}"))),
    })
}
