//! Keys and values on their way into statements, and rows on their way out.

use larder_core::{Entry, Error, ErrorKind, Result};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Column as _, Decode, Row as _, TypeInfo, ValueRef};

use crate::{Column, Datum, Record, Row, Sqlite};

/// The first row that `sql` finds for `key`.
pub(crate) async fn first_row(
    database: &Sqlite,
    sql: impl sqlx::SqlSafeStr,
    key: Datum,
) -> Result<Option<Vec<Datum>>, sqlx::Error> {
    let query = sqlx::query_with(sql, parameters([key])?);
    database.count();
    let row = query.fetch_optional(database.pool()).await?;
    row.as_ref().map(data).transpose()
}

/// The entry in a row.
pub(crate) fn entry<V: Record>(row: Vec<Datum>) -> Result<Entry<V>> {
    Row::new(row).into_record().map(Entry::new)
}

/// `key` as a parameter.
pub(crate) fn key_datum<K: Column>(key: &K) -> Result<Datum> {
    match key.to_datum() {
        Some(Datum::Null) => Err("NULL is no key"),
        Some(datum) => Ok(datum),
        None => Err("no column can hold this key"),
    }
    .map_err(|why| Error::new(ErrorKind::Invalid, "asking for a key").because(why))
}

/// Keys and values as parameters.
pub(crate) fn parameters(data: impl IntoIterator<Item = Datum>) -> Result<SqliteArguments, sqlx::Error> {
    let mut parameters = SqliteArguments::default();
    for datum in data {
        let added = match datum {
            Datum::Null => sqlx::Arguments::add(&mut parameters, None::<i64>),
            Datum::Integer(number) => sqlx::Arguments::add(&mut parameters, number),
            Datum::Real(number) => sqlx::Arguments::add(&mut parameters, number),
            Datum::Text(text) => sqlx::Arguments::add(&mut parameters, text),
            Datum::Blob(bytes) => sqlx::Arguments::add(&mut parameters, bytes),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(parameters)
}

/// What the columns of `row` hold.
pub(crate) fn data(row: &SqliteRow) -> Result<Vec<Datum>, sqlx::Error> {
    row.columns().iter().map(|column| datum(row, column.ordinal())).collect()
}

fn datum(row: &SqliteRow, at: usize) -> Result<Datum, sqlx::Error> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(Datum::Null);
    }
    let kind = raw.type_info().into_owned();
    let read = match kind.name() {
        "INTEGER" => i64::decode(raw).map(Datum::Integer),
        "REAL" => f64::decode(raw).map(Datum::Real),
        "TEXT" => String::decode(raw).map(Datum::Text),
        _ => Vec::<u8>::decode(raw).map(Datum::Blob),
    };
    read.map_err(|source| sqlx::Error::ColumnDecode { index: at.to_string(), source })
}
