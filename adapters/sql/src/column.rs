//! What one column of a row holds, and the Rust types that fit into it.

use std::fmt;
use std::sync::Arc;

/// The content of one column of one row, in any SQL database.
#[derive(Clone, PartialEq)]
pub enum Datum {
    /// Nothing known.
    Null,
    /// True or false. SQLite has no such type: it stores 1 or 0, and gives back an integer.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A floating point number.
    Real(f64),
    /// Characters.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Datum {
    /// The SQL word for what it holds: safe to print, the content is not.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Boolean(_) => "BOOLEAN",
            Self::Integer(_) => "INTEGER",
            Self::Real(_) => "REAL",
            Self::Text(_) => "TEXT",
            Self::Blob(_) => "BLOB",
        }
    }
}

impl From<i64> for Datum {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<Vec<u8>> for Datum {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Blob(bytes)
    }
}

impl fmt::Debug for Datum {
    /// Shows the kind only: keys and values don't belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

/// A Rust type that fits into one column: a key, or one field of a value.
///
/// Implemented for the integers, `bool`, `f64`, `String`, `Arc<str>`, `Vec<u8>`, `Arc<[u8]>`, [`Datum`], and `Option`
/// of them. A type of your own becomes one by what it is stored as:
///
/// ```
/// use larder_sql::{Column, Datum};
///
/// #[derive(Debug, PartialEq)]
/// struct Cents(i64);
///
/// impl Column for Cents {
///     fn to_datum(&self) -> Option<Datum> {
///         self.0.to_datum()
///     }
///     fn from_datum(datum: Datum) -> Option<Self> {
///         i64::from_datum(datum).map(Cents)
///     }
/// }
///
/// assert_eq!(Cents::from_datum(Datum::Integer(250)), Some(Cents(250)));
/// assert_eq!(Cents::from_datum(Datum::Text("250".into())), None);
/// ```
pub trait Column: Sized {
    /// How it is stored; `None` if no column can hold it (a `u64` over `i64::MAX`, a NaN).
    fn to_datum(&self) -> Option<Datum>;

    /// Back from the column; `None` if something else is in there.
    fn from_datum(datum: Datum) -> Option<Self>;
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Column for $integer {
            fn to_datum(&self) -> Option<Datum> {
                i64::try_from(*self).ok().map(Datum::Integer)
            }
            fn from_datum(datum: Datum) -> Option<Self> {
                match datum {
                    Datum::Integer(number) => Self::try_from(number).ok(),
                    _ => None,
                }
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

impl Column for bool {
    fn to_datum(&self) -> Option<Datum> {
        Some(Datum::Boolean(*self))
    }
    /// Also from the integers 0 and 1, as which SQLite stores it.
    fn from_datum(datum: Datum) -> Option<Self> {
        match datum {
            Datum::Boolean(is_true) => Some(is_true),
            Datum::Integer(0) => Some(false),
            Datum::Integer(1) => Some(true),
            _ => None,
        }
    }
}

impl Column for f64 {
    /// `None` for NaN, which a database would turn into NULL without a word.
    fn to_datum(&self) -> Option<Datum> {
        (!self.is_nan()).then_some(Datum::Real(*self))
    }
    /// Also from an integer, because a NUMERIC column stores `2.0` as `2`.
    fn from_datum(datum: Datum) -> Option<Self> {
        match datum {
            Datum::Real(number) => Some(number),
            Datum::Integer(number) if number.unsigned_abs() <= 1 << 53 => Some(number as Self),
            _ => None,
        }
    }
}

impl Column for String {
    fn to_datum(&self) -> Option<Datum> {
        Some(Datum::Text(self.clone()))
    }
    fn from_datum(datum: Datum) -> Option<Self> {
        match datum {
            Datum::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Column for Arc<str> {
    fn to_datum(&self) -> Option<Datum> {
        Some(Datum::Text(self.to_string()))
    }
    fn from_datum(datum: Datum) -> Option<Self> {
        String::from_datum(datum).map(Into::into)
    }
}

impl Column for Vec<u8> {
    fn to_datum(&self) -> Option<Datum> {
        Some(Datum::Blob(self.clone()))
    }
    fn from_datum(datum: Datum) -> Option<Self> {
        match datum {
            Datum::Blob(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl Column for Arc<[u8]> {
    fn to_datum(&self) -> Option<Datum> {
        Some(Datum::Blob(self.to_vec()))
    }
    fn from_datum(datum: Datum) -> Option<Self> {
        Vec::from_datum(datum).map(Into::into)
    }
}

impl Column for Datum {
    fn to_datum(&self) -> Option<Datum> {
        Some(self.clone())
    }
    fn from_datum(datum: Datum) -> Option<Self> {
        Some(datum)
    }
}

impl<T: Column> Column for Option<T> {
    fn to_datum(&self) -> Option<Datum> {
        self.as_ref().map_or(Some(Datum::Null), T::to_datum)
    }
    fn from_datum(datum: Datum) -> Option<Self> {
        match datum {
            Datum::Null => Some(None),
            present => T::from_datum(present).map(Some),
        }
    }
}
