//! Comma-separated values: one request a line, in columns that the user names.

use std::io::{self, Write};
use std::time::Duration;

use super::format::Format;
use super::keys::key;
use crate::trace::columns::{Column, Columns, What};
use crate::trace::error::Problem;
use crate::trace::input::Input;
use crate::trace::lines::{self, Line, decimal};
use crate::trace::request::{Request, Requests};
use crate::trace::sample::Sample;
use crate::trace::sink::{Output, Sink};

pub(super) const FORMAT: Format = Format {
    name: "csv",
    about: "columns between commas; times in seconds",
    fits,
    open,
    sink: Some(|output| Box::new(Table { output, begun: false })),
};

/// Each line has as many columns, and more than one.
fn fits(sample: &Sample<'_>) -> bool {
    let columns = sample.lines().next().map_or(0, |line| split(line).count());
    columns > 1 && sample.all_lines(|line| split(line).count() == columns)
}

fn open(input: Input, columns: &Columns) -> Requests {
    let columns = columns.clone();
    let mut places: Option<Vec<(What, usize)>> = None;
    lines::requests(input, move |line| {
        if line.is_empty() {
            return Ok(Line::Nothing);
        }
        if let Some(places) = &places {
            return parse(line, places).map(Line::One);
        }
        let (found, is_header) = placed(&columns, line)?;
        let places = places.insert(found);
        if is_header { Ok(Line::Nothing) } else { parse(line, places).map(Line::One) }
    })
}

/// Where the first line has which column, and whether it is a line of titles.
fn placed(columns: &Columns, line: &[u8]) -> Result<(Vec<(What, usize)>, bool), Problem> {
    let titles: Vec<String> =
        split(line).map(|field| String::from_utf8_lossy(&field).trim().to_owned()).collect();
    let place_of = |title: &str| titles.iter().position(|other| other.eq_ignore_ascii_case(title));
    if columns.0.is_empty() {
        let found: Vec<_> =
            What::ALL.into_iter().filter_map(|(name, what)| Some((what, place_of(name)?))).collect();
        let has_key = found.iter().any(|(what, _)| *what == What::Key);
        return Ok(if has_key { (found, true) } else { (vec![(What::Key, 0)], false) });
    }
    let mut by_title = false;
    let mut found = Vec::new();
    for (what, column) in &columns.0 {
        let place = match column {
            Column::Number(number) => number - 1,
            Column::Title(title) => {
                by_title = true;
                place_of(title).ok_or_else(|| Problem::NoTitle(title.clone()))?
            }
        };
        if place >= titles.len() {
            return Err(Problem::NoColumn(place + 1));
        }
        found.push((*what, place));
    }
    let wrong_first = !by_title && parse(line, &found).is_err();
    Ok((found, by_title || wrong_first))
}

fn parse(line: &[u8], places: &[(What, usize)]) -> Result<Request, Problem> {
    let fields: Vec<_> = split(line).collect();
    let mut request = Request::new(0);
    for (what, place) in places {
        let field = fields.get(*place).ok_or(Problem::NoColumn(place + 1))?.trim_ascii();
        match what {
            What::Key => request.key = key(field),
            What::Size if field.is_empty() => {}
            What::Size => request.size = size(field)?,
            What::Time => request.at = seconds(field)?,
            What::Ttl => request.ttl = seconds(field)?,
            What::Cost => request.cost = seconds(field)?,
        }
    }
    Ok(request)
}

fn size(field: &[u8]) -> Result<u32, Problem> {
    let size = decimal(field).map_err(|error| error.expected("a size in bytes"))?;
    u32::try_from(size).map_err(|_| Problem::TooLarge)
}

/// A number of seconds, whole or with a fraction; none where nothing stands.
pub(super) fn seconds(field: &[u8]) -> Result<Option<Duration>, Problem> {
    const EXPECTED: &str = "a number of seconds";
    if field.is_empty() {
        return Ok(None);
    }
    let point = field.iter().position(|byte| *byte == b'.').unwrap_or(field.len());
    let whole = decimal(&field[..point]).map_err(|error| error.expected(EXPECTED))?;
    let mut nanos = 0;
    if let Some(fraction) = field.get(point + 1..) {
        decimal(&fraction[..fraction.len().min(18)]).map_err(|error| error.expected(EXPECTED))?;
        let digits = fraction.iter().copied().chain(std::iter::repeat(b'0')).take(9);
        nanos = digits.fold(0, |nanos, digit| nanos * 10 + u32::from(digit.saturating_sub(b'0')));
    }
    Ok(Some(Duration::new(whole, nanos.min(999_999_999))))
}

/// The fields of a line. One in double quotes may have commas, and quotes written twice.
pub(super) fn split(line: &[u8]) -> impl Iterator<Item = std::borrow::Cow<'_, [u8]>> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        if line.first() == Some(&b'"') {
            let (field, after) = quoted(&line[1..]);
            rest = after;
            return Some(field.into());
        }
        let end = line.iter().position(|byte| *byte == b',');
        rest = end.map(|end| &line[end + 1..]);
        Some(line[..end.unwrap_or(line.len())].into())
    })
}

/// What stands before the closing quote, and what follows the next comma.
fn quoted(text: &[u8]) -> (Vec<u8>, Option<&[u8]>) {
    let mut field = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        if *byte == b'"' && text.get(at + 1) != Some(&b'"') {
            break;
        }
        at += if *byte == b'"' { 2 } else { 1 };
        field.push(*byte);
    }
    let after = text.get(at..).unwrap_or_default();
    let comma = after.iter().position(|byte| *byte == b',');
    (field, comma.map(|comma| &after[comma + 1..]))
}

/// Writes all five columns under their titles.
struct Table {
    output: Output,
    begun: bool,
}

impl Sink for Table {
    fn write(&mut self, request: &Request) -> io::Result<()> {
        if !self.begun {
            self.begun = true;
            writeln!(self.output, "key,size,time,ttl,cost")?;
        }
        write!(self.output, "{},{}", request.key, request.size)?;
        for duration in [request.at, request.ttl, request.cost] {
            match duration {
                Some(known) => write!(self.output, ",{}.{:09}", known.as_secs(), known.subsec_nanos())?,
                None => write!(self.output, ",")?,
            }
        }
        writeln!(self.output)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.output.flush()
    }
}
