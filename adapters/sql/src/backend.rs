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
}

/// The most keys of one [`Backend::select_many`].
pub(crate) const CHUNK: usize = 1_024;
