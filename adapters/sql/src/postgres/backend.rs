//! What is asked of PostgreSQL.

use std::sync::Arc;

use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::{AssertSqlSafe, Connection};

use super::Postgres;
use super::columns::{Block, Kind, add, blocks};
use super::rows::data;
use super::statement::{BOUNDS, delete, over, select, select_many, upsert};
use crate::Datum;
use crate::backend::{Answer, Backend, Dialect, Rows, Statement};
use crate::batch::Run;
use crate::failure::Failure;
use crate::names::{Bounds, Names};

const DIALECT: Dialect = Dialect {
    bytes: "bytea",
    integer: "bigint",
    now: "CAST(extract(epoch FROM statement_timestamp()) * 1000000 AS bigint)",
    options: "",
    locked: " FOR UPDATE OF t SKIP LOCKED",
};

/// A statement and its parameters.
type Step = (String, PgArguments);

impl Backend for Postgres {
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
            // A statement is prepared for parameters of one type, and known again by its text.
            let sql = format!("{sql}\n--{}", key.kind());
            let mut arguments = PgArguments::default();
            add(&mut arguments, key)?;
            self.count();
            let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
            let row = self.with(|connection| Box::pin(query.fetch_optional(connection))).await?;
            row.as_ref().map(data).transpose()
        })
    }

    fn select_many<'a>(&'a self, names: &'a Names, keys: Vec<Datum>) -> Answer<'a, Rows> {
        Box::pin(async move {
            let mut found = Vec::new();
            let mut before = 0;
            for block in blocks(alone(keys)) {
                let Some((kind, number)) = kind_and_number(&block) else { continue };
                let rows = self.ask(select_many(names, kind), block.arrays()?).await?;
                found.extend(rows.into_iter().map(|row| renumbered(row, before)));
                before += number;
            }
            Ok(found)
        })
    }

    fn change<'a>(&'a self, names: &'a Names, runs: Vec<Run>) -> Answer<'a, ()> {
        Box::pin(async move {
            let steps: Vec<_> = runs.into_iter().map(|run| steps(names, run)).collect::<Result<_, _>>()?;
            let steps: Vec<_> = steps.into_iter().flatten().collect();
            let this = self.clone();
            match steps.len() {
                0 => Ok(()),
                1 => {
                    self.with(|connection| Box::pin(async move { this.send(connection, steps).await })).await
                }
                _ => {
                    self.with(|connection| Box::pin(async move { this.transact(connection, steps).await }))
                        .await
                }
            }
        })
    }

    fn fetch(&self, sql: String, parameters: Vec<Datum>) -> Answer<'_, Rows> {
        Box::pin(async move {
            let mut arguments = PgArguments::default();
            parameters.into_iter().try_for_each(|datum| add(&mut arguments, datum))?;
            self.ask(sql, arguments).await
        })
    }

    fn over<'a>(&'a self, statement: &'a Statement, rows: Rows) -> Answer<'a, Rows> {
        Box::pin(async move {
            let mut found = Vec::new();
            for block in blocks(rows) {
                let sql = over(statement, &block.kinds);
                found.append(&mut self.ask(sql, block.arrays()?).await?);
            }
            Ok(found)
        })
    }
}

impl Postgres {
    async fn ask(&self, sql: String, arguments: PgArguments) -> Result<Rows, Failure> {
        self.count();
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
        let rows = self.with(|connection| Box::pin(query.fetch_all(connection))).await?;
        rows.iter().map(data).collect()
    }

    async fn transact(&self, connection: &mut PgConnection, steps: Vec<Step>) -> Result<(), sqlx::Error> {
        let mut transaction = connection.begin().await?;
        self.send(&mut transaction, steps).await?;
        transaction.commit().await
    }

    async fn send(&self, connection: &mut PgConnection, steps: Vec<Step>) -> Result<(), sqlx::Error> {
        for (sql, arguments) in steps {
            self.count();
            sqlx::query_with(AssertSqlSafe(sql), arguments).execute(&mut *connection).await?;
        }
        Ok(())
    }
}

/// The statements that make a run of changes.
fn steps(names: &Names, run: Run) -> Result<Vec<Step>, Failure> {
    match run {
        Run::Put(rows) => {
            let blocks = blocks(rows).into_iter();
            blocks.map(|block| Ok((upsert(names, &block.kinds), block.arrays()?))).collect()
        }
        Run::Delete(keys) => {
            let blocks = blocks(alone(keys)).into_iter();
            let known = blocks.filter_map(|block| kind_and_number(&block).map(|(kind, _)| (kind, block)));
            known.map(|(kind, block)| Ok((delete(names, kind), block.arrays()?))).collect()
        }
    }
}

/// Each key as a row of its own.
fn alone(keys: Vec<Datum>) -> Vec<Vec<Datum>> {
    keys.into_iter().map(|key| vec![key]).collect()
}

fn kind_and_number(block: &Block) -> Option<(Kind, usize)> {
    Some(((*block.kinds.first()?)?, block.len()))
}

/// The row, its key counted from the first of all.
fn renumbered(mut row: Vec<Datum>, before: usize) -> Vec<Datum> {
    if let Some(Datum::Integer(number)) = row.first_mut() {
        *number = number.saturating_add_unsigned(before as u64);
    }
    row
}
