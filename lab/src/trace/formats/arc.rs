//! The traces of N. Megiddo and D. S. Modha, "ARC: A Self-Tuning, Low Overhead Replacement Cache", FAST 2003.

use super::format::Format;
use crate::trace::error::Problem;
use crate::trace::lines::{self, Line, decimal, fields, number_before};

const EXPECTED: &str = "four numbers: start, count, ignored, sequence";

pub(super) const FORMAT: Format = Format {
    name: "arc",
    about: "START COUNT IGNORED SEQ, four numbers a line",
    fits: |sample| sample.all_lines(|line| parse(line).is_ok()),
    open: |input, _| lines::quick_requests(input, quick, parse),
    sink: None,
};

fn parse(line: &[u8]) -> Result<Line, Problem> {
    if line.trim_ascii().is_empty() {
        return Ok(Line::Nothing);
    }
    let [start, count, ignored, sequence] = fields(line).ok_or(Problem::Expected(EXPECTED))?;
    let number = |field| decimal(field).map_err(|error| error.expected(EXPECTED));
    number(ignored)?;
    number(sequence)?;
    Ok(Line::Run(number(start)?, number(count)?))
}

/// Most lines: four numbers with a space between them.
#[inline]
fn quick(bytes: &[u8]) -> Option<(Line, usize)> {
    let (start, to_count) = number_before(bytes, b' ')?;
    let (count, to_ignored) = number_before(&bytes[to_count..], b' ')?;
    let at = to_count + to_ignored;
    let (_, to_sequence) = number_before(&bytes[at..], b' ')?;
    let (_, to_end) = number_before(&bytes[at + to_sequence..], b'\n')?;
    Some((Line::Run(start, count), at + to_sequence + to_end))
}
