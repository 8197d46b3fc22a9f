//! The production traces of J. Yang, Y. Yue, K. V. Rashmi, "A large scale analysis of hundreds of in-memory cache
//! clusters at Twitter", OSDI 2020.

use std::time::Duration;

use super::csv::split;
use super::format::Format;
use super::keys::key;
use crate::trace::error::Problem;
use crate::trace::lines::{self, Line, decimal};
use crate::trace::request::Request;

const EXPECTED: &str = "seven fields: time, key, key size, value size, client, operation, TTL";

pub(super) const FORMAT: Format = Format {
    name: "twitter",
    about: "TIME,KEY,KEY-SIZE,VALUE-SIZE,CLIENT,OP,TTL",
    fits: |sample| sample.all_lines(|line| matches!(parse(line), Ok(Line::One(_)))),
    open: |input, _| lines::requests(input, parse),
    sink: None,
};

const OPERATIONS: &[&[u8]] = &[
    b"get", b"gets", b"set", b"add", b"replace", b"cas", b"append", b"prepend", b"delete", b"incr", b"decr",
];

/// Keys may have commas: what stands between the first field and the last five.
fn parse(line: &[u8]) -> Result<Line, Problem> {
    if line.trim_ascii().is_empty() {
        return Ok(Line::Nothing);
    }
    let expected = Problem::Expected(EXPECTED);
    let fields: Vec<_> = split(line).collect();
    let [time, names @ .., key_size, value_size, _client, operation, ttl] = &fields[..] else {
        return Err(expected);
    };
    if names.is_empty() || !OPERATIONS.contains(&operation.trim_ascii()) {
        return Err(expected);
    }
    let number = |field: &[u8]| decimal(field.trim_ascii()).map_err(|error| error.expected(EXPECTED));
    let size = number(key_size)?.checked_add(number(value_size)?).ok_or(Problem::TooLarge)?;
    let ttl = number(ttl)?;
    Ok(Line::One(Request {
        size: u32::try_from(size).map_err(|_| Problem::TooLarge)?,
        at: Some(Duration::from_secs(number(time)?)),
        ttl: (ttl > 0).then(|| Duration::from_secs(ttl)),
        ..Request::new(key(&names.join(&b","[..])))
    }))
}
