//! Why a journal is not opened: `Refused`.

use std::fmt;

/// Why a journal is not opened. It is the source of the error, whose kind is
/// [`Invalid`](larder_core::ErrorKind::Invalid). Nothing has been changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// It is open already, here or in another process.
    Held,
    /// There is a file where the journal has its own, and it is another program's.
    Foreign,
    /// It was written by a version of the format, the one named here, that this program doesn't read.
    Version(u32),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held => f.write_str("it is open already"),
            Self::Foreign => f.write_str("a file there is not this journal's"),
            Self::Version(version) => write!(f, "it has the format of version {version}"),
        }
    }
}

impl std::error::Error for Refused {}
