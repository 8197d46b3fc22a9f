//! What went wrong in a database, before it is known what was being done.

use std::borrow::Cow;

use larder_core::{Error, ErrorKind};

/// A database's failure: its cause, and the kind if it is plain from that.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Option<ErrorKind>,
    cause: Box<dyn std::error::Error + Send + Sync>,
}

impl Failure {
    /// A failure for this `cause`, whose kind whoever asked knows.
    pub(crate) fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind: None, cause: cause.into() }
    }

    /// The same, of a kind that doesn't depend on who asked.
    pub(crate) const fn of_kind(mut self, kind: Option<ErrorKind>) -> Self {
        self.kind = kind;
        self
    }

    /// What the framework says: it happened while `doing` something, and is of `kind` unless a better one is known.
    pub(crate) fn told(self, kind: ErrorKind, doing: impl Into<Cow<'static, str>>) -> Error {
        Error::new(self.kind.unwrap_or(kind), doing).because(self.cause)
    }
}
