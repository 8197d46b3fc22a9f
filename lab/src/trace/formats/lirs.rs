//! The traces of S. Jiang and X. Zhang, "LIRS: An Efficient Low Inter-reference Recency Set Replacement Policy",
//! SIGMETRICS 2002.

use super::format::Format;
use crate::trace::error::Problem;
use crate::trace::lines::{self, Line, decimal, number_before};
use crate::trace::request::Request;
use crate::trace::sample::Sample;

pub(super) const FORMAT: Format = Format {
    name: "lirs",
    about: "one decimal block number a line; * is no request",
    fits,
    open: |input, _| lines::quick_requests(input, quick, parse),
    sink: None,
};

/// Plain numbers might as well be of `keys`, and mean the same there, but for the breakpoints.
fn fits(sample: &Sample<'_>) -> bool {
    let told = sample.is_named(&[".trace", ".trc", "lirs"]) || sample.lines().any(|line| line == b"*");
    told && sample.all_lines(|line| parse(line).is_ok())
}

fn parse(line: &[u8]) -> Result<Line, Problem> {
    match line.trim_ascii() {
        b"" | b"*" => Ok(Line::Nothing),
        block => {
            let key = decimal(block).map_err(|error| error.expected("one block number, or *"))?;
            Ok(Line::One(Request::new(key)))
        }
    }
}

#[inline]
fn quick(bytes: &[u8]) -> Option<(Line, usize)> {
    number_before(bytes, b'\n').map(|(key, length)| (Line::One(Request::new(key)), length))
}
