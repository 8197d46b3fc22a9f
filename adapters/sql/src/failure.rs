//! The errors of the database as errors of the framework.

use std::borrow::Cow;

use larder_core::{Error, ErrorKind};

/// SQLite's primary result codes that decide the kind.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const CANT_OPEN: i32 = 14;
const NOT_A_DATABASE: i32 = 26;

/// `source`, which happened while `doing` something, as an error of kind `kind`, or of a more exact one.
pub(crate) fn failure(kind: ErrorKind, doing: impl Into<Cow<'static, str>>, source: sqlx::Error) -> Error {
    let kind = match &source {
        sqlx::Error::PoolTimedOut => ErrorKind::Timeout,
        sqlx::Error::PoolClosed => ErrorKind::Closed,
        _ if matches!(primary_code(&source), Some(BUSY | LOCKED)) => ErrorKind::Timeout,
        _ => kind,
    };
    Error::new(kind, doing).because(source)
}

/// What [`failure`] says when a database can't be opened: mostly the path is to blame.
pub(crate) fn not_opened(source: sqlx::Error) -> Error {
    let kind = match (&source, primary_code(&source)) {
        (sqlx::Error::Io(_), _) | (_, Some(CANT_OPEN | NOT_A_DATABASE)) => ErrorKind::Invalid,
        _ => ErrorKind::Store,
    };
    failure(kind, "opening a database", source)
}

/// The low byte of an extended result code.
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<i32>().ok().map(|code| code & 0xff)
}
