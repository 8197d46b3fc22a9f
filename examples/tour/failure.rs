//! Why the tour ends early: one line, and the exit code.

use std::io;
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
    pub(crate) fn folder(error: io::Error) -> Self {
        Self::Inner(format!("the temporary folder: {error}"))
    }

    pub(crate) fn runtime(error: io::Error) -> Self {
        Self::Inner(format!("starting the runtime: {error}"))
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
        eprintln!("tour: {}", message.chars().map(printable).collect::<String>());
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
