//! Traces in binary records of one size.

use std::io::{self, Read};

use super::error::{Fault, Place, Problem};
use super::input::Input;
use super::request::{AT_ONCE, Faulty, Request, Requests, Source};

/// Fewer bytes than these may look like text by chance.
const TELLING: usize = 512;

/// The requests of a file of records of `N` bytes, of which `parse` understands each.
pub(super) fn requests<const N: usize>(
    input: Input,
    parse: impl Fn(&[u8; N]) -> Request + Send + 'static,
) -> Requests {
    if input.sample().len() >= TELLING && input.is_text() {
        return Faulty::requests(Problem::Text.at(Place::Record(1)));
    }
    Box::new(Records { input: input.into_reader(), bytes: vec![0; N * AT_ONCE], number: 0, parse })
}

struct Records<R, P, const N: usize> {
    input: R,
    bytes: Vec<u8>,
    /// How many records there were.
    number: u64,
    parse: P,
}

impl<R, P, const N: usize> Source for Records<R, P, N>
where
    R: Read + Send,
    P: Fn(&[u8; N]) -> Request + Send,
{
    fn read(&mut self, block: &mut Vec<Request>) -> Result<(), Fault> {
        let (read, failed) = fill(&mut self.input, &mut self.bytes);
        let (records, rest) = self.bytes[..read].as_chunks::<N>();
        block.extend(records.iter().map(&self.parse));
        self.number += records.len() as u64;
        let problem = match failed {
            Some(error) => Problem::Read(error),
            None if rest.is_empty() => return Ok(()),
            None => Problem::CutOff,
        };
        Err(problem.at(Place::Record(self.number + 1)))
    }
}

/// Reads until the buffer is full or the input ends. How many bytes there were, and what failed then.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

/// `N` bytes of `record` from `at` on; zeros beyond its end.
pub(super) fn bytes<const N: usize>(record: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    for (to, from) in bytes.iter_mut().zip(record.iter().skip(at)) {
        *to = *from;
    }
    bytes
}
