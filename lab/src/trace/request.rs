//! One request of a trace.

use std::time::Duration;

use super::error::Fault;

/// One request for one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The key: the trace's own number, or the hash of what it has instead.
    pub key: u64,
    /// The size of its value, where the trace tells; else 1.
    pub size: u32,
    /// When it was made, counted from an origin of the trace's own; `None` where the trace doesn't tell.
    pub at: Option<Duration>,
    /// How long its value is good for; `None` where the trace doesn't tell, or it is good for ever.
    pub ttl: Option<Duration>,
    /// How long its value takes to load; `None` where the trace doesn't tell.
    pub cost: Option<Duration>,
}

impl Request {
    /// A request for `key`, of which nothing else is known.
    pub const fn new(key: u64) -> Self {
        Self { key, size: 1, at: None, ttl: None, cost: None }
    }
}

/// Requests are read so many at a time.
pub(super) const AT_ONCE: usize = 256;

/// What a format makes of its input.
pub(super) type Requests = Box<dyn Source>;

/// Requests, one block after the other.
pub(super) trait Source: Send {
    /// Adds the next requests to `block`, [`AT_ONCE`] at most; none at the end. Those before a fault are there, too.
    fn read(&mut self, block: &mut Vec<Request>) -> Result<(), Fault>;
}

/// No requests, but a fault.
pub(super) struct Faulty(Option<Fault>);

impl Faulty {
    pub(super) fn requests(fault: Fault) -> Requests {
        Box::new(Self(Some(fault)))
    }
}

impl Source for Faulty {
    fn read(&mut self, _block: &mut Vec<Request>) -> Result<(), Fault> {
        self.0.take().map_or(Ok(()), Err)
    }
}
