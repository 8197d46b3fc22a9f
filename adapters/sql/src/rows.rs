//! Keys on their way into statements, and rows on their way out.

use larder_core::{Entry, Error, ErrorKind, Result};

use crate::{Column, Datum, Record, Row};

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
