//! PostgreSQL's errors, without the data that it puts into them.

use std::fmt;
use std::io;

use larder_core::ErrorKind;
use sqlx::postgres::PgDatabaseError;

use crate::failure::Failure;

/// What PostgreSQL says went wrong, without its message: that quotes keys and values (`Key (id)=(42) already exists`).
///
/// It is the [source](std::error::Error::source) of the framework's error: find it with `downcast_ref`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresError {
    code: String,
    table: Option<String>,
    column: Option<String>,
    constraint: Option<String>,
}

impl PostgresError {
    /// The SQLSTATE code: five letters and digits.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The table it was about, if it says so.
    pub fn table(&self) -> Option<&str> {
        self.table.as_deref()
    }

    /// The column it was about, if it says so.
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }

    /// The constraint that refused the row, if one did.
    pub fn constraint(&self) -> Option<&str> {
        self.constraint.as_deref()
    }
}

impl From<&PgDatabaseError> for PostgresError {
    fn from(error: &PgDatabaseError) -> Self {
        let owned = |name: Option<&str>| name.map(str::to_owned);
        Self {
            code: error.code().chars().filter(char::is_ascii_alphanumeric).take(5).collect(),
            table: owned(error.table()),
            column: owned(error.column()),
            constraint: owned(error.constraint()),
        }
    }
}

impl fmt::Display for PostgresError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (SQLSTATE {})", meaning(&self.code), self.code)?;
        let names = [("table", &self.table), ("column", &self.column), ("constraint", &self.constraint)];
        for (what, name) in names {
            if let Some(name) = name {
                write!(f, ", {what} {name}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for PostgresError {}

/// What a code means, or else its class.
fn meaning(code: &str) -> &'static str {
    match code {
        "21000" => "a batch puts two rows that the key's column takes for one",
        "22001" => "a text is too long for its column",
        "22003" => "a number is out of its column's range",
        "22021" => "a text has characters that the database's encoding doesn't",
        "22P02" | "22007" => "a text doesn't say what is read from it",
        "23502" => "a column must not be NULL",
        "23503" => "a row that is referred to is missing",
        "23505" => "a unique constraint is violated",
        "23514" => "a check constraint is violated",
        "28000" | "28P01" => "the user or the password is wrong",
        "3D000" => "there is no such database",
        "42501" => "the user may not do this",
        "42601" => "the SQL can't be read",
        "42703" => "there is no such column",
        "42804" => "a column is of another type",
        "42883" => "there is no such function, or types that can't be compared",
        "42P01" => "there is no such table",
        "42P10" => "there is no unique index on the key",
        "40P01" => "a deadlock",
        "55P03" => "a lock is held for too long",
        "57014" => "the statement took too long",
        "57P01" | "57P02" | "57P03" => "the server is going down or coming up",
        _ => class(code),
    }
}

fn class(code: &str) -> &'static str {
    match code.get(..2) {
        Some("08") => "the connection failed",
        Some("22") => "data that can't be stored or computed with",
        Some("23") => "a constraint is violated",
        Some("25" | "40") => "the transaction was given up",
        Some("42") => "the statement doesn't fit the schema",
        Some("53") => "the server is out of resources",
        Some("54") => "a bound of the server is exceeded",
        Some("58" | "XX") => "the server itself failed",
        Some("P0") => "a function of the schema refused",
        _ => "the server refused",
    }
}

/// `source` as a failure that shows no data.
pub(crate) fn failed(source: sqlx::Error) -> Failure {
    match source {
        sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => refused(error),
            None => Failure::new("the server refused"),
        },
        sqlx::Error::Io(error) => broken(error),
        sqlx::Error::PoolTimedOut => Failure::new("no connection in time").of_kind(Some(ErrorKind::Timeout)),
        sqlx::Error::PoolClosed => Failure::new("it was closed").of_kind(Some(ErrorKind::Closed)),
        sqlx::Error::Tls(error) => Failure::new(error),
        sqlx::Error::Configuration(_) => {
            Failure::new("a setting can't be used").of_kind(Some(ErrorKind::Invalid))
        }
        sqlx::Error::Protocol(_) => garbled(),
        sqlx::Error::Encode(_) => Failure::new("a parameter can't be sent").of_kind(Some(ErrorKind::Invalid)),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Failure::new("a column can't be read"),
        _ => Failure::new("the database's client failed"),
    }
}

/// An answer that no PostgreSQL gives.
pub(crate) fn garbled() -> Failure {
    Failure::new("what the server sent can't be understood")
}

/// A deadline that passed.
pub(crate) fn late() -> Failure {
    Failure::new("the server has not answered").of_kind(Some(ErrorKind::Timeout))
}

fn refused(error: &PgDatabaseError) -> Failure {
    let kind = match error.code() {
        "40001" | "40P01" | "55P03" | "57014" => Some(ErrorKind::Timeout),
        "28000" | "28P01" | "3D000" => Some(ErrorKind::Invalid),
        code if code.starts_with("53") => Some(ErrorKind::Overloaded),
        _ => None,
    };
    Failure::new(PostgresError::from(error)).of_kind(kind)
}

fn broken(error: io::Error) -> Failure {
    let kind = (error.kind() == io::ErrorKind::TimedOut).then_some(ErrorKind::Timeout);
    Failure::new(error).of_kind(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_what_it_was_about() {
        let error = PostgresError {
            code: "23505".into(),
            table: Some("users".into()),
            column: None,
            constraint: Some("users_email_key".into()),
        };
        let told =
            "a unique constraint is violated (SQLSTATE 23505), table users, constraint users_email_key";
        assert_eq!(error.to_string(), told);
    }

    #[test]
    fn any_code_means_something() {
        for code in ["", "2", "22", "ä0000", "22XXX", "99999"] {
            assert!(!meaning(code).is_empty());
        }
    }
}
