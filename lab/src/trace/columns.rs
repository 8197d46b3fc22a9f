//! Which column of a table of requests is what.

use std::fmt;
use std::str::FromStr;

/// A column, by its place or its title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// Counted from 1.
    Number(usize),
    Title(String),
}

/// Which column is what, as `key=1,size=3` or by titles, `key=object,time=timestamp`.
///
/// By default the columns are those called key, size, time, ttl and cost in the first line; and if that has no key, the
/// first column is the key, and nothing else is known.
///
/// ```
/// use larder_lab::trace::Columns;
///
/// assert!("key=2,size=bytes".parse::<Columns>().is_ok());
/// assert!("colour=2".parse::<Columns>().is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(pub(super) Vec<(What, Column)>);

/// What a column tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Key,
    Size,
    Time,
    Ttl,
    Cost,
}

impl What {
    pub(super) const ALL: [(&'static str, Self); 5] = [
        ("key", Self::Key),
        ("size", Self::Size),
        ("time", Self::Time),
        ("ttl", Self::Ttl),
        ("cost", Self::Cost),
    ];
}

/// Why a text names no columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoColumns;

impl FromStr for Columns {
    type Err = NoColumns;

    fn from_str(text: &str) -> Result<Self, NoColumns> {
        let columns: Vec<_> = text.split(',').map(column).collect::<Result<_, _>>()?;
        let has_key = columns.iter().any(|(what, _)| *what == What::Key);
        if has_key { Ok(Self(columns)) } else { Err(NoColumns) }
    }
}

fn column(text: &str) -> Result<(What, Column), NoColumns> {
    let (what, place) = text.split_once('=').ok_or(NoColumns)?;
    let (_, what) = What::ALL.into_iter().find(|(name, _)| *name == what.trim()).ok_or(NoColumns)?;
    let column = match place.trim() {
        "" | "0" => return Err(NoColumns),
        place => place.parse().map_or_else(|_| Column::Title(place.to_owned()), Column::Number),
    };
    Ok((what, column))
}

impl fmt::Display for NoColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected what=column for key and any of size, time, ttl, cost; columns by number from 1 or by title")
    }
}

impl std::error::Error for NoColumns {}
