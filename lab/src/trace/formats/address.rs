//! Memory addresses, as the Caffeine simulator collects them.

use super::format::Format;
use crate::trace::error::Problem;
use crate::trace::lines::{self, Line, fields, hexadecimal};
use crate::trace::request::Request;

pub(super) const FORMAT: Format = Format {
    name: "address",
    about: "OP 0xADDRESS COUNT",
    fits: |sample| sample.all_lines(|line| parse::<3>(line).is_ok()),
    open: |input, _| lines::requests(input, parse::<3>),
    sink: None,
};

pub(super) const WITH_PENALTIES: Format = Format {
    name: "address-penalties",
    about: "OP 0xADDRESS COUNT HIT-PENALTY MISS-PENALTY",
    fits: |sample| sample.all_lines(|line| parse::<5>(line).is_ok()),
    open: |input, _| lines::requests(input, parse::<5>),
    sink: None,
};

const EXPECTED: &str = "an operation, an address as 0x..., and a count";

fn parse<const FIELDS: usize>(line: &[u8]) -> Result<Line, Problem> {
    if line.trim_ascii().is_empty() {
        return Ok(Line::Nothing);
    }
    let fields: [&[u8]; FIELDS] = fields(line).ok_or(Problem::Expected(EXPECTED))?;
    let key = hexadecimal(fields[1]).map_err(|error| error.expected(EXPECTED))?;
    Ok(Line::One(Request::new(key)))
}
