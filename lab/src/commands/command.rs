//! The table of commands.

use clap::Subcommand;

use super::{advise, convert, curve, generate, info, report, simulate};
use crate::failure::Failure;

/// What `larder` can do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Count the misses of policies and capacities
    Simulate(simulate::Simulate),
    /// Draw how many requests miss over how large the cache is
    Curve(curve::CurveCommand),
    /// Write a page with curves, tables and charts of traces
    Report(report::Report),
    /// Say which policy, capacity, shards and TTL to take
    Advise(advise::Advise),
    /// Tell what a trace is like
    Info(info::Info),
    /// Write a trace in another format
    Convert(convert::Convert),
    /// Make a synthetic trace
    Generate(generate::Generate),
}

impl Command {
    /// Does it.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Simulate(simulate) => simulate.run(),
            Self::Curve(curve) => curve.run(),
            Self::Report(report) => report.run(),
            Self::Advise(advise) => advise.run(),
            Self::Info(info) => info.run(),
            Self::Convert(convert) => convert.run(),
            Self::Generate(generate) => generate.run(),
        }
    }
}
