//! How long what a simulated cache loads may be used.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::trace::Request;

/// Where the lives of entries come from.
///
/// ```
/// use std::time::Duration;
/// use larder_lab::lives::Lives;
///
/// assert_eq!("trace".parse(), Ok(Lives::Told));
/// assert_eq!("90s".parse(), Ok(Lives::Fixed(Duration::from_secs(90))));
/// assert_eq!("1.5h".parse(), Ok(Lives::Fixed(Duration::from_secs(5_400))));
/// assert!("soon".parse::<Lives>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lives {
    /// Nothing expires, whatever the trace says.
    #[default]
    Forever,
    /// What the trace says of each request; what it says nothing of lives for ever.
    Told,
    /// All live so long.
    Fixed(Duration),
}

/// Why a text is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoLives {
    /// Not a number with a unit.
    Malformed,
    /// Nothing would ever be found.
    Zero,
    /// Too long to count.
    TooLarge,
}

const UNITS: &[(&str, f64)] =
    &[("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("min", 60.0), ("h", 3_600.0), ("d", 86_400.0)];

impl Lives {
    /// How long what `request` loads may be used, if it says so.
    pub(crate) const fn of(self, request: &Request) -> Option<Duration> {
        match (self, request.at) {
            (Self::Forever, _) | (_, None) => None,
            (Self::Told, Some(_)) => request.ttl,
            (Self::Fixed(life), Some(_)) => Some(life),
        }
    }
}

impl FromStr for Lives {
    type Err = NoLives;

    fn from_str(text: &str) -> Result<Self, NoLives> {
        match text.trim() {
            "trace" => return Ok(Self::Told),
            "none" => return Ok(Self::Forever),
            _ => {}
        }
        let text = text.trim();
        let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let (number, unit) = (&text[..digits], text[digits..].trim());
        let value: f64 = number.parse().map_err(|_| NoLives::Malformed)?;
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(NoLives::Malformed)?;
        let life = Duration::try_from_secs_f64(value * seconds).map_err(|_| NoLives::TooLarge)?;
        if life < Duration::from_micros(1) { Err(NoLives::Zero) } else { Ok(Self::Fixed(life)) }
    }
}

impl fmt::Display for NoLives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "expected trace, none, or a time with its unit (500ms, 90s, 10min, 1h, 7d)",
            Self::Zero => "a value must live for a microsecond at least",
            Self::TooLarge => "the time is too long",
        })
    }
}

impl std::error::Error for NoLives {}
