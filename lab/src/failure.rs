//! Why the command failed: one line, and an exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;
use larder_lab::trace::Error;

/// What went wrong.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command was not given what it needs. Exit code 2.
    Usage(String),
    /// The data is not what it should be. Exit code 1.
    Data(String),
    /// Somebody pressed Ctrl-C; what was done until then. Exit code 130.
    Stopped(String),
    /// Who read the output has gone. Nothing to say.
    Unread,
}

impl Failure {
    pub(crate) fn usage(why: impl Into<String>) -> Self {
        Self::Usage(why.into())
    }

    pub(crate) fn data(why: impl Into<String>) -> Self {
        Self::Data(why.into())
    }

    /// Says it on stderr, in one line.
    pub(crate) fn report(&self) {
        let line = match self {
            Self::Usage(why) | Self::Data(why) => why.split_whitespace().collect::<Vec<_>>().join(" "),
            Self::Stopped(done) => format!("stopped: {done}"),
            Self::Unread => return,
        };
        let _ = writeln!(io::stderr(), "larder: {line}");
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            Self::Data(_) => 1,
            Self::Stopped(_) => 130,
            Self::Unread => 0,
        })
    }
}

/// The problem alone, without the usage that follows it.
impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return Self::usage("what should be done? larder --help lists the commands");
        }
        let text = error.to_string();
        let problem = text.split("\n\nUsage").next().unwrap_or(&text);
        let problem = problem.split("\n\nFor more").next().unwrap_or(problem);
        Self::usage(problem.trim_start_matches("error: "))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::data(error.to_string())
    }
}
