//! Memory addresses, as the Caffeine simulator collects them.

use std::time::Duration;

use super::csv::seconds;
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
const PENALTIES: &str = "an operation, an address as 0x..., a count, and two penalties";

/// What a miss costs more than a hit. Penalties have no unit; they are taken for milliseconds.
fn cost(hit: &[u8], miss: &[u8]) -> Result<Duration, Problem> {
    let [hit, miss] = [hit, miss].map(|field| seconds(field).map(Option::unwrap_or_default));
    let [hit, miss] = [hit, miss].map(|one| one.map_err(|_| Problem::Expected(PENALTIES)));
    Ok(miss?.saturating_sub(hit?) / 1000)
}

fn parse<const FIELDS: usize>(line: &[u8]) -> Result<Line, Problem> {
    if line.trim_ascii().is_empty() {
        return Ok(Line::Nothing);
    }
    let expected = if FIELDS == 5 { PENALTIES } else { EXPECTED };
    let fields: [&[u8]; FIELDS] = fields(line).ok_or(Problem::Expected(expected))?;
    let key = hexadecimal(fields[1]).map_err(|error| error.expected(expected))?;
    let mut request = Request::new(key);
    if let [_, _, _, hit, miss] = fields[..] {
        request.cost = Some(cost(hit, miss)?);
    }
    Ok(Line::One(request))
}
