//! One key a line.

use std::io::{self, Write};

use super::format::Format;
use crate::trace::lines::{self, Line, decimal, number_before};
use crate::trace::request::Request;
use crate::trace::sink::{Output, Sink};

pub(super) const FORMAT: Format = Format {
    name: "keys",
    about: "one key a line, a decimal number or any text",
    fits: |sample| sample.is_text(),
    open: |input, _| {
        lines::quick_requests(input, quick, |line| {
            Ok(if line.is_empty() { Line::Nothing } else { Line::One(Request::new(key(line))) })
        })
    },
    sink: Some(|output| Box::new(Keys(output))),
};

struct Keys(Output);

impl Sink for Keys {
    fn write(&mut self, request: &Request) -> io::Result<()> {
        writeln!(self.0, "{}", request.key)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.0.flush()
    }
}

/// Most lines where keys are numbers.
#[inline]
fn quick(bytes: &[u8]) -> Option<(Line, usize)> {
    let (key, length) = number_before(bytes, b'\n')?;
    (bytes.first() != Some(&b'0')).then(|| (Line::One(Request::new(key)), length))
}

/// The number that a key is written as, or else its hash. A number with a leading zero is a text: it was not written
/// by who writes numbers.
pub(super) fn key(text: &[u8]) -> u64 {
    let plain = text == b"0" || !text.starts_with(b"0");
    decimal(text).ok().filter(|_| plain).unwrap_or_else(|| hash(text))
}

/// FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), with its bits spread: the same in every run and on every machine.
fn hash(text: &[u8]) -> u64 {
    let fnv = text.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let spread = (fnv ^ (fnv >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    spread ^ (spread >> 32)
}
