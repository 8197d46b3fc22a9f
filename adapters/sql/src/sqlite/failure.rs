//! SQLite's errors. Its own messages name tables, columns and constraints, never what is in a row.

use larder_core::{Error, ErrorKind};

use crate::failure::Failure;

/// SQLite's primary result codes that decide the kind.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const CANT_OPEN: i32 = 14;
const NOT_A_DATABASE: i32 = 26;

/// `source` as a failure.
pub(crate) fn failed(source: sqlx::Error) -> Failure {
    let kind = match &source {
        sqlx::Error::PoolTimedOut => Some(ErrorKind::Timeout),
        sqlx::Error::PoolClosed => Some(ErrorKind::Closed),
        _ if matches!(primary_code(&source), Some(BUSY | LOCKED)) => Some(ErrorKind::Timeout),
        _ => None,
    };
    Failure::new(source).of_kind(kind)
}

/// What is said when a database can't be opened: mostly the path is to blame.
pub(crate) fn not_opened(source: sqlx::Error) -> Error {
    let kind = match (&source, primary_code(&source)) {
        (sqlx::Error::Io(_), _) | (_, Some(CANT_OPEN | NOT_A_DATABASE)) => ErrorKind::Invalid,
        _ => ErrorKind::Store,
    };
    failed(source).told(kind, "opening a database")
}

/// The low byte of an extended result code.
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<i32>().ok().map(|code| code & 0xff)
}
