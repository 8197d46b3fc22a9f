//! A value as the columns of a row, in the order in which the table names them.

use larder_core::{Error, ErrorKind, Result, Value};

use crate::{Column, Datum};

/// A value that is stored as one row.
///
/// Every [`Column`] is a record of one column, tuples are records of several, and [`record!`](crate::record) makes one of
/// a struct. By hand it is little more:
///
/// ```
/// use larder_core::Result;
/// use larder_sql::{Record, Row};
///
/// #[derive(Clone)]
/// struct User { name: String, email: Option<String> }
///
/// impl Record for User {
///     fn from_row(row: &mut Row) -> Result<Self> {
///         Ok(Self { name: row.take()?, email: row.take()? })
///     }
///     fn to_row(&self, row: &mut Row) -> Result<()> {
///         row.put(&self.name)?;
///         row.put(&self.email)
///     }
/// }
/// ```
pub trait Record: Value {
    /// Takes the columns out of `row`, in their order.
    fn from_row(row: &mut Row) -> Result<Self>;

    /// Puts the columns into `row`, in their order.
    fn to_row(&self, row: &mut Row) -> Result<()>;
}

/// The columns of one row, taken and put from left to right.
#[derive(Debug, Default)]
pub struct Row {
    columns: Vec<Datum>,
    taken: usize,
}

impl Row {
    pub(crate) const fn new(columns: Vec<Datum>) -> Self {
        Self { columns, taken: 0 }
    }

    /// The next column.
    ///
    /// # When something fails
    ///
    /// A column that holds something else, and a row without a further column, are errors of kind
    /// [`Load`](ErrorKind::Load) that say which column and which types, never what is in it.
    pub fn take<T: Column>(&mut self) -> Result<T> {
        let at = self.taken;
        let Some(datum) = self.columns.get_mut(at) else {
            return Err(unreadable(format!("column {} is read, the row has {at}", at + 1)));
        };
        self.taken += 1;
        let datum = std::mem::replace(datum, Datum::Null);
        let kind = datum.kind();
        T::from_datum(datum).ok_or_else(|| {
            unreadable(format!("column {} holds {kind}, not a {}", at + 1, std::any::type_name::<T>()))
        })
    }

    /// Appends a column.
    ///
    /// # When something fails
    ///
    /// What no column can hold is an error of kind [`Invalid`](ErrorKind::Invalid).
    pub fn put<T: Column>(&mut self, field: &T) -> Result<()> {
        let datum = field.to_datum().ok_or_else(|| {
            let at = self.columns.len() + 1;
            Error::new(ErrorKind::Invalid, "storing a row")
                .because(format!("no column can hold field {at}, a {}", std::any::type_name::<T>()))
        })?;
        self.columns.push(datum);
        Ok(())
    }

    /// The value of which this is the whole row.
    pub(crate) fn into_record<V: Record>(mut self) -> Result<V> {
        let value = V::from_row(&mut self)?;
        if self.taken == self.columns.len() {
            return Ok(value);
        }
        Err(unreadable(format!("the row has {} columns, {} are read", self.columns.len(), self.taken)))
    }

    /// The columns of `value`, which must be `width`.
    pub(crate) fn of<V: Record>(value: &V, width: usize) -> Result<Vec<Datum>> {
        let mut row = Self::new(Vec::with_capacity(width));
        value.to_row(&mut row)?;
        if row.columns.len() == width {
            return Ok(row.columns);
        }
        let message = format!("the value has {} fields for {width} columns", row.columns.len());
        Err(Error::new(ErrorKind::Invalid, "storing a row").because(message))
    }
}

fn unreadable(message: String) -> Error {
    Error::new(ErrorKind::Load, "reading a row").because(message)
}

impl<T: Column + Value> Record for T {
    fn from_row(row: &mut Row) -> Result<Self> {
        row.take()
    }
    fn to_row(&self, row: &mut Row) -> Result<()> {
        row.put(self)
    }
}

macro_rules! tuples {
    ($(($($field:ident $index:tt),+))*) => {$(
        impl<$($field: Column + Value),+> Record for ($($field,)+) {
            fn from_row(row: &mut Row) -> Result<Self> {
                Ok(($(row.take::<$field>()?,)+))
            }
            fn to_row(&self, row: &mut Row) -> Result<()> {
                $(row.put(&self.$index)?;)+
                Ok(())
            }
        }
    )*};
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}

/// Makes a struct a [`Record`], its fields in the order given here; each must be a [`Column`].
///
/// ```
/// #[derive(Clone)]
/// struct User { id: u64, name: String, email: Option<String> }
///
/// larder_sql::record!(User { id, name, email });
/// ```
#[macro_export]
macro_rules! record {
    ($record:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::Record for $record {
            fn from_row(row: &mut $crate::Row) -> $crate::Result<Self> {
                Ok(Self { $($field: row.take()?),+ })
            }
            fn to_row(&self, row: &mut $crate::Row) -> $crate::Result<()> {
                $(row.put(&self.$field)?;)+
                Ok(())
            }
        }
    };
}
