//! The tables of a SQL database as the origin behind a cache: a [`Table`] loads and writes rows by key, one by one and
//! in batches.
//!
//! SQLite is compiled in; there is nothing to install.
//!
//! ```
//! use larder_core::{Change, Loader, Result, Writer};
//! use larder_sql::{Sqlite, Table};
//!
//! #[derive(Clone, Debug, PartialEq)]
//! struct User { id: u64, name: String, email: Option<String> }
//!
//! larder_sql::record!(User { id, name, email });
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let db = Sqlite::in_memory().await?;
//! db.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT)").await?;
//!
//! let users: Table<u64, User> = db.table("users", "id", &["id", "name", "email"])?;
//! let ann = User { id: 1, name: "Ann".into(), email: None };
//! users.write(&Change::Put(1, ann.clone())).await?;
//!
//! assert_eq!(users.load(&1).await?.unwrap().into_value(), ann);
//! assert!(users.load(&2).await?.is_none());
//!
//! let found = users.load_many(&[2, 1, 1]).await?; // one statement
//! assert_eq!(found.iter().filter(|user| user.is_some()).count(), 2);
//! assert_eq!(db.queries(), 5);
//! # Ok(())
//! # }
//! ```
//!
//! | | |
//! |---|---|
//! | [`Sqlite`] | a database: opens it, counts the statements that reach it |
//! | [`Table`] | loads and writes the rows of one table |
//! | [`Query`] | loads by a query of your own |
//! | [`Record`], [`record!`] | a value as the columns of a row |
//! | [`Column`], [`Datum`] | a key or a field as one column |
//!
//! # Nothing is pasted
//!
//! Keys and values are bound as parameters, always. Names of tables and columns may come from configuration: they are
//! quoted, and refused where quoting can't help. A query of your own is a literal of the program.
//!
//! # Runtime
//!
//! `sqlx` needs tokio: futures of this crate must be polled, and dropped, inside a tokio runtime; outside of one `sqlx`
//! panics. The work itself is done by one thread for each connection, so it never blocks the runtime's own.
//!
//! # When something fails
//!
//! Each failure is one error whose kind the table in [`Table`] gives, with the error of `sqlx` as its source. Neither
//! keys nor values get into it by this crate, by `sqlx` or by SQLite's own checks: those name tables, columns and
//! constraints, and say which kind of data didn't fit (the tests look for the data in the message of every such
//! failure). Out of this crate's hands is what a schema says itself: the text that a trigger gives to `RAISE`, and SQL
//! functions that quote their argument (`json_extract` does with a path it can't read) in a trigger, a generated column
//! or a view. SQLite hands it on as its message, and so does the error.

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("larder-sql needs a database: its feature `sqlite` or `postgres`");

mod backend;
mod batch;
mod column;
mod failure;
mod names;
#[cfg(feature = "postgres")]
mod postgres;
mod query;
mod record;
mod rows;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
mod table;

pub use column::{Column, Datum};
pub use larder_core::Result;
#[cfg(feature = "postgres")]
pub use postgres::{Postgres, PostgresError};
pub use query::Query;
pub use record::{Record, Row};
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;
pub use sqlx;
pub use store::{SqlStore, SqlStoreOptions};
pub use table::Table;
