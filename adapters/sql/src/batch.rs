//! A batch of changes as few statements, their order kept.

use larder_core::{Change, Error, ErrorKind, Key, Result};

use crate::rows::key_datum;
use crate::statement::Statements;
use crate::{Column, Datum, Record, Row};

/// Neighbouring changes of one kind that one statement makes; the data are its parameters.
pub(crate) enum Step {
    /// Rows, one after the other: the key, then the value's other columns.
    Put(Vec<Datum>),
    /// Keys.
    Delete(Vec<Datum>),
}

impl Step {
    /// The statement and its parameters.
    pub(crate) fn into_sql(self, statements: &Statements) -> (String, Vec<Datum>) {
        match self {
            Self::Put(data) => (statements.upsert(data.len() / statements.row_width()), data),
            Self::Delete(mut keys) => {
                // Few sizes make few texts, all of which stay prepared. A NULL deletes nothing.
                keys.resize(keys.len().next_power_of_two(), Datum::Null);
                (statements.delete(keys.len()), keys)
            }
        }
    }
}

/// The statements that make `changes`, in their order. Nothing is sent if one of them can't be stored.
pub(crate) fn steps<K, V>(statements: &Statements, changes: &[Change<K, V>]) -> Result<Vec<Step>>
where
    K: Key + Column,
    V: Record,
{
    let mut steps = Vec::new();
    for run in changes.chunk_by(|one, next| one.value().is_some() == next.value().is_some()) {
        if run.iter().all(|change| change.value().is_some()) {
            put(statements, run, &mut steps)?;
        } else {
            for keys in run.chunks(Statements::rows_at_once(1)) {
                let keys = keys.iter().map(|change| key_datum(change.key()));
                steps.push(Step::Delete(keys.collect::<Result<_>>()?));
            }
        }
    }
    Ok(steps)
}

/// Rows can't be padded, so a run is cut into powers of two, the largest first: few texts again.
fn put<K, V>(statements: &Statements, mut run: &[Change<K, V>], steps: &mut Vec<Step>) -> Result<()>
where
    K: Key + Column,
    V: Record,
{
    let width = statements.row_width();
    let most = Statements::rows_at_once(width);
    while !run.is_empty() {
        let (now, later) = run.split_at(most.min(1 << run.len().ilog2()));
        let mut data = Vec::with_capacity(now.len() * width);
        for change in now {
            if let Change::Put(key, value) = change {
                put_row(statements, key, value, &mut data)?;
            }
        }
        steps.push(Step::Put(data));
        run = later;
    }
    Ok(())
}

fn put_row<K, V>(statements: &Statements, key: &K, value: &V, data: &mut Vec<Datum>) -> Result<()>
where
    K: Column,
    V: Record,
{
    let key = key_datum(key)?;
    let mut columns = Row::of(value, statements.width())?;
    if let Some(at) = statements.key_column()
        && columns.remove(at) != key
    {
        let why = "the value carries another key";
        return Err(Error::new(ErrorKind::Invalid, "storing a row").because(why));
    }
    data.push(key);
    data.append(&mut columns);
    Ok(())
}
