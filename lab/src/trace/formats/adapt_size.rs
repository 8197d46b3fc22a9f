//! The traces of D. S. Berger, R. K. Sitaraman and M. Harchol-Balter, "`AdaptSize`: Orchestrating the Hot Object Memory
//! Cache in a Content Delivery Network", NSDI 2017.

use super::format::Format;
use crate::trace::error::Problem;
use crate::trace::lines::{self, Line, decimal, fields};
use crate::trace::request::Request;

const EXPECTED: &str = "three numbers: sequence, key, size";

pub(super) const FORMAT: Format = Format {
    name: "adapt-size",
    about: "SEQ KEY SIZE, three numbers a line",
    fits: |sample| sample.all_lines(|line| parse(line).is_ok()),
    open: |input, _| lines::requests(input, parse),
    sink: None,
};

fn parse(line: &[u8]) -> Result<Line, Problem> {
    if line.trim_ascii().is_empty() {
        return Ok(Line::Nothing);
    }
    let [sequence, key, size] = fields(line).ok_or(Problem::Expected(EXPECTED))?;
    let number = |field| decimal(field).map_err(|error| error.expected(EXPECTED));
    number(sequence)?;
    let size = u32::try_from(number(size)?).map_err(|_| Problem::TooLarge)?;
    Ok(Line::One(Request { size, ..Request::new(number(key)?) }))
}
