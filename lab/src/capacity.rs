//! Capacities as people write them: `1000`, `10%`, `64MiB`.

use std::fmt;
use std::str::FromStr;

use crate::chunk::Totals;
use crate::simulator::Weighing;

/// How much a cache holds.
///
/// ```
/// use larder_lab::capacity::Capacity;
///
/// assert_eq!("1_000".parse(), Ok(Capacity::Count(1000)));
/// assert_eq!("64MiB".parse(), Ok(Capacity::Bytes(64 << 20)));
/// assert_eq!("2.5%".parse(), Ok(Capacity::Percent(2.5)));
/// assert!("0".parse::<Capacity>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Capacity {
    /// So many objects, or bytes where entries weigh their sizes.
    Count(u64),
    /// This part of the unique objects, or of their bytes where entries weigh their sizes.
    Percent(f64),
    /// So many bytes: entries weigh their sizes.
    Bytes(u64),
}

/// Why something is no capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoCapacity {
    /// Not a number with one of the units.
    Malformed,
    /// Zero, or so small a part that it is none.
    Zero,
    /// More than all.
    AboveAll,
    /// More than 2^64 - 1.
    TooLarge,
}

const UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
];

impl Capacity {
    /// What entries weigh in a cache of this capacity, if they weigh `weighing` where the unit leaves it open.
    pub const fn weighing(self, weighing: Weighing) -> Weighing {
        match self {
            Self::Bytes(_) => Weighing::Sizes,
            Self::Count(_) | Self::Percent(_) => weighing,
        }
    }

    /// How much it is for a trace of these totals. At least 1: a small part of a small trace is still a cache.
    pub fn resolve(self, weighing: Weighing, totals: &Totals) -> u64 {
        let all = if weighing == Weighing::Sizes { totals.unique_bytes } else { totals.unique };
        match self {
            Self::Count(amount) | Self::Bytes(amount) => amount,
            Self::Percent(percent) => ((all as f64 * percent / 100.0) as u64).max(1),
        }
    }

    /// Whether the trace must be known before it can be told how much this is.
    pub const fn is_relative(self) -> bool {
        matches!(self, Self::Percent(_))
    }
}

impl FromStr for Capacity {
    type Err = NoCapacity;

    fn from_str(text: &str) -> Result<Self, NoCapacity> {
        let text = text.trim();
        let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(text.len());
        let (number, unit) = (text[..digits].replace('_', ""), text[digits..].trim());
        if unit.is_empty() && !number.contains('.') {
            return whole(&number).map(Self::Count);
        }
        let value: f64 = number.parse().map_err(|_| NoCapacity::Malformed)?;
        if unit == "%" {
            return percent(value);
        }
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(NoCapacity::Malformed)?;
        bytes(&number, value, *factor).map(Self::Bytes)
    }
}

fn whole(number: &str) -> Result<u64, NoCapacity> {
    if number.is_empty() {
        return Err(NoCapacity::Malformed);
    }
    match number.parse() {
        Ok(0) => Err(NoCapacity::Zero),
        Ok(number) => Ok(number),
        Err(_) => Err(NoCapacity::TooLarge),
    }
}

fn percent(value: f64) -> Result<Capacity, NoCapacity> {
    match value {
        0.0 => Err(NoCapacity::Zero),
        _ if value > 100.0 => Err(NoCapacity::AboveAll),
        _ => Ok(Capacity::Percent(value)),
    }
}

fn bytes(number: &str, value: f64, factor: u64) -> Result<u64, NoCapacity> {
    let exact =
        number.parse::<u64>().ok().map(|number| number.checked_mul(factor).ok_or(NoCapacity::TooLarge));
    let bytes = exact.unwrap_or_else(|| {
        let bytes = value * factor as f64;
        if bytes < u64::MAX as f64 { Ok(bytes as u64) } else { Err(NoCapacity::TooLarge) }
    })?;
    if bytes == 0 { Err(NoCapacity::Zero) } else { Ok(bytes) }
}

impl fmt::Display for NoCapacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "expected objects (1000), a part (10%) or bytes (64MiB)",
            Self::Zero => "a cache must hold something",
            Self::AboveAll => "a cache can't hold more than 100% of the keys",
            Self::TooLarge => "the number is too large",
        })
    }
}

impl std::error::Error for NoCapacity {}

/// Bytes as people read them: `64 MiB`.
pub fn human(bytes: u64) -> String {
    let fits = |(name, factor): &&(&str, u64)| (name.contains('i') || *name == "B") && *factor <= bytes;
    let fitting = UNITS.iter().rfind(fits);
    let (name, factor) = fitting.unwrap_or(&UNITS[0]);
    let value = bytes as f64 / *factor as f64;
    if value.fract() == 0.0 { format!("{value} {name}") } else { format!("{value:.1} {name}") }
}
