//! One error for the whole framework: a kind, what was being done, and a source.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// `std::result::Result` with [`Error`] as its error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, for code that decides by it.
///
/// A miss is never an error, nor is a full cache, nor a value written by another version of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting, a path or an argument that can't work as given.
    Invalid,
    /// The loader failed.
    Load,
    /// The writer failed, or nobody knows whether it did its work.
    Write,
    /// A store failed, or can't be reached.
    Store,
    /// A value can't be encoded. (One that can't be decoded is a miss.)
    Codec,
    /// A deadline passed first.
    Timeout,
    /// Turned away because a bound was reached: of a queue, a budget, a breaker.
    Overloaded,
    /// A load asked, directly or through another load, for the key it is loading.
    Reentrant,
    /// A callback of the application panicked.
    Panicked,
    /// The task doing the work was dropped before it had finished.
    Cancelled,
    /// The cache was stopped.
    Closed,
}

impl ErrorKind {
    const fn phrase(self) -> &'static str {
        match self {
            Self::Invalid => "invalid input",
            Self::Load => "the loader failed",
            Self::Write => "the writer failed",
            Self::Store => "the store failed",
            Self::Codec => "the value can't be encoded",
            Self::Timeout => "the deadline passed",
            Self::Overloaded => "over its bound",
            Self::Reentrant => "a load waits for itself",
            Self::Panicked => "a callback panicked",
            Self::Cancelled => "the work was dropped",
            Self::Closed => "the cache is stopped",
        }
    }
}

/// The one error of the framework. Cloning it is cheap, because all who waited for one load get the same.
///
/// Neither keys nor values are ever put into it; what a source of yours prints is yours to judge.
///
/// ```
/// use larder_core::{Error, ErrorKind};
///
/// let broken = std::io::Error::other("connection reset");
/// let error = Error::new(ErrorKind::Load, "loading a user").because(broken);
/// assert_eq!(error.kind(), ErrorKind::Load);
/// assert_eq!(error.to_string(), "loading a user: the loader failed: connection reset");
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    doing: Cow<'static, str>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `kind` that happened while `doing` something ("loading a user").
    pub fn new(kind: ErrorKind, doing: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner { kind, doing: doing.into(), source: None }))
    }

    /// The same error with the cause that [`source`](std::error::Error::source) will name.
    #[must_use]
    pub fn because(self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let source = Some(Arc::from(source.into()));
        Self(Arc::new(Inner { kind: self.kind(), doing: self.0.doing.clone(), source }))
    }

    /// A loader's failure: what a closure that loads maps its own errors with.
    pub fn load(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Load, "loading").because(source)
    }

    /// A writer's failure: what a closure that writes maps its own errors with.
    pub fn write(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Write, "writing").because(source)
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was being done when it went wrong.
    pub fn doing(&self) -> &str {
        &self.0.doing
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.doing, self.0.kind.phrase())?;
        match &self.0.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("doing", &self.0.doing)
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
