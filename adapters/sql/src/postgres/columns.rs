//! The data of a batch by column: what PostgreSQL takes as arrays.

use larder_core::ErrorKind;
use sqlx::Arguments;
use sqlx::postgres::PgArguments;

use crate::Datum;
use crate::backend::CHUNK;
use crate::failure::Failure;

/// The type as which a datum is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    Integer,
    Real,
    Text,
    Blob,
}

impl Kind {
    /// `None` for NULL, which is of any.
    pub(crate) const fn of(datum: &Datum) -> Option<Self> {
        match datum {
            Datum::Null => None,
            Datum::Boolean(_) => Some(Self::Boolean),
            Datum::Integer(_) => Some(Self::Integer),
            Datum::Real(_) => Some(Self::Real),
            Datum::Text(_) => Some(Self::Text),
            Datum::Blob(_) => Some(Self::Blob),
        }
    }

    /// PostgreSQL's word for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Boolean => "bool",
            Self::Integer => "int8",
            Self::Real => "float8",
            Self::Text => "text",
            Self::Blob => "bytea",
        }
    }
}

/// Neighbouring rows whose columns are each of one kind.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) kinds: Vec<Option<Kind>>,
    rows: Vec<Vec<Datum>>,
}

impl Block {
    /// Its columns as arrays, but for those that are all NULL.
    pub(crate) fn arrays(self) -> Result<PgArguments, Failure> {
        let mut arguments = PgArguments::default();
        let mut rows = self.rows;
        for (at, kind) in self.kinds.into_iter().enumerate() {
            let Some(kind) = kind else { continue };
            let column = rows.iter_mut().filter_map(|row| row.get_mut(at));
            let column = column.map(|datum| std::mem::replace(datum, Datum::Null)).collect();
            add_array(&mut arguments, kind, column)?;
        }
        Ok(arguments)
    }

    pub(crate) const fn len(&self) -> usize {
        self.rows.len()
    }

    fn takes(&self, row: &[Datum]) -> bool {
        let fits = |(kind, datum): (&Option<Kind>, &Datum)| match (kind, Kind::of(datum)) {
            (Some(kind), Some(other)) => *kind == other,
            _ => true,
        };
        self.rows.len() < CHUNK && self.kinds.iter().zip(row).all(fits)
    }

    fn push(&mut self, row: Vec<Datum>) {
        for (kind, datum) in self.kinds.iter_mut().zip(&row) {
            *kind = kind.or(Kind::of(datum));
        }
        self.rows.push(row);
    }
}

/// Cuts rows into blocks, each as long as may be.
pub(crate) fn blocks(rows: Vec<Vec<Datum>>) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for row in rows {
        match blocks.last_mut() {
            Some(block) if block.takes(&row) => block.push(row),
            _ => {
                let mut block = Block { kinds: vec![None; row.len()], rows: Vec::new() };
                block.push(row);
                blocks.push(block);
            }
        }
    }
    blocks
}

/// One datum as a parameter.
pub(crate) fn add(arguments: &mut PgArguments, datum: Datum) -> Result<(), Failure> {
    let added = match datum {
        Datum::Null => arguments.add(None::<i64>),
        Datum::Boolean(is_true) => arguments.add(is_true),
        Datum::Integer(number) => arguments.add(number),
        Datum::Real(number) => arguments.add(number),
        Datum::Text(text) => arguments.add(sendable(text)?),
        Datum::Blob(bytes) => arguments.add(bytes),
    };
    added.map_err(|_| unsendable("a parameter can't be sent"))
}

fn add_array(arguments: &mut PgArguments, kind: Kind, column: Vec<Datum>) -> Result<(), Failure> {
    macro_rules! array {
        ($variant:ident) => {
            column.into_iter().map(|datum| if let Datum::$variant(it) = datum { Some(it) } else { None })
        };
    }
    let added = match kind {
        Kind::Boolean => arguments.add(array!(Boolean).collect::<Vec<_>>()),
        Kind::Integer => arguments.add(array!(Integer).collect::<Vec<_>>()),
        Kind::Real => arguments.add(array!(Real).collect::<Vec<_>>()),
        Kind::Blob => arguments.add(array!(Blob).collect::<Vec<_>>()),
        Kind::Text => {
            let texts = array!(Text).map(|text| text.map(sendable).transpose());
            arguments.add(texts.collect::<Result<Vec<_>, _>>()?)
        }
    };
    added.map_err(|_| unsendable("a parameter can't be sent"))
}

/// PostgreSQL has no NUL in its texts.
fn sendable(text: String) -> Result<String, Failure> {
    if text.contains('\0') { Err(unsendable("no PostgreSQL text holds a NUL")) } else { Ok(text) }
}

fn unsendable(why: &'static str) -> Failure {
    Failure::new(why).of_kind(Some(ErrorKind::Invalid))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: i64, datum: Datum) -> Vec<Datum> {
        vec![Datum::Integer(key), datum]
    }

    #[test]
    fn a_block_ends_where_a_column_changes_its_kind_and_a_null_fits_into_any() {
        let text = || Datum::Text("x".into());
        let data = [Datum::Null, text(), Datum::Null, Datum::Real(0.5), Datum::Null, text()];
        let rows = (0..).zip(data).map(|(key, datum)| row(key, datum)).collect();
        let blocks = blocks(rows);
        let kinds: Vec<_> = blocks.iter().map(|block| (block.kinds[1], block.rows.len())).collect();
        assert_eq!(kinds, [(Some(Kind::Text), 3), (Some(Kind::Real), 2), (Some(Kind::Text), 1)]);
    }

    #[test]
    fn a_block_has_no_more_rows_than_a_chunk() {
        let rows = (0..2_500).map(|key| row(key, Datum::Null)).collect();
        let sizes: Vec<_> = blocks(rows).iter().map(|block| block.rows.len()).collect();
        assert_eq!(sizes, [1_024, 1_024, 452]);
    }
}
