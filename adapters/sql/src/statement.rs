//! The SQL of one table, in SQLite's dialect. Names are quoted; keys and values are parameters, always.
//!
//! Columns are named with their table in front, because SQLite reads a quoted name it doesn't know as a string
//! unless something qualifies it.

use std::fmt::Write;
use std::sync::Arc;

use larder_core::{Error, ErrorKind, Result};

/// SQLite's bound on the parameters of one statement, as it is compiled in.
const PARAMETERS: usize = 32_766;
/// SQLite's bound on the columns of one table or row.
const COLUMNS: usize = 2_000;
/// The most keys or rows in one statement. Larger ones were no faster when measured, and take longer to prepare.
const CHUNK: usize = 1_024;

/// What is known of a table: its name, its key, its columns; quoted, except where they are compared.
#[derive(Debug)]
pub(crate) struct Statements {
    name: String,
    table: String,
    key: String,
    columns: Vec<String>,
    key_column: Option<usize>,
    select: Arc<str>,
}

impl Statements {
    /// Checks and quotes the names.
    pub(crate) fn new(table: &str, key: &str, columns: &[&str]) -> Result<Self> {
        let key_column = columns.iter().position(|column| column.eq_ignore_ascii_case(key));
        for (at, column) in columns.iter().enumerate() {
            if columns[..at].iter().any(|earlier| earlier.eq_ignore_ascii_case(column)) {
                return Err(invalid("a column is named twice"));
            }
        }
        match columns.len() {
            0 => Err(invalid("no columns are named")),
            1..COLUMNS => {
                let name = table.to_owned();
                let (table, key) = (quoted(table)?, quoted(key)?);
                let columns = columns.iter().map(|column| quoted(column)).collect::<Result<Vec<_>>>()?;
                let select = select(&table, &key, &columns).into();
                Ok(Self { name, table, key, columns, key_column, select })
            }
            _ => Err(invalid("too many columns are named")),
        }
    }

    /// The table's name, as given.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How many columns a value has.
    pub(crate) const fn width(&self) -> usize {
        self.columns.len()
    }

    /// Which of the value's columns is the key itself, if one is.
    pub(crate) const fn key_column(&self) -> Option<usize> {
        self.key_column
    }

    /// `rows` is how many keys are wanted; the answer has the number of its key in front.
    pub(crate) fn select_many(&self, rows: usize) -> String {
        let mut sql = String::with_capacity(128 + rows * 8);
        sql.push_str("SELECT w.column1");
        for column in &self.columns {
            let _ = write!(sql, ", t.{column}");
        }
        sql.push_str(" FROM (VALUES ");
        for row in 0..rows {
            let _ = write!(sql, "{}({row},?)", if row == 0 { "" } else { "," });
        }
        // CROSS JOIN keeps SQLite from turning the loops round: for each key one search of the table's index.
        let _ = write!(sql, ") AS w CROSS JOIN {} AS t WHERE t.{} = w.column2", self.table, self.key);
        sql
    }

    /// One key, its columns only.
    pub(crate) fn select(&self) -> Arc<str> {
        Arc::clone(&self.select)
    }

    /// Puts `rows` rows, each the key and then the value's other columns.
    pub(crate) fn upsert(&self, rows: usize) -> String {
        let others = || self.columns.iter().enumerate().filter(|(at, _)| Some(*at) != self.key_column);
        let mut sql = format!("INSERT INTO {} ({}", self.table, self.key);
        for (_, column) in others() {
            let _ = write!(sql, ", {column}");
        }
        let row = format!("(?{})", ",?".repeat(self.row_width() - 1));
        let _ = write!(sql, ") VALUES {row}{}", format!(",{row}").repeat(rows.saturating_sub(1)));
        let _ = write!(sql, " ON CONFLICT ({}) DO ", self.key);
        let sets: Vec<_> = others().map(|(_, column)| format!("{column} = excluded.{column}")).collect();
        if sets.is_empty() {
            sql.push_str("NOTHING");
        } else {
            let _ = write!(sql, "UPDATE SET {}", sets.join(", "));
        }
        sql
    }

    /// Deletes the rows of `keys` keys.
    pub(crate) fn delete(&self, keys: usize) -> String {
        let Self { table, key, .. } = self;
        let more = ",?".repeat(keys.saturating_sub(1));
        format!("DELETE FROM {table} WHERE {table}.{key} IN (?{more})")
    }

    /// How many parameters one row of an upsert takes.
    pub(crate) fn row_width(&self) -> usize {
        1 + self.columns.len() - usize::from(self.key_column.is_some())
    }

    /// How many rows fit into one statement that takes `width` parameters a row: a power of two.
    pub(crate) fn rows_at_once(width: usize) -> usize {
        let fit = (PARAMETERS / width.max(1)).clamp(1, CHUNK);
        1 << fit.ilog2()
    }
}

fn select(table: &str, key: &str, columns: &[String]) -> String {
    let columns: Vec<_> = columns.iter().map(|column| format!("t.{column}")).collect();
    format!("SELECT {} FROM {table} AS t WHERE t.{key} = ? LIMIT 1", columns.join(", "))
}

/// A name in double quotes, those within it doubled.
fn quoted(name: &str) -> Result<String> {
    if name.is_empty() {
        return Err(invalid("a name is empty"));
    }
    if name.contains('\0') {
        return Err(invalid("a name has a NUL in it"));
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

fn invalid(why: &'static str) -> Error {
    Error::new(ErrorKind::Invalid, "describing a table").because(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_and_nothing_else_is_pasted() {
        let users = Statements::new("us\"ers", "id", &["name", "e mail"]).unwrap();
        assert_eq!(
            &*users.select(),
            r#"SELECT t."name", t."e mail" FROM "us""ers" AS t WHERE t."id" = ? LIMIT 1"#
        );
        assert_eq!(
            users.select_many(2),
            r#"SELECT w.column1, t."name", t."e mail" FROM (VALUES (0,?),(1,?)) AS w CROSS JOIN "us""ers" AS t WHERE t."id" = w.column2"#
        );
        assert_eq!(
            users.upsert(2),
            r#"INSERT INTO "us""ers" ("id", "name", "e mail") VALUES (?,?,?),(?,?,?) ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name", "e mail" = excluded."e mail""#
        );
        assert_eq!(users.delete(2), r#"DELETE FROM "us""ers" WHERE "us""ers"."id" IN (?,?)"#);
    }

    #[test]
    fn a_key_among_the_columns_is_inserted_once_and_never_updated() {
        let users = Statements::new("users", "id", &["ID", "name"]).unwrap();
        assert_eq!(
            users.upsert(1),
            r#"INSERT INTO "users" ("id", "name") VALUES (?,?) ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name""#
        );
        let tags = Statements::new("tags", "tag", &["tag"]).unwrap();
        assert_eq!(tags.upsert(1), r#"INSERT INTO "tags" ("tag") VALUES (?) ON CONFLICT ("tag") DO NOTHING"#);
    }

    #[test]
    fn statements_stay_under_the_bound_on_parameters() {
        for width in 1..COLUMNS {
            let rows = Statements::rows_at_once(width);
            assert!(rows >= 1 && rows * width <= PARAMETERS, "{width} columns: {rows} rows");
            assert!(rows.is_power_of_two());
        }
    }
}
