//! The table of commands.

use clap::Subcommand;

use super::simulate;
use crate::failure::Failure;

/// What `larder` can do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Count the misses of policies and capacities
    Simulate(simulate::Simulate),
}

impl Command {
    /// Does it.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Simulate(simulate) => simulate.run(),
        }
    }
}
