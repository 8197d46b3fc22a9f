//! The names of a table, checked and quoted. What is quoted is never read as SQL.

use larder_core::{Error, ErrorKind, Result};

/// What a database makes of names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The columns that one row may have.
    pub(crate) columns: usize,
    /// The bytes that a name may have; a longer one would be cut, and be another's.
    pub(crate) name: usize,
}

/// What is known of a table: its name, its key, its columns; quoted, except where they are compared.
#[derive(Debug)]
pub(crate) struct Names {
    /// As given, to be told.
    pub(crate) name: String,
    pub(crate) table: String,
    pub(crate) key: String,
    pub(crate) columns: Vec<String>,
    /// Which of the value's columns is the key itself, if one is.
    pub(crate) key_column: Option<usize>,
}

impl Names {
    /// Checks and quotes the names.
    pub(crate) fn new(bounds: Bounds, table: &str, key: &str, columns: &[&str]) -> Result<Self> {
        let key_column = columns.iter().position(|column| column.eq_ignore_ascii_case(key));
        for (at, column) in columns.iter().enumerate() {
            if columns[..at].iter().any(|earlier| earlier.eq_ignore_ascii_case(column)) {
                return Err(invalid("a column is named twice"));
            }
        }
        if columns.is_empty() {
            return Err(invalid("no columns are named"));
        }
        if columns.len() >= bounds.columns {
            return Err(invalid("too many columns are named"));
        }
        Ok(Self {
            name: table.to_owned(),
            table: quoted(bounds, table)?,
            key: quoted(bounds, key)?,
            columns: columns.iter().map(|column| quoted(bounds, column)).collect::<Result<_>>()?,
            key_column,
        })
    }

    /// How many columns a value has.
    pub(crate) const fn width(&self) -> usize {
        self.columns.len()
    }

    /// How many columns are written for one row: the key, and the value's others.
    #[cfg(feature = "sqlite")]
    pub(crate) const fn row_width(&self) -> usize {
        1 + self.columns.len() - self.key_column.is_some() as usize
    }

    /// The value's columns without the key.
    pub(crate) fn others(&self) -> impl Iterator<Item = &str> {
        let others = self.columns.iter().enumerate().filter(|(at, _)| Some(*at) != self.key_column);
        others.map(|(_, column)| column.as_str())
    }

    /// The value's columns of the table that is called `t`, with commas between them.
    pub(crate) fn selected(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(|column| format!("t.{column}")).collect();
        columns.join(", ")
    }

    /// What an upsert does with a row that is there.
    pub(crate) fn on_conflict(&self) -> String {
        let sets: Vec<_> = self.others().map(|column| format!("{column} = excluded.{column}")).collect();
        let key = &self.key;
        if sets.is_empty() {
            format!(" ON CONFLICT ({key}) DO NOTHING")
        } else {
            format!(" ON CONFLICT ({key}) DO UPDATE SET {}", sets.join(", "))
        }
    }
}

/// A name in double quotes, those within it doubled.
pub(crate) fn quoted(bounds: Bounds, name: &str) -> Result<String> {
    if name.is_empty() {
        return Err(invalid("a name is empty"));
    }
    if name.contains('\0') {
        return Err(invalid("a name has a NUL in it"));
    }
    if name.len() > bounds.name {
        return Err(invalid("a name is too long"));
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

fn invalid(why: &'static str) -> Error {
    Error::new(ErrorKind::Invalid, "describing a table").because(why)
}
