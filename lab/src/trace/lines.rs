//! Traces in lines of text.

use std::io::{self, Read};
use std::ops::Range;

use super::digits::leading;
use super::error::{Fault, Place, Problem};
use super::input::Input;
use super::request::{AT_ONCE, Faulty, Request, Requests, Source};

/// The longest line, in bytes.
const LONGEST: usize = 1 << 16;

/// So many bytes are read at a time.
const BUFFER: usize = 4 * LONGEST;

/// One bit in each byte of a word.
const LOWEST: u64 = 0x0101_0101_0101_0101;

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
    parse: impl FnMut(&[u8]) -> Result<Line, Problem> + Send + 'static,
) -> Requests {
    quick_requests(input, |_| None, parse)
}

/// The same, where `quick` understands most lines sooner: the one that bytes begin with, of which it says how long it is with
/// its end. What it doesn't understand it leaves to `parse`.
pub(super) fn quick_requests(
    input: Input,
    quick: impl Fn(&[u8]) -> Option<(Line, usize)> + Send + 'static,
    parse: impl FnMut(&[u8]) -> Result<Line, Problem> + Send + 'static,
) -> Requests {
    if !input.is_text() {
        return Faulty::requests(Problem::Binary.at(Place::Line(1)));
    }
    Box::new(Text { lines: Lines::new(input.into_reader()), run: 0..0, quick, parse })
}

struct Text<R, Q, P> {
    lines: Lines<R>,
    /// What is left of a line that stands for many requests.
    run: Range<u64>,
    quick: Q,
    parse: P,
}

impl<R, Q, P> Source for Text<R, Q, P>
where
    R: Read + Send,
    Q: Fn(&[u8]) -> Option<(Line, usize)> + Send,
    P: FnMut(&[u8]) -> Result<Line, Problem> + Send,
{
    fn read(&mut self, block: &mut Vec<Request>) -> Result<(), Fault> {
        while block.len() < AT_ONCE {
            if !self.run.is_empty() {
                block.extend(self.run.by_ref().take(AT_ONCE - block.len()).map(Request::new));
                continue;
            }
            let line = self.lines.next_with(&self.quick, &mut self.parse);
            match line.map_err(|problem| problem.at(Place::Line(self.lines.number)))? {
                Some(Line::Nothing) => {}
                Some(Line::One(request)) => block.push(request),
                Some(Line::Run(start, 1)) if start < u64::MAX => block.push(Request::new(start)),
                Some(Line::Run(start, count)) => {
                    let run = run_of(start, count);
                    self.run = run.map_err(|problem| problem.at(Place::Line(self.lines.number)))?;
                }
                None => break,
            }
        }
        Ok(())
    }
}

fn run_of(start: u64, count: u64) -> Result<Range<u64>, Problem> {
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

/// The decimal number that `bytes` begin with, if `end` follows; and how long both are.
#[inline]
pub(super) fn number_before(bytes: &[u8], end: u8) -> Option<(u64, usize)> {
    let (number, length) = leading(bytes)?;
    (bytes.get(length) == Some(&end)).then_some((number, length + 1))
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
    input: R,
    bytes: Vec<u8>,
    /// Which of them have been read, but not handed out yet.
    left: Range<usize>,
    /// The number of the line that was handed out last, or failed.
    number: u64,
}

impl<R: Read> Lines<R> {
    fn new(input: R) -> Self {
        Self { input, bytes: vec![0; BUFFER], left: 0..0, number: 0 }
    }

    /// The next line, parsed; `None` at the end.
    #[inline]
    fn next_with(
        &mut self,
        quick: impl Fn(&[u8]) -> Option<(Line, usize)>,
        parse: impl FnOnce(&[u8]) -> Result<Line, Problem>,
    ) -> Result<Option<Line>, Problem> {
        self.number += 1;
        if let Some((line, length)) = quick(&self.bytes[self.left.clone()]) {
            self.left.start += length;
            return Ok(Some(line));
        }
        let length = self.length()?;
        if length > LONGEST {
            return Err(Problem::LongLine);
        }
        let line = self.left.start..self.left.start + length;
        self.left.start = line.end;
        if length == 0 { Ok(None) } else { parse(trimmed(&self.bytes[line])).map(Some) }
    }

    /// How long the next line is, with its end; or longer than the longest. Reads on until it is there.
    fn length(&mut self) -> Result<usize, Problem> {
        let mut seen = 0;
        loop {
            let left = &self.bytes[self.left.clone()];
            if let Some(end) = line_end(&left[seen..]) {
                return Ok(seen + end + 1);
            }
            seen = left.len();
            if seen > LONGEST || self.read()? == 0 {
                return Ok(seen);
            }
        }
    }

    /// Reads on, behind what is left. There is room: that is less than the buffer.
    fn read(&mut self) -> Result<usize, Problem> {
        self.bytes.copy_within(self.left.clone(), 0);
        self.left = 0..self.left.len();
        loop {
            match self.input.read(&mut self.bytes[self.left.end..]) {
                Ok(read) => {
                    self.left.end += read;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Problem::Read(error)),
            }
        }
    }
}

/// Where the first line feed is.
#[inline]
fn line_end(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks();
    for (at, word) in words.iter().enumerate() {
        let other = u64::from_le_bytes(*word) ^ (LOWEST * u64::from(b'\n'));
        let found = other.wrapping_sub(LOWEST) & !other & (LOWEST << 7);
        if found != 0 {
            return Some(at * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    Some(words.len() * 8 + end)
}

fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
