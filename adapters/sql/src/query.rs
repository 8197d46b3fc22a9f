//! A loader by a query of your own.

use std::fmt;
use std::marker::PhantomData;

use larder_core::{BoxFuture, Entry, Error, ErrorKind, Key, Loader, Result};

use crate::failure::failure;
use crate::sqlite::{data, parameters};
use crate::{Column, Datum, Record, Row, Sqlite};

/// Loads by a query that the program wrote, with the key as its one parameter: joins, views, whatever SQL can say.
///
/// Made by [`Sqlite::query`]. The query must be a literal, so that nothing can be pasted into it. The first row counts;
/// no row is no value. Batches ask once for each key.
///
/// # When something fails
///
/// As with [`Table`](crate::Table).
pub struct Query<K, V> {
    database: Sqlite,
    sql: &'static str,
    answers: PhantomData<fn(K) -> V>,
}

impl<K, V> Query<K, V> {
    pub(crate) const fn new(database: Sqlite, sql: &'static str) -> Self {
        Self { database, sql, answers: PhantomData }
    }
}

impl<K, V> Clone for Query<K, V> {
    fn clone(&self) -> Self {
        Self::new(self.database.clone(), self.sql)
    }
}

impl<K, V> fmt::Debug for Query<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").field("sql", &self.sql).finish_non_exhaustive()
    }
}

impl<K: Key + Column, V: Record> Loader<K, V> for Query<K, V> {
    fn load<'a>(&'a self, key: &'a K) -> BoxFuture<'a, Result<Option<Entry<V>>>> {
        Box::pin(async move {
            let found = first_row(&self.database, self.sql, key_datum(key)?).await;
            let row = found.map_err(|source| failure(ErrorKind::Load, "loading by a query", source))?;
            row.map(entry).transpose()
        })
    }
}

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
