//! The SQL of one table, in PostgreSQL's dialect. Names are quoted; keys and values are parameters, always.
//!
//! A batch is one array for each column, so a statement has the same few parameters however many rows there are, and the
//! server prepares it once.

use std::fmt::Write;

use super::columns::Kind;
use crate::backend::Statement;
use crate::names::{Bounds, Names};

/// PostgreSQL's bounds, as it is built: columns of a table, bytes of a name.
pub(crate) const BOUNDS: Bounds = Bounds { columns: 1_600, name: 63 };

/// One key, its columns only.
pub(crate) fn select(names: &Names) -> String {
    let Names { table, key, .. } = names;
    format!("SELECT {} FROM {table} AS t WHERE t.{key} = $1 LIMIT 1", names.selected())
}

/// For keys of one kind; the answer has the number of its key in front, from 0.
pub(crate) fn select_many(names: &Names, kind: Kind) -> String {
    let Names { table, key, .. } = names;
    let (columns, kind) = (names.selected(), kind.word());
    format!(
        "SELECT w.n - 1, {columns} FROM unnest($1::{kind}[]) WITH ORDINALITY AS w (k, n) \
         JOIN {table} AS t ON t.{key} = w.k"
    )
}

/// Puts rows of these kinds, each the key and then the value's other columns; `None` for a column that is all NULL.
pub(crate) fn upsert(names: &Names, kinds: &[Option<Kind>]) -> String {
    let mut sql = format!("INSERT INTO {} ({}", names.table, names.key);
    for column in names.others() {
        let _ = write!(sql, ", {column}");
    }
    let (mut selected, mut arrays, mut called) = (Vec::new(), Vec::new(), Vec::new());
    for kind in kinds {
        match kind {
            None => selected.push("NULL".to_owned()),
            Some(kind) => {
                let number = arrays.len() + 1;
                selected.push(format!("w.c{number}"));
                arrays.push(array(number, *kind));
                called.push(format!("c{number}"));
            }
        }
    }
    let (selected, arrays, called) = (selected.join(", "), arrays.join(", "), called.join(", "));
    let _ = write!(sql, ") SELECT {selected} FROM unnest({arrays}) AS w ({called})");
    sql.push_str(&names.on_conflict());
    sql
}

/// A statement over rows of these kinds.
pub(crate) fn over(statement: &Statement, kinds: &[Option<Kind>]) -> String {
    let Statement { columns, before, after } = statement;
    let arrays: Vec<_> = (1..).zip(kinds.iter().flatten()).map(|(at, kind)| array(at, *kind)).collect();
    format!("{before}unnest({}) AS w ({}){after}", arrays.join(", "), columns.join(", "))
}

fn array(at: usize, kind: Kind) -> String {
    format!("${at}::{}[]", kind.word())
}

/// Deletes the rows of keys of one kind.
pub(crate) fn delete(names: &Names, kind: Kind) -> String {
    let Names { table, key, .. } = names;
    format!("DELETE FROM {table} AS t WHERE t.{key} = ANY ($1::{}[])", kind.word())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_and_nothing_else_is_pasted() {
        let users = Names::new(BOUNDS, "us\"ers", "id", &["name", "e mail"]).unwrap();
        assert_eq!(
            select(&users),
            r#"SELECT t."name", t."e mail" FROM "us""ers" AS t WHERE t."id" = $1 LIMIT 1"#
        );
        assert_eq!(
            select_many(&users, Kind::Integer),
            r#"SELECT w.n - 1, t."name", t."e mail" FROM unnest($1::int8[]) WITH ORDINALITY AS w (k, n) JOIN "us""ers" AS t ON t."id" = w.k"#
        );
        assert_eq!(
            upsert(&users, &[Some(Kind::Integer), None, Some(Kind::Text)]),
            r#"INSERT INTO "us""ers" ("id", "name", "e mail") SELECT w.c1, NULL, w.c2 FROM unnest($1::int8[], $2::text[]) AS w (c1, c2) ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name", "e mail" = excluded."e mail""#
        );
        assert_eq!(
            delete(&users, Kind::Blob),
            r#"DELETE FROM "us""ers" AS t WHERE t."id" = ANY ($1::bytea[])"#
        );
    }
}
