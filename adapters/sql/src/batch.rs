//! A batch of changes as runs of one kind, their order kept, no key in it twice.

use std::collections::HashSet;

use larder_core::{Change, Error, ErrorKind, Key, Result};

use crate::names::Names;
use crate::rows::key_datum;
use crate::{Column, Datum, Record, Row};

/// Neighbouring changes of one kind.
#[derive(Debug)]
pub(crate) enum Run {
    /// Rows: each the key, then the value's other columns.
    Put(Vec<Vec<Datum>>),
    /// Keys.
    Delete(Vec<Datum>),
}

/// The runs that `changes` are. An error if one of them can't be stored.
///
/// Of several changes of one key only the last is made: a statement can't write a row twice.
pub(crate) fn runs<K, V>(names: &Names, changes: &[Change<K, V>]) -> Result<Vec<Run>>
where
    K: Key + Column,
    V: Record,
{
    let mut keys = HashSet::new();
    let mut last = Vec::with_capacity(changes.len());
    for change in changes.iter().rev() {
        let made = one(names, change)?;
        if keys.insert(distinct(made.key())) {
            last.push(made);
        }
    }
    Ok(together(last.into_iter().rev()))
}

/// One change, as it is sent.
enum Made {
    Put(Vec<Datum>),
    Delete(Datum),
}

impl Made {
    fn key(&self) -> &Datum {
        match self {
            Self::Put(row) => row.first().unwrap_or(&Datum::Null),
            Self::Delete(key) => key,
        }
    }
}

fn together(changes: impl Iterator<Item = Made>) -> Vec<Run> {
    let mut runs = Vec::new();
    for change in changes {
        match (change, runs.last_mut()) {
            (Made::Put(row), Some(Run::Put(rows))) => rows.push(row),
            (Made::Delete(key), Some(Run::Delete(keys))) => keys.push(key),
            (Made::Put(row), _) => runs.push(Run::Put(vec![row])),
            (Made::Delete(key), _) => runs.push(Run::Delete(vec![key])),
        }
    }
    runs
}

fn one<K: Key + Column, V: Record>(names: &Names, change: &Change<K, V>) -> Result<Made> {
    match change {
        Change::Put(key, value) => row(names, key, value).map(Made::Put),
        Change::Delete(key) => key_datum(key).map(Made::Delete),
    }
}

fn row<K: Column, V: Record>(names: &Names, key: &K, value: &V) -> Result<Vec<Datum>> {
    let key = key_datum(key)?;
    let mut columns = Row::of(value, names.width())?;
    if let Some(at) = names.key_column
        && columns.remove(at) != key
    {
        let why = "the value carries another key";
        return Err(Error::new(ErrorKind::Invalid, "storing a row").because(why));
    }
    columns.insert(0, key);
    Ok(columns)
}

/// Bytes that are the same for keys that any column takes for one.
fn distinct(key: &Datum) -> (u8, Vec<u8>) {
    match key {
        Datum::Null => (0, Vec::new()),
        Datum::Boolean(is_true) => (1, vec![u8::from(*is_true)]),
        Datum::Integer(number) => (2, number.to_le_bytes().to_vec()),
        // A zero has two signs.
        Datum::Real(number) => (3, (number + 0.0).to_le_bytes().to_vec()),
        Datum::Text(text) => (4, text.as_bytes().to_vec()),
        Datum::Blob(bytes) => (5, bytes.clone()),
    }
}

#[cfg(test)]
mod tests {
    use larder_core::Change::{Delete, Put};

    use super::*;
    use crate::names::Bounds;

    fn names() -> Names {
        Names::new(Bounds { columns: 9, name: 9 }, "t", "k", &["v"]).unwrap()
    }

    #[test]
    fn of_several_changes_of_one_key_the_last_stays_where_it_was() {
        let changes = [Put(1, 10), Delete(2), Put(1, 11), Delete(3), Put(2, 20), Delete(1)];
        let runs = runs(&names(), &changes).unwrap();
        let [Run::Delete(three), Run::Put(two), Run::Delete(one)] = runs.as_slice() else {
            panic!("{runs:?}")
        };
        assert!(*three == [Datum::Integer(3)] && *one == [Datum::Integer(1)]);
        assert!(*two == [[Datum::Integer(2), Datum::Integer(20)]]);
    }

    #[test]
    fn both_zeros_are_one_key() {
        assert!(distinct(&Datum::Real(0.0)) == distinct(&Datum::Real(-0.0)));
    }

    #[test]
    fn a_change_that_cannot_be_made_refuses_the_batch_even_if_a_later_one_replaces_it() {
        let refused = runs(&names(), &[Put(1, f64::NAN), Put(1, 1.0)]).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Invalid);
    }
}
