//! Why the tour ends early: one line, and the exit code.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// Why the tour ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An option or a trace that can't be used: exit code 2.
    Input(String),
    /// Something of the machine or the tour itself: exit code 1.
    Inner(String),
    /// Ctrl-C.
    Interrupted,
    /// Nobody reads what is printed any more, as with `| head`: no failure at all.
    NoReader,
}

impl Failure {
    /// What went wrong while `doing` something.
    pub(crate) fn during<E: Display>(doing: &'static str) -> impl Fn(E) -> Self {
        move |error| Self::Inner(format!("{doing}: {error}"))
    }

    /// The database has not what was put into it.
    pub(crate) fn missing_product() -> Self {
        Self::Inner("a product is missing from the database".to_owned())
    }

    /// Prints the one line.
    pub(crate) fn report(self) -> ExitCode {
        let (message, code) = match self {
            Self::Input(message) => (message, 2),
            Self::Inner(message) => (message, 1),
            Self::Interrupted => ("interrupted".to_owned(), 130),
            Self::NoReader => return ExitCode::SUCCESS,
        };
        // A name from outside may hold anything; a line stays a line.
        let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
        let message: String = message.chars().map(printable).collect();
        let _ = writeln!(io::stderr(), "tour: {message}"); // nobody to tell if this fails
        ExitCode::from(code)
    }
}

impl From<larder::Error> for Failure {
    fn from(error: larder::Error) -> Self {
        Self::Inner(error.to_string())
    }
}

impl From<larder::lab::trace::Error> for Failure {
    fn from(error: larder::lab::trace::Error) -> Self {
        Self::Input(error.to_string())
    }
}

/// Of what is printed.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::NoReader,
            _ => Self::Inner(format!("printing: {error}")),
        }
    }
}

impl From<tokio::task::JoinError> for Failure {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Inner(format!("a client stopped: {error}"))
    }
}
