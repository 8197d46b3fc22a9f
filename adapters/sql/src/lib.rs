//! SQLite and PostgreSQL: a [`Table`] of yours as the origin behind a cache, and a table of ours as a large tier, the
//! [`SqlStore`].
//!
//! SQLite (feature `sqlite`, on unless told otherwise) is compiled in; there is nothing to install. PostgreSQL is the
//! feature `postgres`, with encrypted connections the feature `tls`. Both are asked alike.
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
//! | [`Sqlite`], `Postgres` | a database: opens it, counts the statements that reach it |
//! | [`Table`] | loads and writes the rows of one table |
//! | [`Query`] | loads by a query of your own |
//! | [`Record`], [`record!`] | a value as the columns of a row |
//! | [`Column`], [`Datum`] | a key or a field as one column |
//! | [`SqlStore`], [`SqlStoreOptions`] | a table as a store of parcels |
//!
//! # A tier
//!
//! ```
//! use larder_core::{Raw, Store, StoreExt};
//! use larder_sql::Sqlite;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> larder_core::Result<()> {
//! let db = Sqlite::in_memory().await?;
//! let pages = db.store::<String>("pages").await?.encode(Raw);
//! pages.put("/".to_owned(), b"<html>".to_vec()).await?;
//! assert_eq!(pages.value(&"/".to_owned()).await?, Some(b"<html>".to_vec()));
//! # Ok(())
//! # }
//! ```
//!
//! A hit costs a round trip, so put a faster tier before it. Every row has a version that no other write has. A lease
//! names the version it has seen (or that there was no row, and when), and the statement that fills demands it, as does
//! the one that inserts or removes: so no process undoes what another has done since, and a write that arrives late does
//! nothing. All who open a table share it; lives end by the wall clock of the database.
//!
//! # Nothing is pasted
//!
//! Keys and values are bound as parameters, always. Names of tables and columns may come from configuration: they are
//! quoted, and refused where quoting can't help. A query of your own is a literal of the program.
//!
//! # Runtime
//!
//! `sqlx` needs tokio: futures of this crate must be polled, and dropped, inside a tokio runtime with its timer and I/O;
//! outside of one `sqlx` panics. The work of SQLite is done by one thread for each connection, so it never blocks the
//! runtime's own.
//!
//! # When something fails
//!
//! Each failure is one error whose kind the tables in [`Table`] and [`SqlStore`] give. Neither keys nor values nor passwords
//! get into it, nor into its source (the tests look for them in every such failure).
//!
//! - **SQLite**: the source is the error of `sqlx`. SQLite's own checks name tables, columns and constraints, and say which
//!   kind of data didn't fit. Out of this crate's hands is what a schema says itself: the text that a trigger gives to
//!   `RAISE`, and SQL functions that quote their argument (`json_extract` does with a path it can't read) in a trigger,
//!   a generated column or a view. SQLite hands it on as its message, and so does the error.
//! - **PostgreSQL**: it quotes data in its messages, so the source is a `PostgresError` instead: the code, what that
//!   means, and the names of table, column and constraint.

#![forbid(unsafe_code)]

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
