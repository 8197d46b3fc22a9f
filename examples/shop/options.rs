//! The command line.

use std::time::Duration;

use clap::Parser;

use crate::catalog::Kind;

/// Serves products over HTTP with and without caches, and measures each.
#[derive(Clone, Copy, Debug, Parser)]
#[command(name = "shop")]
pub(crate) struct Options {
    /// Seconds of load, for all configurations together
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub(crate) seconds: u32,
    /// Clients that ask at the same time, each over a connection of its own
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) clients: u32,
    /// Products in the database
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(10..=1_000_000))]
    pub(crate) products: u64,
}

impl Options {
    pub(crate) fn read() -> Self {
        Self::parse()
    }

    /// How long each configuration is under load.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs(self.seconds.into()) / Kind::ALL.len() as u32
    }

    /// How many products the memory tier may hold.
    pub(crate) const fn near(&self) -> u64 {
        self.products / 10
    }
}
