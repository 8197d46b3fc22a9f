//! Parameters for SQLite, and its rows.

use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteRow, SqliteValueRef};
use sqlx::{Column as _, Decode, Row as _, TypeInfo, ValueRef};

use crate::Datum;

/// Keys and values as parameters.
pub(crate) fn parameters(data: impl IntoIterator<Item = Datum>) -> Result<SqliteArguments, sqlx::Error> {
    let mut parameters = SqliteArguments::default();
    for datum in data {
        let added = match datum {
            Datum::Null => sqlx::Arguments::add(&mut parameters, None::<i64>),
            Datum::Boolean(is_true) => sqlx::Arguments::add(&mut parameters, i64::from(is_true)),
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
    let content = match kind.name() {
        "INTEGER" => read::<i64>(raw).map(Datum::Integer),
        "REAL" => read::<f64>(raw).map(Datum::Real),
        "TEXT" => read::<String>(raw).map(Datum::Text),
        _ => read::<Vec<u8>>(raw).map(Datum::Blob),
    };
    content.map_err(|source| sqlx::Error::ColumnDecode { index: at.to_string(), source })
}

fn read<'r, T: Decode<'r, sqlx::Sqlite>>(raw: SqliteValueRef<'r>) -> Result<T, BoxDynError> {
    T::decode(raw)
}
