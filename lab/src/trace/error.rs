//! What can be wrong with a trace: the file, the place and the problem, in one line.

use std::{fmt, io};

/// Why a trace can't be read, or not any further.
#[derive(Debug)]
pub struct Error {
    file: String,
    fault: Fault,
}

/// Where in a trace. Counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line of a text.
    Line(u64),
    /// A record of a binary file.
    Record(u64),
    /// A block of records.
    Block(u64),
}

/// What is wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// The file can't be opened.
    Open(io::Error),
    /// It is a directory.
    Directory,
    /// It holds no requests.
    Empty,
    /// Nothing tells which format it has.
    Unknown,
    /// Reading failed: the disk, or a compressed file that is damaged or cut off.
    Read(io::Error),
    /// A line is not what the format has; this is what it should be.
    Expected(&'static str),
    /// It is text, and the format has binary records.
    Text,
    /// It is binary, and the format has lines of text.
    Binary,
    /// A number is larger than the format allows.
    TooLarge,
    /// A line is longer than any trace's.
    LongLine,
    /// A line stands for more requests than any trace's.
    ManyRequests,
    /// It asks for more keys than can be numbered.
    ManyKeys,
    /// There is no such column: this one, counted from 1.
    NoColumn(usize),
    /// There is no column of this title.
    NoTitle(String),
    /// It was written by a newer version of the format: this one.
    Version(u8),
    /// Bits are not as they were written.
    Damaged,
    /// The file ends within a record.
    CutOff,
}

/// A problem and its place, before the file's name is known.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) place: Option<Place>,
    pub(super) problem: Problem,
}

impl Error {
    pub(super) const fn new(file: String, fault: Fault) -> Self {
        Self { file, fault }
    }

    /// The file, as it was named by the caller.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line or record, where there is one.
    pub const fn place(&self) -> Option<Place> {
        self.fault.place
    }

    /// What is wrong.
    pub const fn problem(&self) -> &Problem {
        &self.fault.problem
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self { place: None, problem }
    }
}

impl Problem {
    pub(super) const fn at(self, place: Place) -> Fault {
        Fault { place: Some(place), problem: self }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file)?;
        if let Some(place) = self.place() {
            write!(f, "{place}: ")?;
        }
        write!(f, "{}", self.problem())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Record(number) => write!(f, "record {number}"),
            Self::Block(number) => write!(f, "block {number}"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => write!(f, "can't be opened: {error}"),
            Self::Directory => f.write_str("is a directory, not a trace"),
            Self::Empty => f.write_str("holds no requests"),
            Self::Unknown => f.write_str("is of no format that can be told; name it"),
            Self::Read(error) => write!(f, "can't be read, or is damaged or cut off: {error}"),
            Self::Expected(what) => write!(f, "expected {what}"),
            Self::Text => f.write_str("expected binary records, but this is text"),
            Self::Binary => f.write_str("expected lines of text, but this is binary"),
            Self::TooLarge => f.write_str("a number is too large"),
            Self::LongLine => f.write_str("the line is too long for a trace"),
            Self::ManyRequests => f.write_str("one line stands for too many requests"),
            Self::ManyKeys => f.write_str("it asks for more than 2^32 - 1 keys"),
            Self::NoColumn(number) => write!(f, "there is no column {number}"),
            Self::NoTitle(title) => write!(f, "no column has the title {title:?}"),
            Self::Version(version) => write!(f, "version {version} of the format is not known here"),
            Self::Damaged => f.write_str("is damaged: its checksum is not what it should be"),
            Self::CutOff => f.write_str("the file ends within a record"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.problem() {
            Problem::Open(error) | Problem::Read(error) => Some(error),
            _ => None,
        }
    }
}
