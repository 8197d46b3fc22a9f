//! Requests on their way into a file.

use std::io::{self, Write};

use super::request::Request;

/// Where a written trace goes.
pub type Output = Box<dyn Write + Send>;

/// Writes requests in some format.
pub trait Sink {
    /// Writes one request. A format that has no place for a time, a size, a TTL or a cost leaves it out.
    fn write(&mut self, request: &Request) -> io::Result<()>;

    /// Writes what is left to write. A trace that was not finished is cut off.
    fn finish(self: Box<Self>) -> io::Result<()>;
}
