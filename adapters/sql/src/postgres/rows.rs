//! PostgreSQL's rows.

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgRow, PgValueRef};
use sqlx::{Column as _, Decode, Row as _, TypeInfo, ValueRef};

use super::failure::failed;
use crate::Datum;
use crate::failure::Failure;

/// What the columns of `row` hold.
pub(crate) fn data(row: &PgRow) -> Result<Vec<Datum>, Failure> {
    row.columns().iter().map(|column| datum(row, column.ordinal())).collect()
}

fn datum(row: &PgRow, at: usize) -> Result<Datum, Failure> {
    let raw = row.try_get_raw(at).map_err(failed)?;
    if raw.is_null() {
        return Ok(Datum::Null);
    }
    let kind = raw.type_info().into_owned();
    let content = match kind.name() {
        "BOOL" => read::<bool>(raw).map(Datum::Boolean),
        "INT2" => read::<i16>(raw).map(|number| Datum::Integer(number.into())),
        "INT4" => read::<i32>(raw).map(|number| Datum::Integer(number.into())),
        "INT8" => read::<i64>(raw).map(Datum::Integer),
        "FLOAT4" => read::<f32>(raw).map(|number| Datum::Real(number.into())),
        "FLOAT8" => read::<f64>(raw).map(Datum::Real),
        "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "UNKNOWN" => read::<String>(raw).map(Datum::Text),
        "BYTEA" => read::<Vec<u8>>(raw).map(Datum::Blob),
        other => {
            let column = at + 1;
            return Err(Failure::new(format!("column {column} is a {other}: cast it in a query")));
        }
    };
    content.map_err(|_| Failure::new(format!("column {} can't be read", at + 1)))
}

fn read<'r, T: Decode<'r, sqlx::Postgres>>(raw: PgValueRef<'r>) -> Result<T, BoxDynError> {
    T::decode(raw)
}
