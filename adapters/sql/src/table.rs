//! A table as an origin: a loader and a writer of its rows.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use larder_core::{BoxFuture, Change, Entry, Error, ErrorKind, Key, Loader, Result, Writer};
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Executor};

use crate::batch::{Step, steps};
use crate::failure::failure;
use crate::rows::{data, entry, first_row, key_datum, parameters};
use crate::statement::Statements;
use crate::{Column, Datum, Record, Sqlite};

/// The rows of a table by key: a [`Loader`] and a [`Writer`], made by [`Sqlite::table`].
///
/// Keys are compared as the column compares them: by its type and collation. So in an INTEGER column the text `1` finds
/// the number, and in a NOCASE column `ann` finds `Ann`, one by one and in batches alike.
///
/// # Statements
///
/// A load is one `SELECT`, a batch of loads one `SELECT` for each 1,024 keys. A change is one `INSERT … ON CONFLICT DO
/// UPDATE` or one `DELETE`; a batch of changes is one transaction in which neighbours of one kind share statements.
/// Each statement sees one state of the database, a batch of several perhaps several.
///
/// # When something fails
///
/// | what | [`ErrorKind`] |
/// |---|---|
/// | no such table or column, a row that isn't the value's type, a broken file, a failed disk: while loading | `Load` |
/// | the same while writing; a constraint that refuses the row; no unique index on the key | `Write` |
/// | no connection free in time, or the database locked by others for too long | `Timeout` |
/// | a key or a field that no column can hold (a `u64` over `i64::MAX`, a NaN), a NULL key, a value that carries another key than its own | `Invalid` |
/// | the database was closed | `Closed` |
///
/// A batch of changes is made wholly or not at all, also when its future is dropped; but after an error of the commit,
/// or a dropped future, nobody knows which. Every change can be written again without harm.
pub struct Table<K, V> {
    database: Sqlite,
    statements: Arc<Statements>,
    rows: PhantomData<fn(K) -> V>,
}

impl Sqlite {
    /// The rows of `table` by its column `key`, which must be unique: each value is what the `columns` hold.
    ///
    /// The key may be among the columns, for values that know their key.
    ///
    /// # When something fails
    ///
    /// An empty name, one with a NUL in it, a column named twice and no column at all are errors of kind
    /// [`Invalid`](ErrorKind::Invalid). Any other name is quoted; whether there is such a table shows when it is used.
    pub fn table<K: Key + Column, V: Record>(
        &self,
        table: &str,
        key: &str,
        columns: &[&str],
    ) -> Result<Table<K, V>> {
        Table::new(self.clone(), table, key, columns)
    }
}

impl<K, V> Table<K, V> {
    fn new(database: Sqlite, table: &str, key: &str, columns: &[&str]) -> Result<Self> {
        let statements = Arc::new(Statements::new(table, key, columns)?);
        Ok(Self { database, statements, rows: PhantomData })
    }

    /// The database it is in.
    pub const fn database(&self) -> &Sqlite {
        &self.database
    }

    fn load_failed(&self, source: sqlx::Error) -> Error {
        failure(ErrorKind::Load, format!("loading from {}", self.statements.name()), source)
    }

    fn write_failed(&self, source: sqlx::Error) -> Error {
        failure(ErrorKind::Write, format!("writing to {}", self.statements.name()), source)
    }
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Self { database: self.database.clone(), statements: Arc::clone(&self.statements), rows: PhantomData }
    }
}

impl<K, V> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("name", &self.statements.name()).finish_non_exhaustive()
    }
}

impl<K: Key + Column, V: Record> Table<K, V> {
    /// Loads one chunk of keys into `found`, which has a place for each.
    async fn load_chunk(&self, keys: &[K], found: &mut [Option<Entry<V>>]) -> Result<()> {
        let mut wanted = keys.iter().map(key_datum).collect::<Result<Vec<_>>>()?;
        // Few sizes make few texts, all of which stay prepared. A NULL finds nothing.
        wanted.resize(keys.len().next_power_of_two(), Datum::Null);
        for mut row in self.select_many(wanted).await.map_err(|source| self.load_failed(source))? {
            let number = if row.is_empty() { Datum::Null } else { row.remove(0) };
            let place = usize::from_datum(number).and_then(|number| found.get_mut(number));
            if let Some(place @ None) = place {
                *place = Some(entry(row)?);
            }
        }
        Ok(())
    }

    async fn select_many(&self, wanted: Vec<Datum>) -> Result<Vec<Vec<Datum>>, sqlx::Error> {
        let sql = AssertSqlSafe(self.statements.select_many(wanted.len()));
        let query = sqlx::query_with(sql, parameters(wanted)?);
        self.database.count();
        let rows = query.fetch_all(self.database.pool()).await?;
        rows.iter().map(data).collect()
    }

    async fn transact(&self, steps: Vec<Step>) -> Result<(), sqlx::Error> {
        let mut transaction = self.database.pool().begin_with("BEGIN IMMEDIATE").await?;
        for step in steps {
            self.execute(&mut *transaction, step).await?;
        }
        transaction.commit().await
    }

    async fn execute<'c>(
        &self,
        connection: impl Executor<'c, Database = sqlx::Sqlite>,
        step: Step,
    ) -> Result<(), sqlx::Error> {
        let (sql, data) = step.into_sql(&self.statements);
        let parameters: SqliteArguments = parameters(data)?;
        self.database.count();
        sqlx::query_with(AssertSqlSafe(sql), parameters).execute(connection).await.map(drop)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<K: Key + Column, V: Record> Loader<K, V> for Table<K, V> {
    fn load<'a>(&'a self, key: &'a K) -> BoxFuture<'a, Result<Option<Entry<V>>>> {
        Box::pin(async move {
            let sql = AssertSqlSafe(self.statements.select());
            let found = first_row(&self.database, sql, key_datum(key)?).await;
            found.map_err(|source| self.load_failed(source))?.map(entry).transpose()
        })
    }

    fn load_many<'a>(&'a self, keys: &'a [K]) -> BoxFuture<'a, Result<Vec<Option<Entry<V>>>>> {
        Box::pin(async move {
            let chunk = Statements::rows_at_once(1);
            let mut found: Vec<_> = keys.iter().map(|_| None).collect();
            for (keys, found) in keys.chunks(chunk).zip(found.chunks_mut(chunk)) {
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
            let mut steps = steps(&self.statements, changes)?;
            let written = match steps.len() {
                0 => Ok(()),
                1 => match steps.pop() {
                    Some(only) => self.execute(self.database.pool(), only).await,
                    None => Ok(()),
                },
                _ => self.transact(steps).await,
            };
            written.map_err(|source| self.write_failed(source))
        })
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Row as _;

    use super::*;

    #[tokio::test]
    async fn a_batch_of_loads_searches_the_index_for_each_key() {
        let db = Sqlite::in_memory().await.unwrap();
        db.execute("CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT)").await.unwrap();
        let table: Table<String, String> = db.table("t", "k", &["v"]).unwrap();
        let plan = format!("EXPLAIN QUERY PLAN {}", table.statements.select_many(4));
        let rows = sqlx::query(AssertSqlSafe(plan)).fetch_all(db.pool()).await.unwrap();
        let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        let search = "SEARCH t USING INDEX sqlite_autoindex_t_1 (k=?)";
        assert!(steps.iter().any(|step| step == search), "{steps:?}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN t")), "{steps:?}");
    }
}
