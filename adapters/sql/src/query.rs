//! A loader by a query of your own.

use std::fmt;
use std::marker::PhantomData;

use larder_core::{BoxFuture, Entry, ErrorKind, Key, Loader, Result};

use crate::failure::failure;
use crate::rows::{entry, first_row, key_datum};
use crate::{Column, Record, Sqlite};

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

impl Sqlite {
    /// A loader by a query of your own, with the key as `?1`.
    ///
    /// ```
    /// # use larder_sql::{Query, Sqlite};
    /// # fn example(db: &Sqlite) -> Query<u64, (String, f64)> {
    /// db.query("SELECT name, total FROM users JOIN totals USING (id) WHERE id = ?1")
    /// # }
    /// ```
    pub fn query<K: Key + Column, V: Record>(&self, sql: &'static str) -> Query<K, V> {
        Query::new(self.clone(), sql)
    }
}

impl<K, V> Query<K, V> {
    const fn new(database: Sqlite, sql: &'static str) -> Self {
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
