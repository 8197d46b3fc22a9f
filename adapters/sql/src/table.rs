//! A table as an origin: a loader and a writer of its rows.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use larder_core::{BoxFuture, Change, Entry, Error, ErrorKind, Key, Loader, Result, Writer};

use crate::backend::{Backend, CHUNK};
use crate::batch::runs;
use crate::failure::Failure;
use crate::names::Names;
use crate::rows::{entry, key_datum};
use crate::{Column, Datum, Record};

/// The rows of a table by key: a [`Loader`] and a [`Writer`], made by `Sqlite::table` or
/// `Postgres::table`.
///
/// Keys are compared as the column compares them: by its type and collation. So in an INTEGER column the text `1` finds
/// the number, and in a NOCASE column `ann` finds `Ann`, one by one and in batches alike. That is SQLite: PostgreSQL
/// refuses to compare a number with a text.
///
/// # Statements
///
/// A load is one `SELECT`, a batch of loads one `SELECT` for each 1,024 keys. A change is one `INSERT … ON CONFLICT DO
/// UPDATE` or one `DELETE`; of a batch, those that follow each other and are of one kind share a statement for each 1,024
/// of them. Of several changes of one key only the last is made. More than one statement are a transaction, which costs
/// two round trips more. Each statement sees one state of the database, a batch of several perhaps several.
///
/// # When something fails
///
/// | what | [`ErrorKind`] |
/// |---|---|
/// | no such table or column, a row that isn't the value's type, a broken file, a failed disk: while loading | `Load` |
/// | the same while writing; a constraint that refuses the row; no unique index on the key | `Write` |
/// | no connection free in time, or the database locked by others for too long | `Timeout` |
/// | PostgreSQL: no answer in time, a deadlock, a statement cancelled by a timeout of the server | `Timeout` |
/// | PostgreSQL: no connection, memory or disk left on the server | `Overloaded` |
/// | a key or a field that no column can hold (a `u64` over `i64::MAX`, a NaN; in PostgreSQL a text with a NUL in it), a NULL key, a value that carries another key than its own | `Invalid` |
/// | the database was closed | `Closed` |
///
/// A batch of changes is made wholly or not at all, also when its future is dropped; but after an error of the commit,
/// or a dropped future, nobody knows which. Every change can be written again without harm.
pub struct Table<K, V> {
    backend: Arc<dyn Backend>,
    names: Arc<Names>,
    select: Arc<str>,
    rows: PhantomData<fn(K) -> V>,
}

macro_rules! tables {
    ($database:ident) => {
        impl crate::$database {
            /// The rows of `table` by its column `key`, which must be unique: each value is what the `columns` hold.
            ///
            /// The key may be among the columns, for values that know their key.
            ///
            /// # When something fails
            ///
            /// An empty name, one with a NUL in it or longer than the database takes, a column named twice and no
            /// column at all are errors of kind [`Invalid`](ErrorKind::Invalid). Any other name is quoted; whether
            /// there is such a table shows when it is used.
            pub fn table<K: Key + Column, V: Record>(
                &self,
                table: &str,
                key: &str,
                columns: &[&str],
            ) -> Result<Table<K, V>> {
                Table::new(Arc::new(self.clone()), table, key, columns)
            }
        }
    };
}

#[cfg(feature = "postgres")]
tables!(Postgres);
#[cfg(feature = "sqlite")]
tables!(Sqlite);

impl<K, V> Table<K, V> {
    fn new(backend: Arc<dyn Backend>, table: &str, key: &str, columns: &[&str]) -> Result<Self> {
        let names = Names::new(backend.bounds(), table, key, columns)?;
        let select = backend.select(&names).into();
        Ok(Self { backend, names: Arc::new(names), select, rows: PhantomData })
    }

    fn load_failed(&self, failure: Failure) -> Error {
        failure.told(ErrorKind::Load, format!("loading from {}", self.names.name))
    }

    fn write_failed(&self, failure: Failure) -> Error {
        failure.told(ErrorKind::Write, format!("writing to {}", self.names.name))
    }
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Self {
            backend: Arc::clone(&self.backend),
            names: Arc::clone(&self.names),
            select: Arc::clone(&self.select),
            rows: PhantomData,
        }
    }
}

impl<K, V> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("name", &self.names.name).finish_non_exhaustive()
    }
}

impl<K: Key + Column, V: Record> Table<K, V> {
    /// Loads one chunk of keys into `found`, which has a place for each.
    async fn load_chunk(&self, keys: &[K], found: &mut [Option<Entry<V>>]) -> Result<()> {
        let wanted = keys.iter().map(key_datum).collect::<Result<Vec<_>>>()?;
        let rows = self.backend.select_many(&self.names, wanted).await;
        for mut row in rows.map_err(|failure| self.load_failed(failure))? {
            let number = if row.is_empty() { Datum::Null } else { row.remove(0) };
            let place = usize::from_datum(number).and_then(|number| found.get_mut(number));
            if let Some(place @ None) = place {
                *place = Some(entry(row)?);
            }
        }
        Ok(())
    }
}

#[deny(clippy::missing_trait_methods)]
impl<K: Key + Column, V: Record> Loader<K, V> for Table<K, V> {
    fn load<'a>(&'a self, key: &'a K) -> BoxFuture<'a, Result<Option<Entry<V>>>> {
        Box::pin(async move {
            let found = self.backend.first(Arc::clone(&self.select), key_datum(key)?).await;
            found.map_err(|failure| self.load_failed(failure))?.map(entry).transpose()
        })
    }

    fn load_many<'a>(&'a self, keys: &'a [K]) -> BoxFuture<'a, Result<Vec<Option<Entry<V>>>>> {
        Box::pin(async move {
            let mut found: Vec<_> = keys.iter().map(|_| None).collect();
            for (keys, found) in keys.chunks(CHUNK).zip(found.chunks_mut(CHUNK)) {
                self.load_chunk(keys, found).await?;
            }
            Ok(found)
        })
    }
}

#[deny(clippy::missing_trait_methods)]
impl<K: Key + Column, V: Record> Writer<K, V> for Table<K, V> {
    fn write<'a>(&'a self, change: &'a Change<K, V>) -> BoxFuture<'a, Result<()>> {
        self.write_many(std::slice::from_ref(change))
    }

    fn write_many<'a>(&'a self, changes: &'a [Change<K, V>]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let changed = self.backend.change(&self.names, runs(&self.names, changes)?).await;
            changed.map_err(|failure| self.write_failed(failure))
        })
    }
}
