//! Traces in binary records of one size.

use std::io::{self, BufReader, Read};

use super::error::{Place, Problem};
use super::input::Input;
use super::request::{Request, Requests};

/// Fewer bytes than these may look like text by chance.
const TELLING: usize = 512;

/// The requests of a file of records of `N` bytes, of which `parse` understands each.
pub(super) fn requests<const N: usize>(
    input: Input,
    parse: impl Fn(&[u8; N]) -> Request + Send + 'static,
) -> Requests {
    if input.sample().len() >= TELLING && input.is_text() {
        return Box::new(std::iter::once(Err(Problem::Text.at(Place::Record(1)))));
    }
    let mut input = BufReader::with_capacity(1 << 16, input.into_reader());
    let mut number = 0;
    let mut record = [0; N];
    Box::new(std::iter::from_fn(move || {
        number += 1;
        let read = match fill(&mut input, &mut record) {
            Ok(0) => return None,
            Ok(read) if read < N => Err(Problem::CutOff),
            Ok(_) => Ok(parse(&record)),
            Err(error) => Err(Problem::Read(error)),
        };
        Some(read.map_err(|problem| problem.at(Place::Record(number))))
    }))
}

/// Reads until the buffer is full or the input ends. How many bytes there were.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// `N` bytes of `record` from `at` on; zeros beyond its end.
pub(super) fn bytes<const N: usize>(record: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    for (to, from) in bytes.iter_mut().zip(record.iter().skip(at)) {
        *to = *from;
    }
    bytes
}
