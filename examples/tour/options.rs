//! The command line.

use std::path::PathBuf;

use clap::Parser;
use clap::builder::RangedU64ValueParser;
use clap::error::ErrorKind;
use larder::lab::trace::{FORMATS, Format};

use crate::failure::{Failure, Result};

/// Replays requests against a database, with and without Larder's caches before it, and plays three short scenes.
#[derive(Debug, Parser)]
#[command(name = "tour")]
pub(crate) struct Options {
    /// Replay this trace: ARC, LIRS, one key a line and more; gz, zst and xz too
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Its format, where the content doesn't tell
    #[arg(long, value_name = "NAME", value_parser = format, requires = "trace")]
    pub(crate) format: Option<&'static Format>,
    /// Clients that ask at the same time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = whole::<u16>(1, 1_000))]
    pub(crate) clients: u16,
    /// Requests to replay at most [default: 200000; 1000000 of a trace file]
    #[arg(long, value_name = "N", value_parser = whole::<u64>(1, 100_000_000))]
    pub(crate) requests: Option<u64>,
    /// Room in the single cache; the tiers follow from it [default: a tenth of the keys]
    #[arg(long, value_name = "N", value_parser = whole::<u64>(0, 100_000_000))]
    pub(crate) capacity: Option<u64>,
    /// A tour of a few seconds: 20000 requests at most
    #[arg(long, conflicts_with = "requests")]
    pub(crate) quick: bool,
    /// Makes other products, and other requests where there is no trace
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub(crate) seed: u64,
}

impl Options {
    /// How many requests to replay at most.
    pub(crate) fn most_requests(&self) -> u64 {
        match (self.requests, self.quick, &self.trace) {
            (Some(requests), _, _) => requests,
            (None, true, _) => 20_000,
            (None, false, None) => 200_000,
            (None, false, Some(_)) => 1_000_000,
        }
    }
}

/// The options, or `None` if help was asked for and given.
pub(crate) fn parse() -> Result<Option<Options>> {
    match Options::try_parse() {
        Ok(options) => Ok(Some(options)),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => Ok(error.print().map(|()| None)?),
        Err(error) => Err(Failure::Input(in_one_line(&error.to_string()))),
    }
}

fn whole<T: TryFrom<u64> + Clone + Send + Sync>(least: u64, most: u64) -> RangedU64ValueParser<T> {
    RangedU64ValueParser::new().range(least..=most)
}

fn format(name: &str) -> std::result::Result<&'static Format, String> {
    Format::named(name).ok_or_else(|| {
        let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
        format!("the formats are {}", names.join(", "))
    })
}

/// The first paragraph of what the parser of the command line says.
fn in_one_line(message: &str) -> String {
    let first = message.split("\n\n").next().unwrap_or(message);
    let lines: Vec<_> = first.lines().map(str::trim).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}
