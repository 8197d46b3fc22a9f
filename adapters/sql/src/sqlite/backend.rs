//! What is asked of SQLite.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Executor};

use super::Sqlite;
use super::failure::failed;
use super::rows::{data, parameters};
use super::statement::{BOUNDS, delete, over, rows_at_once, select, select_many, upsert};
use crate::Datum;
use crate::backend::{Answer, Backend, Dialect, Rows, Statement};
use crate::batch::Run;
use crate::names::{Bounds, Names};

const DIALECT: Dialect = Dialect {
    bytes: "BLOB",
    integer: "INTEGER",
    now: "CAST(round(unixepoch('subsec') * 1000000) AS INTEGER)",
    options: " STRICT",
    locked: "",
};

/// A statement and its parameters.
type Step = (String, Vec<Datum>);

impl Backend for Sqlite {
    fn bounds(&self) -> Bounds {
        BOUNDS
    }

    fn dialect(&self) -> &'static Dialect {
        &DIALECT
    }

    fn select(&self, names: &Names) -> String {
        select(names)
    }

    fn first(&self, sql: Arc<str>, key: Datum) -> Answer<'_, Option<Vec<Datum>>> {
        Box::pin(async move {
            let query = sqlx::query_with(AssertSqlSafe(sql), parameters([key]).map_err(failed)?);
            self.count();
            let row = query.fetch_optional(self.pool()).await.map_err(failed)?;
            row.as_ref().map(data).transpose().map_err(failed)
        })
    }

    fn select_many<'a>(&'a self, names: &'a Names, mut keys: Vec<Datum>) -> Answer<'a, Rows> {
        // Few sizes make few texts, all of which stay prepared. A NULL finds nothing.
        keys.resize(keys.len().next_power_of_two(), Datum::Null);
        self.fetch(select_many(names, keys.len()), keys)
    }

    fn change<'a>(&'a self, names: &'a Names, runs: Vec<Run>) -> Answer<'a, ()> {
        let mut steps: Vec<_> = runs.into_iter().flat_map(|run| steps(names, run)).collect();
        Box::pin(async move {
            let done = match steps.len() {
                0 | 1 => match steps.pop() {
                    Some(only) => self.send(self.pool(), only).await,
                    None => Ok(()),
                },
                _ => self.transact(steps).await,
            };
            done.map_err(failed)
        })
    }

    fn fetch(&self, sql: String, with: Vec<Datum>) -> Answer<'_, Rows> {
        Box::pin(async move {
            let query = sqlx::query_with(AssertSqlSafe(sql), parameters(with).map_err(failed)?);
            self.count();
            let rows = query.fetch_all(self.pool()).await.map_err(failed)?;
            rows.iter().map(data).collect::<Result<_, _>>().map_err(failed)
        })
    }

    fn over<'a>(&'a self, statement: &'a Statement, rows: Rows) -> Answer<'a, Rows> {
        let width = statement.columns.len();
        let (sql, data) = padded(rows.concat(), width, |rows| over(statement, rows));
        self.fetch(sql, data)
    }
}

impl Sqlite {
    async fn transact(&self, steps: Vec<Step>) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool().begin_with("BEGIN IMMEDIATE").await?;
        for step in steps {
            self.send(&mut *transaction, step).await?;
        }
        transaction.commit().await
    }

    async fn send<'c>(
        &self,
        connection: impl Executor<'c, Database = sqlx::Sqlite>,
        (sql, data): Step,
    ) -> Result<(), sqlx::Error> {
        let parameters = parameters(data)?;
        self.count();
        sqlx::query_with(AssertSqlSafe(sql), parameters).execute(connection).await.map(drop)
    }
}

/// The statements that make a run of changes: one, as long as a chunk holds it all.
fn steps(names: &Names, run: Run) -> Vec<Step> {
    match run {
        Run::Put(rows) => {
            let width = names.row_width();
            let chunks = chunked(rows, rows_at_once(width)).into_iter();
            chunks.map(|rows| padded(rows.concat(), width, |rows| upsert(names, rows))).collect()
        }
        Run::Delete(keys) => {
            let chunks = chunked(keys, rows_at_once(1)).into_iter();
            chunks.map(|keys| padded(keys, 1, |keys| delete(names, keys))).collect()
        }
    }
}

fn chunked<T>(all: Vec<T>, most: usize) -> Vec<Vec<T>> {
    let mut all = all.into_iter();
    std::iter::from_fn(|| Some(all.by_ref().take(most).collect()).filter(|chunk: &Vec<_>| !chunk.is_empty()))
        .collect()
}

/// Few sizes make few texts, all of which stay prepared. A row of NULLs puts and deletes nothing.
fn padded(mut data: Vec<Datum>, width: usize, sql: impl Fn(usize) -> String) -> Step {
    let rows = (data.len() / width).next_power_of_two();
    data.resize(rows * width, Datum::Null);
    (sql(rows), data)
}

#[cfg(test)]
mod tests {
    use sqlx::Row as _;

    use super::*;

    #[tokio::test]
    async fn a_batch_of_loads_searches_the_index_for_each_key() {
        let db = Sqlite::in_memory().await.unwrap();
        db.execute("CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT)").await.unwrap();
        let names = Names::new(BOUNDS, "t", "k", &["v"]).unwrap();
        let plan = format!("EXPLAIN QUERY PLAN {}", select_many(&names, 4));
        let rows = sqlx::query(AssertSqlSafe(plan)).fetch_all(db.pool()).await.unwrap();
        let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        let search = "SEARCH t USING INDEX sqlite_autoindex_t_1 (k=?)";
        assert!(steps.iter().any(|step| step == search), "{steps:?}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN t")), "{steps:?}");
    }
}
