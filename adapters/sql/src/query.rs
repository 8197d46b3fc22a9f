//! A loader by a query of your own.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use larder_core::{BoxFuture, Entry, ErrorKind, Key, Loader, Result};

use crate::backend::Backend;
use crate::rows::{entry, key_datum};
use crate::{Column, Record};

/// Loads by a query that the program wrote, with the key as its one parameter: joins, views, whatever SQL can say.
///
/// Made by `Sqlite::query` or `Postgres::query`. The query must be a
/// literal, so that nothing can be pasted into it. The first row counts; no row is no value. Batches ask once for each
/// key.
///
/// # When something fails
///
/// As with [`Table`](crate::Table).
pub struct Query<K, V> {
    backend: Arc<dyn Backend>,
    sql: &'static str,
    text: Arc<str>,
    answers: PhantomData<fn(K) -> V>,
}

#[cfg(feature = "sqlite")]
impl crate::Sqlite {
    /// A loader by a query of your own, with the key as `?1`.
    ///
    /// ```
    /// # use larder_sql::{Query, Sqlite};
    /// # fn example(db: &Sqlite) -> Query<u64, (String, f64)> {
    /// db.query("SELECT name, total FROM users JOIN totals USING (id) WHERE id = ?1")
    /// # }
    /// ```
    pub fn query<K: Key + Column, V: Record>(&self, sql: &'static str) -> Query<K, V> {
        Query::new(Arc::new(self.clone()), sql)
    }
}

#[cfg(feature = "postgres")]
impl crate::Postgres {
    /// A loader by a query of your own, with the key as `$1`: a `bigint`, `double precision`, `text`, `bytea` or `boolean`,
    /// as the key's type is stored. What it selects must be of these types, too, or of the smaller ones of their kind:
    /// cast all others.
    ///
    /// ```
    /// # use larder_sql::{Postgres, Query};
    /// # fn example(db: &Postgres) -> Query<String, (String, f64)> {
    /// db.query("SELECT name, total::float8 FROM users JOIN totals USING (id) WHERE id = $1::uuid")
    /// # }
    /// ```
    pub fn query<K: Key + Column, V: Record>(&self, sql: &'static str) -> Query<K, V> {
        Query::new(Arc::new(self.clone()), sql)
    }
}

impl<K, V> Query<K, V> {
    fn new(backend: Arc<dyn Backend>, sql: &'static str) -> Self {
        Self { backend, sql, text: sql.into(), answers: PhantomData }
    }
}

impl<K, V> Clone for Query<K, V> {
    fn clone(&self) -> Self {
        Self {
            backend: Arc::clone(&self.backend),
            sql: self.sql,
            text: Arc::clone(&self.text),
            answers: PhantomData,
        }
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
            let found = self.backend.first(Arc::clone(&self.text), key_datum(key)?).await;
            let row = found.map_err(|failure| failure.told(ErrorKind::Load, "loading by a query"))?;
            row.map(entry).transpose()
        })
    }
}
