//! The SQL of one table, in SQLite's dialect. Names are quoted; keys and values are parameters, always.
//!
//! Columns are named with their table in front, because SQLite reads a quoted name it doesn't know as a string
//! unless something qualifies it.

use std::fmt::Write;

use crate::backend::Statement;
use crate::names::{Bounds, Names};

/// SQLite's bound on the parameters of one statement, as it is compiled in.
const PARAMETERS: usize = 32_766;
/// The most keys or rows in one statement. Larger ones were no faster when measured, and take longer to prepare.
const CHUNK: usize = 1_024;

/// SQLite's bound on the columns of one table or row; names have none that matters.
pub(crate) const BOUNDS: Bounds = Bounds { columns: 2_000, name: 1 << 20 };

/// One key, its columns only.
pub(crate) fn select(names: &Names) -> String {
    let Names { table, key, .. } = names;
    format!("SELECT {} FROM {table} AS t WHERE t.{key} = ? LIMIT 1", names.selected())
}

/// `rows` is how many keys are wanted; the answer has the number of its key in front.
pub(crate) fn select_many(names: &Names, rows: usize) -> String {
    let Names { table, key, .. } = names;
    let mut sql = String::with_capacity(128 + rows * 8);
    let _ = write!(sql, "SELECT w.column1, {} FROM (VALUES ", names.selected());
    for row in 0..rows {
        let _ = write!(sql, "{}({row},?)", if row == 0 { "" } else { "," });
    }
    // CROSS JOIN keeps SQLite from turning the loops round: for each key one search of the table's index.
    let _ = write!(sql, ") AS w CROSS JOIN {table} AS t WHERE t.{key} = w.column2");
    sql
}

/// Puts `rows` rows, each the key and then the value's other columns. A row whose key is NULL is none.
pub(crate) fn upsert(names: &Names, rows: usize) -> String {
    let mut sql = format!("INSERT INTO {} ({}", names.table, names.key);
    for column in names.others() {
        let _ = write!(sql, ", {column}");
    }
    let row = format!("(?{})", ",?".repeat(names.row_width() - 1));
    let more = format!(",{row}").repeat(rows.saturating_sub(1));
    let _ = write!(sql, ") SELECT * FROM (VALUES {row}{more}) WHERE column1 IS NOT NULL");
    sql.push_str(&names.on_conflict());
    sql
}

/// Deletes the rows of `keys` keys.
pub(crate) fn delete(names: &Names, keys: usize) -> String {
    let Names { table, key, .. } = names;
    let more = ",?".repeat(keys.saturating_sub(1));
    format!("DELETE FROM {table} WHERE {table}.{key} IN (?{more})")
}

/// A statement over so many rows. One whose first column is NULL is none.
pub(crate) fn over(statement: &Statement, rows: usize) -> String {
    let Statement { columns, before, after } = statement;
    let row = format!("(?{})", ",?".repeat(columns.len().saturating_sub(1)));
    let mut sql = String::with_capacity(before.len() + after.len() + 128 + rows * (row.len() + 1));
    sql.push_str(before);
    for (at, column) in (1..).zip(*columns) {
        let _ = write!(sql, "{}column{at} AS {column}", if at == 1 { "(SELECT " } else { ", " });
    }
    let more = format!(",{row}").repeat(rows.saturating_sub(1));
    let _ = write!(sql, " FROM (VALUES {row}{more}) WHERE column1 IS NOT NULL) AS w{after}");
    sql
}

/// How many rows fit into one statement that takes `width` parameters a row: a power of two.
pub(crate) fn rows_at_once(width: usize) -> usize {
    let fit = (PARAMETERS / width.max(1)).clamp(1, CHUNK);
    1 << fit.ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(table: &str, key: &str, columns: &[&str]) -> Names {
        Names::new(BOUNDS, table, key, columns).unwrap()
    }

    #[test]
    fn names_are_quoted_and_nothing_else_is_pasted() {
        let users = names("us\"ers", "id", &["name", "e mail"]);
        assert_eq!(
            select(&users),
            r#"SELECT t."name", t."e mail" FROM "us""ers" AS t WHERE t."id" = ? LIMIT 1"#
        );
        assert_eq!(
            select_many(&users, 2),
            r#"SELECT w.column1, t."name", t."e mail" FROM (VALUES (0,?),(1,?)) AS w CROSS JOIN "us""ers" AS t WHERE t."id" = w.column2"#
        );
        assert_eq!(
            upsert(&users, 2),
            r#"INSERT INTO "us""ers" ("id", "name", "e mail") SELECT * FROM (VALUES (?,?,?),(?,?,?)) WHERE column1 IS NOT NULL ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name", "e mail" = excluded."e mail""#
        );
        assert_eq!(delete(&users, 2), r#"DELETE FROM "us""ers" WHERE "us""ers"."id" IN (?,?)"#);
    }

    #[test]
    fn a_key_among_the_columns_is_inserted_once_and_never_updated() {
        let users = names("users", "id", &["ID", "name"]);
        assert_eq!(
            upsert(&users, 1),
            r#"INSERT INTO "users" ("id", "name") SELECT * FROM (VALUES (?,?)) WHERE column1 IS NOT NULL ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name""#
        );
        let tags = names("tags", "tag", &["tag"]);
        assert_eq!(
            upsert(&tags, 1),
            r#"INSERT INTO "tags" ("tag") SELECT * FROM (VALUES (?)) WHERE column1 IS NOT NULL ON CONFLICT ("tag") DO NOTHING"#
        );
    }

    #[test]
    fn statements_stay_under_the_bound_on_parameters() {
        for width in 1..BOUNDS.columns {
            let rows = rows_at_once(width);
            assert!(rows >= 1 && rows * width <= PARAMETERS, "{width} columns: {rows} rows");
            assert!(rows.is_power_of_two());
        }
    }
}
