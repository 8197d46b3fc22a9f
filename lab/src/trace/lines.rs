//! Traces in lines of text.

use std::io::{BufRead, BufReader, Read};

use super::error::{Fault, Place, Problem};
use super::input::Input;
use super::request::{Request, Requests};

/// The longest line, in bytes.
const LONGEST: usize = 1 << 16;

/// The most requests one line may stand for.
pub(super) const MOST_REQUESTS: u64 = 1 << 24;

/// What a line stands for.
pub(super) enum Line {
    Nothing,
    One(Request),
    /// This many requests, for the key and its successors.
    Run(u64, u64),
}

/// The requests of a text of which `parse` understands each line.
pub(super) fn requests(
    input: Input,
    mut parse: impl FnMut(&[u8]) -> Result<Line, Problem> + Send + 'static,
) -> Requests {
    if !input.is_text() {
        return Box::new(std::iter::once(Err(Problem::Binary.at(Place::Line(1)))));
    }
    let mut lines = Lines::new(input.into_reader());
    let mut run = 0..0;
    Box::new(std::iter::from_fn(move || {
        loop {
            if let Some(key) = run.next() {
                return Some(Ok(Request::new(key)));
            }
            match lines.next_with(&mut parse)? {
                Ok(Line::Nothing) => {}
                Ok(Line::One(request)) => return Some(Ok(request)),
                Ok(Line::Run(start, count)) => match run_of(start, count) {
                    Ok(keys) => run = keys,
                    Err(problem) => return Some(Err(problem.at(lines.place()))),
                },
                Err(fault) => return Some(Err(fault)),
            }
        }
    }))
}

fn run_of(start: u64, count: u64) -> Result<std::ops::Range<u64>, Problem> {
    if count > MOST_REQUESTS {
        return Err(Problem::ManyRequests);
    }
    start.checked_add(count).map(|end| start..end).ok_or(Problem::TooLarge)
}

/// The fields of a line, between blanks.
pub(super) fn fields<const N: usize>(line: &[u8]) -> Option<[&[u8]; N]> {
    let mut found = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
    let mut fields = [line; N];
    for field in &mut fields {
        *field = found.next()?;
    }
    found.next().is_none().then_some(fields)
}

/// A decimal number: digits, and nothing else.
pub(super) fn decimal(digits: &[u8]) -> Result<u64, NotANumber> {
    number(digits, 10)
}

/// A hexadecimal number after `0x`.
pub(super) fn hexadecimal(digits: &[u8]) -> Result<u64, NotANumber> {
    number(digits.strip_prefix(b"0x").ok_or(NotANumber::Malformed)?, 16)
}

fn number(digits: &[u8], base: u8) -> Result<u64, NotANumber> {
    if digits.is_empty() {
        return Err(NotANumber::Malformed);
    }
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = digit(*byte).filter(|digit| *digit < base).ok_or(NotANumber::Malformed)?;
        let shifted = number.checked_mul(u64::from(base)).ok_or(NotANumber::TooLarge)?;
        shifted.checked_add(u64::from(digit)).ok_or(NotANumber::TooLarge)
    })
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Why something is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotANumber {
    Malformed,
    TooLarge,
}

impl NotANumber {
    /// The problem, in a place where `expected` should have stood.
    pub(super) const fn expected(self, expected: &'static str) -> Problem {
        match self {
            Self::Malformed => Problem::Expected(expected),
            Self::TooLarge => Problem::TooLarge,
        }
    }
}

/// Lines of bounded length, without their ends (LF or CRLF).
struct Lines<R> {
    input: BufReader<R>,
    line: Vec<u8>,
    number: u64,
}

impl<R: Read> Lines<R> {
    fn new(input: R) -> Self {
        Self { input: BufReader::with_capacity(1 << 16, input), line: Vec::new(), number: 0 }
    }

    /// The next line, parsed; `None` at the end.
    fn next_with(
        &mut self,
        parse: impl FnOnce(&[u8]) -> Result<Line, Problem>,
    ) -> Option<Result<Line, Fault>> {
        self.number += 1;
        let line = match self.read() {
            Ok(true) => parse(trimmed(&self.line)),
            Ok(false) => return None,
            Err(problem) => Err(problem),
        };
        Some(line.map_err(|problem| problem.at(self.place())))
    }

    /// Reads a line. Whether there was one.
    fn read(&mut self) -> Result<bool, Problem> {
        self.line.clear();
        let limit = LONGEST as u64 + 1;
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut self.line);
        let read = read.map_err(Problem::Read)?;
        if self.line.len() > LONGEST { Err(Problem::LongLine) } else { Ok(read > 0) }
    }

    const fn place(&self) -> Place {
        Place::Line(self.number)
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
