//! What tables, queries and stores ask of a database, whichever it is.

use std::fmt::Debug;
use std::sync::Arc;

use larder_core::BoxFuture;

use crate::Datum;
use crate::batch::Run;
use crate::failure::Failure;
use crate::names::{Bounds, Names};

/// The rows of an answer, each its columns.
pub(crate) type Rows = Vec<Vec<Datum>>;

/// What an answer takes time for.
pub(crate) type Answer<'a, T> = BoxFuture<'a, Result<T, Failure>>;

/// A database. Each method that answers sends one statement, but for [`change`](Self::change).
pub(crate) trait Backend: Debug + Send + Sync {
    /// What it makes of names.
    fn bounds(&self) -> Bounds;

    /// How a statement says what differs between databases.
    fn dialect(&self) -> &'static Dialect;

    /// The statement for one key of a table, as [`first`](Self::first) takes it.
    fn select(&self, names: &Names) -> String;

    /// The first row that `sql` finds for `key`, its one parameter.
    fn first(&self, sql: Arc<str>, key: Datum) -> Answer<'_, Option<Vec<Datum>>>;

    /// The rows of these keys, at most [`CHUNK`]; the first column is the number of the key, from 0.
    fn select_many<'a>(&'a self, names: &'a Names, keys: Vec<Datum>) -> Answer<'a, Rows>;

    /// Makes all changes, wholly or not at all.
    fn change<'a>(&'a self, names: &'a Names, runs: Vec<Run>) -> Answer<'a, ()>;

    /// What `sql` answers, its parameters being `$1` and so on.
    fn fetch(&self, sql: String, parameters: Vec<Datum>) -> Answer<'_, Rows>;

    /// What a statement over these rows answers: at least one and at most [`CHUNK`], no NULL in them, and all of the kinds
    /// of the first.
    fn over<'a>(&'a self, statement: &'a Statement, rows: Rows) -> Answer<'a, Rows>;
}

/// The most keys of one [`Backend::select_many`], and the most rows of one [`Backend::over`].
pub(crate) const CHUNK: usize = 1_024;

/// What a statement must say in the database's own words.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// The type of bytes.
    pub(crate) bytes: &'static str,
    /// The type of whole numbers of 64 bits.
    pub(crate) integer: &'static str,
    /// The wall clock when the statement began, in microseconds since 1970.
    pub(crate) now: &'static str,
    /// What follows the columns of a new table.
    pub(crate) options: &'static str,
    /// What follows a search whose rows are about to be deleted.
    pub(crate) locked: &'static str,
}

/// A statement over rows that are sent with it: a table called `w` with these columns, which stands between two pieces of
/// SQL.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) columns: &'static [&'static str],
    pub(crate) before: String,
    pub(crate) after: String,
}
